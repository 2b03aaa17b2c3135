import { expect, test } from 'vitest'
import { parseSettings } from '#domain/runtime/settings.ts'
import { kling } from '#providers/kling/index.ts'
import type { JudgedAnswer, NamedCall } from '#providers/contract/provider.ts'

const settings = parseSettings({
  HEYGEN_ORIGIN: 'https://api.heygen.com',
  HEYGEN_UPLOAD_ORIGIN: 'https://upload.heygen.com',
  HEYGEN_WEB_ORIGIN: 'https://api2.heygen.com',
  HEYGEN_MAX_JOBS: '10',
  KLING_ORIGIN: 'https://api-singapore.klingai.com',
  KLING_WEB_ORIGIN: 'https://id.klingai.com',
  PUBLIC_ORIGIN: '',
  ALLOW_LOOPBACK_CALLBACKS: 'false',
  TIME_SCALE: '1',
  MASTER_KEYS: 'k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
})
const pair = { kind: 'accessKey', secrets: { accessKey: 'ak_demo', secretKey: 'sk_demo' } }
const both = { kind: 'accessKey apiKey', secrets: { ...pair.secrets, apiKey: 'key-1' } }

function matchOf(method: string, path: string) {
  const match = kling.routes.match(method, path)
  if (!match) throw new Error(`no row for ${method} ${path}`)
  return match
}

function judged(status: number, code: number, path?: string): JudgedAnswer {
  const match = path === undefined ? undefined : matchOf('POST', path)
  const body = { code, message: 'm', request_id: 'r' }
  return { status, body, headers: new Headers(), isJobCall: true, now: 0, match }
}

async function bearer(credential: typeof pair, path: string, now: number): Promise<string> {
  const headers = new Headers()
  await kling.accounts.authorize(headers, credential, undefined, { path, now, settings })
  return headers.get('authorization') ?? ''
}

test('a signed token is the one that the vendor’s description gives for the same keys and time', async () => {
  expect(await bearer(pair, '/v1/videos/text2video', 1_799_998_200_000)).toBe(
    'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJha19kZW1vIiwiZXhwIjoxODAwMDAwMDAwLCJuYmYiOjE3OTk5OTgxOTV9.fjJ6TsqqH5TIJMe8Tixcw19bVt952QFLrG5SZpqng-c'
  )
})

test('a signed token is kept until five minutes before its end, then signed anew', async () => {
  const now = 1_900_000_000_000
  const first = await bearer(pair, '/v1/videos/text2video', now)
  expect(await bearer(pair, '/v1/images/generations', now + 24 * 60_000)).toBe(first)
  expect(await bearer(pair, '/v1/images/generations', now + 26 * 60_000)).not.toBe(first)
})

test('the newer paths get the API key, the older ones the pair, and a pair alone never goes to a newer one', async () => {
  expect(await bearer(both, '/tasks', 1_900_000_000_000)).toBe('Bearer key-1')
  expect(await bearer(both, '/text-to-video/kling-9', 1_900_000_000_000)).toBe('Bearer key-1')
  expect(await bearer(both, '/v1/videos/effects', 1_900_000_000_000)).toMatch(/^Bearer eyJ/)
  await expect(bearer(pair, '/tasks', 1_900_000_000_000)).rejects.toThrow('API key')
})

test('a region is another of the fixed hosts, behind a prefix too', () => {
  const origin = (klingOrigin: string, region?: string) =>
    kling.routes.origin(
      undefined,
      { ...settings, klingOrigin },
      { ...pair, ...(region === undefined ? {} : { region }) }
    )
  expect(origin('https://api-singapore.klingai.com')).toBe('https://api-singapore.klingai.com')
  expect(origin('https://api-singapore.klingai.com', 'beijing')).toBe(
    'https://api-beijing.klingai.com'
  )
  expect(origin('http://127.0.0.1:9/api-singapore.klingai.com', 'beijing')).toBe(
    'http://127.0.0.1:9/api-beijing.klingai.com'
  )
  expect(origin('https://proxy.example.com/kling', 'beijing')).toBe(
    'https://proxy.example.com/kling'
  )
})

test('refusals are told apart by their number, not by the status that five of them share', () => {
  const kinds = (status: number, code: number, path = '/v1/videos/text2video') => {
    const verdict = kling.answers.judge(judged(status, code, path))
    if (verdict.kind !== 'park' && verdict.kind !== 'doubt') return verdict.kind
    const { order, doubt = '' } = verdict
    return `${doubt} ${order.scope} ${order.reason}`.trim()
  }
  expect(kinds(200, 0)).toBe('ok')
  for (const code of [1000, 1001, 1002, 1003, 1004]) {
    expect(kinds(401, code)).toBe('key all credential')
  }
  expect(kinds(429, 1100)).toBe('key all blocked')
  expect(kinds(429, 1101)).toBe('funds jobs credit')
  expect(kinds(429, 1102)).toBe('funds meter:video credit')
  expect(kinds(429, 1102, '/v1/images/generations')).toBe('funds meter:image credit')
  expect(kinds(429, 1102, '/v1/audio/tts')).toBe('funds meter:video credit')
  expect(kinds(403, 1103)).toBe('refused')
  expect(kinds(429, 1302)).toBe('row busy')
  expect(kinds(429, 1303)).toBe('refused')
  expect(kinds(429, 1304)).toBe('key all blocked')
  expect(kinds(400, 1201)).toBe('caller')
  expect(kinds(400, 1301)).toBe('caller')
  expect(kinds(500, 5000)).toBe('unsure')
  expect(kinds(503, 5001)).toBe('unsure')
  expect(kinds(504, 5002)).toBe('unsure')
})

test('an image task takes a slot for each image, a series of unknown length the most there can be [I1]', () => {
  const slots = (path: string, body: unknown) =>
    kling.jobs.slotsPerJob?.(matchOf('POST', path), body)
  expect(slots('/v1/videos/text2video', { n: 4 })).toBe(1)
  expect(slots('/v1/images/generations', {})).toBe(1)
  expect(slots('/v1/images/generations', { n: 4 })).toBe(4)
  expect(slots('/v1/images/generations', { n: 400 })).toBe(9)
  expect(slots('/v1/images/generations', { n: 'many' })).toBe(1)
  expect(slots('/v1/images/omni-image', { n: 2, result_type: 'series', series_amount: 6 })).toBe(6)
  expect(slots('/v1/images/omni-image', { result_type: 'series', series_amount: 'auto' })).toBe(9)
  for (const series_amount of [null, '', 'AUTO', undefined]) {
    expect(slots('/v1/images/omni-image', { result_type: 'series', series_amount })).toBe(9)
  }
})

function named(method: string, path: string, search = ''): NamedCall {
  const match = kling.routes.match(method, path)
  return { tenant: 'acme', requestId: 'req-1', match, path, search }
}

function up(method: string, path: string, body?: string, search = '') {
  const forms = kling.names?.toProvider(named(method, path, search), body) ?? []
  return forms.map((form) => ({ ...form, path: form.path + form.search }))
}

test('an external id goes up behind its tenant’s mark and comes down as the client wrote it', () => {
  const body =
    '{ "prompt":"x", "external_task_id" : "mine",\n "element_list":[{"element_id":829836802793406551}]}'
  const sent = up('POST', '/v1/images/generations', body)[0]?.body ?? ''
  expect(sent).toMatch(
    /^\{ "prompt":"x", "external_task_id" : "hgw[0-9a-f]{16}c-mine",\n "element_list":\[\{"element_id":829836802793406551\}\]\}$/
  )
  const name = (JSON.parse(sent) as { external_task_id: string }).external_task_id
  const answer = `{"data":{"task_info":{"external_task_id":"${name}"},"n":829836802793406551}}`
  expect(kling.names?.toClient(answer, 'acme')).toBe(
    '{"data":{"task_info":{"external_task_id":"mine"},"n":829836802793406551}}'
  )
  expect(kling.names?.toClient(answer, 'other')).toBe(answer)
})

test('a creation without an external id gets one of ours, which no answer shows [I4]', () => {
  const [sent] = up('POST', '/v1/videos/text2video', '{"prompt":"x"}')
  const name = (JSON.parse(sent?.body ?? '') as { external_task_id: string }).external_task_id
  expect(name).toMatch(/^hgw[0-9a-f]{16}g-req-1$/)
  const clue = kling.jobs.fingerprintOf({ prompt: 'x' }, named('POST', '/v1/videos/text2video'))
  expect(clue).toEqual({ callbackId: name })
  const down = (text: string) => kling.names?.toClient(text, 'acme')
  expect(down(`{"task_info":{"external_task_id":"${name}"}}`)).toBe('{"task_info":{}}')
  expect(down(`{"a":1, "external_id" : "${name}","b":2}`)).toBe('{"a":1,"b":2}')
  expect(down(`{"external_id":"${name}","b":2}`)).toBe('{"b":2}')
})

test('the newer paths have the external id among the options, which are made when missing', () => {
  const [sent] = up('POST', '/text-to-video/kling-3.0', '{"prompt":"x"}')
  expect(sent?.body).toMatch(
    /^\{"options":\{"external_task_id":"hgw[0-9a-f]{16}g-req-1"\},"prompt":"x"\}$/
  )
  const [inside] = up('POST', '/text-to-video/kling-3.0', '{"options":{"callback_url":""}}')
  expect(inside?.body).toMatch(
    /^\{"options":\{"external_task_id":"hgw[0-9a-f]{16}g-req-1","callback_url":""\}\}$/
  )
  const [empty] = up(
    'POST',
    '/text-to-video/kling-3.0',
    '{"options":{"external_task_id":"","a":1}}'
  )
  expect(empty?.body).toMatch(
    /^\{"options":\{"external_task_id":"hgw[0-9a-f]{16}g-req-1","a":1\}\}$/
  )
})

test('a creation that is not known to take an external id goes up as it came', () => {
  const body = '{"input":{"video_url":"https://example.com/in.mp4"}}'
  expect(up('POST', '/v1/videos/lip-sync', body)[0]?.body).toBe(body)
  expect(kling.jobs.fingerprintOf({}, named('POST', '/v1/videos/lip-sync'))).toEqual({})
})

test('a task is asked about by its id, or by the client’s name for it', () => {
  const paths = (path: string, search = '') => up('GET', path, undefined, search).map((f) => f.path)
  expect(paths('/v1/videos/text2video/866889456698785798')).toEqual([
    '/v1/videos/text2video/866889456698785798',
    expect.stringMatching(/^\/v1\/videos\/text2video\/hgw[0-9a-f]{16}c-866889456698785798$/),
  ])
  expect(paths('/v1/videos/text2video/my-job')).toEqual([
    expect.stringMatching(/^\/v1\/videos\/text2video\/hgw[0-9a-f]{16}c-my-job$/),
    '/v1/videos/text2video/my-job',
  ])
  const [tasks] = paths('/tasks', '?external_task_ids=a,b')
  expect(decodeURIComponent(tasks ?? '')).toMatch(
    /^\/tasks\?external_task_ids=hgw[0-9a-f]{16}c-a,hgw[0-9a-f]{16}c-b$/
  )
  expect(paths('/tasks', '?task_ids=1,2')).toEqual(['/tasks?task_ids=1,2'])
})

test('states of both designs are understood, one by one and in lists', () => {
  const read = (path: string, answer: unknown) =>
    kling.jobs.readReports(matchOf('GET', path), new URLSearchParams(), answer)
  const v1 = (status: string) => ({ task_id: '1', task_status: status, task_status_msg: 'why' })
  expect(read('/v1/videos/text2video/my-name', { data: v1('succeed') })).toEqual([
    expect.objectContaining({ watch: 'task:1', state: 'completed' }),
  ])
  expect(read('/v1/videos/text2video/1', { data: v1('failed') })).toEqual([
    expect.objectContaining({ watch: 'task:1', state: 'failed', detail: 'why' }),
  ])
  expect(read('/v1/videos/text2video', { data: [v1('processing')] })).toEqual([
    expect.objectContaining({ watch: 'task:1', state: 'running' }),
  ])
  expect(read('/tasks', { data: [{ id: '1', status: 'succeeded' }] })).toEqual([
    expect.objectContaining({ watch: 'task:1', state: 'completed' }),
  ])
})

test('an unknown task is known to be unknown in both designs', () => {
  const says = (status: number, body: unknown) => kling.answers.saysUnknown?.({ status, body })
  expect(says(400, { code: 1201, message: 'Task not found by id/external id: x' })).toBe(true)
  expect(says(400, { code: 1201, message: 'prompt is required' })).toBe(false)
  expect(says(200, { code: 0, data: [] })).toBe(true)
  expect(says(200, { code: 0, data: { task_id: '1' } })).toBe(false)
})

test('a password that holds a key pair is one', () => {
  const read = kling.accounts.readCredential({
    email: 'a@example.com',
    password: 'AbCdEfGhIjKlMnOp|QrStUvWxYz012345',
  })
  expect(read).toMatchObject({
    ok: true,
    field: 'password',
    credential: {
      kind: 'accessKey',
      secrets: { accessKey: 'AbCdEfGhIjKlMnOp', secretKey: 'QrStUvWxYz012345' },
    },
  })
})

test('half a key pair is refused by name', () => {
  expect(kling.accounts.readCredential({ accessKey: 'a' })).toEqual({
    ok: false,
    message: 'secretKey is required',
  })
  expect(kling.accounts.readCredential({ secretKey: 'a' })).toEqual({
    ok: false,
    message: 'accessKey is required',
  })
})

test('a merged page of voices is as large as Kling gives one, and of tasks as well', () => {
  const most = (path: string) => kling.lists.shapeOf(matchOf('GET', path).route)?.counted?.most
  expect(most('/v1/general/custom-voices')).toBe(1000)
  expect(most('/v1/videos/text2video')).toBe(500)
})
