/** The drop-in for Kling: slots, credentials, names of tasks, owners, lists, refusals. */
import { expect, test } from 'vitest'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  keysOf,
  klingRequests,
  loseAnswer,
  sign,
  TEXT2VIDEO,
} from '../../support/scenes/kling.ts'

const open = gatewaysOfTests()
/** Tasks end by the simulator's remote control, so that none ends while a test still looks. */
const openGateway: typeof open = (options) => open({ simVars: { JOB_MS: '600000' }, ...options })
const T2V = '/kling/v1/videos/text2video'
const TURBO = '/kling/text-to-video/kling-3.0-turbo'
const IMAGES = '/kling/v1/images/generations'
const JSON_TYPE = { 'content-type': 'application/json' }
const SPEECH = { text: 'Hello', voice_id: 'oversea_male1', voice_language: 'en' }

interface Task {
  code: number
  message: string
  data: {
    task_id: string
    id: string
    task_status: string
    status: string
    external_id?: string
    task_info: { external_task_id?: string }
    task_result: { videos: { id: string }[]; elements: unknown[] }
  }
}

async function create(gateway: Gateway, path = T2V, more: object = {}): Promise<Task> {
  const answer = await gateway.post(path, { ...TEXT2VIDEO, ...more })
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return JSON.parse(text) as Task
}

async function read(gateway: Gateway, path: string): Promise<Task> {
  const answer = await gateway.fetch(`/kling${path}`)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return JSON.parse(text) as Task
}

function held(gateway: Gateway): Promise<number> {
  return gateway.heldSlots('kling')
}

test('a task of either design holds a slot until its own status tells its end', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 2 })
  const old = await create(gateway)
  const young = await create(gateway, TURBO)
  expect(await held(gateway)).toBe(2)
  const full = await gateway.post(T2V, TEXT2VIDEO)
  expect([full.status, full.headers.get('retry-after')]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
  ])
  expect(await full.json()).toEqual({
    code: 1303,
    message: expect.stringContaining('taken'),
    request_id: full.headers.get('x-request-id'),
  })
  await gateway.sim.finishJobs()
  const done = await read(gateway, `/v1/videos/text2video/${old.data.task_id}`)
  expect(done.data.task_status).toBe('succeed')
  expect(await held(gateway)).toBe(1)
  await read(gateway, `/tasks?task_ids=${young.data.id}`)
  expect(await held(gateway)).toBe(0)
})

test('a slot comes back by itself when nobody asks', async () => {
  const gateway = await openGateway({ timeScale: 10 })
  await addKling(gateway, 'ann', { maxJobs: 2 })
  await create(gateway)
  await create(gateway, TURBO)
  await gateway.sim.finishJobs()
  await until(async () => (await held(gateway)) === 0, 40_000)
})

test('an image task takes a slot for each image, all or none, and gives them back together', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 5, sim: { concurrency: 5 } })
  const made = await create(gateway, IMAGES, { n: 3 })
  expect(await held(gateway)).toBe(3)
  expect((await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 3 })).status).toBe(429)
  await create(gateway, IMAGES, { n: 2 })
  expect(await held(gateway)).toBe(5)
  const never = await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 9 })
  expect(never.status).toBe(400)
  expect(await never.json()).toMatchObject({
    code: 1201,
    message: expect.stringContaining('9 slots'),
  })
  await gateway.sim.finishJobs()
  await read(gateway, `/v1/images/generations/${made.data.task_id}`)
  expect(await held(gateway)).toBe(2)
})

test('the newer paths go to an account with an API key, whatever its share of slots', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair', maxJobs: 50 })
  await addKling(gateway, 'bob', { kind: 'apiKey', maxJobs: 6 })
  for (let index = 0; index < 6; index += 1) {
    const answer = await gateway.post(TURBO, { prompt: 'x' })
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  expect((await gateway.post(TURBO, { prompt: 'x' })).status).toBe(429)
  expect((await gateway.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-account')).toBe(
    'ann@example.com'
  )
})

test('where no account has the credential that a path takes, the error says which is missing', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  await gateway.sim.forgetRequests()
  for (const [method, path] of [
    ['POST', TURBO],
    ['GET', '/kling/tasks?task_ids=1'],
    ['POST', '/kling/tasks'],
  ] as const) {
    const answer = await gateway.fetch(
      path,
      method === 'POST' ? { method, body: '{"prompt":"x"}', headers: JSON_TYPE } : {}
    )
    expect(answer.status, path).toBe(403)
    expect(await answer.json()).toMatchObject({
      code: 1103,
      message: expect.stringContaining('apiKey'),
    })
  }
  expect(await klingRequests(gateway)).toEqual([])
})

test('an unmodified client that signs its tokens works with the key pair of a token', async () => {
  const gateway = await openGateway()
  const { accessKey, secretKey } = (await gateway.newToken()) as unknown as Record<string, string>
  expect(accessKey).toMatch(/^hga_[0-9a-f]{72}$/)
  const tenant = await gateway.newToken()
  const withPair = {
    ...tenant,
    ...((await gateway.newToken({ tenant: tenant.tenant })) as object),
  } as Record<string, string>
  gateway.token = tenant.token
  await addKling(gateway, 'ann')
  const call = async (token: string, path = T2V) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(gateway.url + path, { headers })
    return answer.status
  }
  const [ak = '', sk = ''] = [withPair['accessKey'], withPair['secretKey']]
  expect(await call(await sign(ak, sk))).toBe(200)
  expect(await call(await sign(ak, `${sk}x`))).toBe(401)
  expect(await call(await sign(ak, sk, -60))).toBe(401)
  expect(await call(await sign(ak, sk, 1800, 600))).toBe(401)
  expect(await call(await sign(`${ak.slice(0, -1)}${ak.endsWith('0') ? '1' : '0'}`, sk))).toBe(401)
  expect(await call(await sign(accessKey ?? '', secretKey ?? ''))).toBe(404)
  expect(await call(await sign(ak, sk), '/heygen/v3/videos')).toBe(401)
  expect(await call(await sign(ak, sk), '/v1/kling/accounts')).toBe(401)
  const list = await gateway.admin('GET', '/tokens')
  expect(await list.text()).not.toContain(sk)
})

test('a signed token dies with the token whose pair signed it', async () => {
  const gateway = await openGateway()
  const made = (await gateway.newToken()) as unknown as Record<
    'id' | 'accessKey' | 'secretKey',
    string
  >
  const headers = { authorization: `Bearer ${await sign(made.accessKey, made.secretKey)}` }
  expect((await fetch(gateway.url + T2V, { headers })).status).toBe(404)
  await gateway.admin('PATCH', `/tokens/${made.id}`, { subscription: 'lapsed' })
  expect((await fetch(gateway.url + T2V, { headers })).status).toBe(402)
  await gateway.admin('DELETE', `/tokens/${made.id}`)
  expect((await fetch(gateway.url + T2V, { headers })).status).toBe(401)
})

test('a client’s own name for a task works in answers, paths, queries and lists, and is another one upstream', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  const old = await create(gateway, T2V, { external_task_id: 'mine' })
  expect(old.data.task_info).toEqual({ external_task_id: 'mine' })
  const answer = await gateway.post(TURBO, {
    prompt: 'x',
    options: { external_task_id: 'mine too' },
  })
  expect(await answer.json()).toMatchObject({ data: { external_id: 'mine too' } })
  const creations = (await klingRequests(gateway)).filter((one) => one.method === 'POST')
  for (const { body } of creations) expect(body).toMatch(/"hgw[0-9a-f]{16}c-mine( too)?"/)
  expect((await read(gateway, '/v1/videos/text2video/mine')).data.task_id).toBe(old.data.task_id)
  const both = await gateway.fetch('/kling/tasks?external_task_ids=mine,mine%20too')
  expect(await both.json()).toMatchObject({
    data: [{ external_id: 'mine' }, { external_id: 'mine too' }],
  })
  const list = await (await gateway.fetch(T2V)).text()
  expect(list).toContain('"external_task_id":"mine"')
  expect(list).not.toContain('hgw')
})

test('a second creation under the same name starts nothing, whichever account has the first', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  await create(gateway, T2V, { external_task_id: 'once' })
  for (let index = 0; index < 4; index += 1) {
    const again = await gateway.post(T2V, { ...TEXT2VIDEO, external_task_id: 'once' })
    expect(again.status).toBe(400)
    expect(await again.json()).toMatchObject({
      code: 1201,
      message: 'External_task_id once already exists',
    })
  }
  expect(await held(gateway)).toBe(1)
})

test('a creation whose answer is lost is found by its name, and never sent again', async () => {
  const isFound = async (gateway: Gateway, path: string, kind: 'pair' | 'apiKey') => {
    await addKling(gateway, 'ann', { kind })
    await addKling(gateway, 'bob', { kind })
    const lost = await loseAnswer(gateway, path, TEXT2VIDEO)
    expect(lost.status).toBe(200)
    const request = lost.headers.get('x-request-id') ?? ''
    const job = await until(async () => {
      const answer = await gateway.fetch(`/v1/kling/jobs/${request}`)
      const view = (await answer.json()) as { jobid: string | null; status: string }
      return view.status === 'running' && view
    }, 40_000)
    expect(job.jobid).toMatch(/^\d+$/)
    await gateway.sim.finishJobs()
    await until(async () => (await held(gateway)) === 0, 40_000)
    const creations = (await klingRequests(gateway)).filter(
      (one) => one.method === 'POST' && one.path === path.slice('/kling'.length)
    )
    // Each of them went up under a name of its own.
    const names = creations.map((one) => /hgw[^"]*/.exec(one.body ?? '')?.[0])
    expect(new Set(names).size).toBe(creations.length)
    const started = (await gateway.sim.state()).jobs.map((one) => one.callbackId)
    expect(new Set(started).size).toBe(started.length)
  }
  // One after the other: the first begins with the shared simulator reset, the second has its own.
  const first = await openGateway({ timeScale: 20 })
  const second = await openGateway({ timeScale: 20 })
  await Promise.all([isFound(first, T2V, 'pair'), isFound(second, TURBO, 'apiKey')])
}, 120_000)

test('a creation that never arrived gives its slot back after two looks', async () => {
  const gateway = await openGateway({ timeScale: 100 })
  await addKling(gateway, 'ann')
  await gateway.sim.fault({ match: { method: 'POST' }, effect: { reset: 'before' } })
  const lost = await gateway.post(TURBO, { prompt: 'x' })
  expect(lost.status).toBe(424)
  await until(async () => (await held(gateway)) === 0, 40_000)
  const answer = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
  expect(await answer.json()).toMatchObject({ status: 'absent', status_final: true })
})

test('follow-ups of a task and of what it made go to its account', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  const made = await create(gateway)
  await gateway.sim.finishJobs()
  const done = await gateway.fetch(`${T2V}/${made.data.task_id}`)
  const owner = done.headers.get('x-gateway-account')
  const video = ((await done.json()) as Task).data.task_result.videos[0]?.id
  for (let index = 0; index < 4; index += 1) {
    const extended = await gateway.post('/kling/v1/videos/video-extend', { video_id: video })
    expect(await extended.json()).toMatchObject({ code: 0 })
    expect(extended.headers.get('x-gateway-account')).toBe(owner)
  }
})

test('an element’s number beyond 2^53 survives both ways and leads to its account', async () => {
  const gateway = await openGateway()
  const [small, large] = ['829836802793406561', '829836802793406563']
  for (const [name, id] of [
    ['ann', small],
    ['bob', large],
  ] as const) {
    await addKling(gateway, name)
    await gateway.sim.control('POST', '/resources', {
      provider: 'kling',
      account: `${name}@example.com`,
      resource: 'element',
      id,
      doc: { old: true, element_name: 'probe' },
    })
  }
  const list = await (await gateway.fetch('/kling/v1/general/custom-elements')).text()
  expect(list).toContain(`"element_id":${small},`)
  expect(list).toContain(`"element_id":${large},`)
  for (const [name, id] of [
    ['ann', small],
    ['bob', large],
  ] as const) {
    const body = `{"model_name":"kling-v3","prompt":"x","n":1,"element_list":[{"element_id":${id}}]}`
    const answer = await gateway.fetch(IMAGES, { method: 'POST', body, headers: JSON_TYPE })
    expect(answer.status, await answer.text()).toBe(200)
    expect(answer.headers.get('x-gateway-account')).toBe(`${name}@example.com`)
  }
  const bodies = (await klingRequests(gateway)).map((one) => one.body ?? '')
  expect(bodies.filter((body) => body.includes(`"element_id":${large}`))).toHaveLength(1)
})

test('a list counts pages over all accounts: whole pages, newest first, each task once', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name, { maxJobs: 50 })
  const made: string[] = []
  for (let index = 0; index < 11; index += 1) {
    const name = index % 3 === 0 ? 'ann' : 'bob'
    const answer = await gateway.post(T2V, TEXT2VIDEO, {
      'X-Gateway-Account': `${name}@example.com`,
    })
    made.unshift(((await answer.json()) as Task).data.task_id)
  }
  const page = async (number: number) => {
    const answer = await gateway.fetch(`${T2V}?pageNum=${number}&pageSize=4`)
    return ((await answer.json()) as { data: { task_id: string }[] }).data.map((row) => row.task_id)
  }
  expect([...(await page(1)), ...(await page(2)), ...(await page(3))]).toEqual(made)
  expect((await page(2)).length).toBe(4)
  expect(await page(4)).toEqual([])
})

test('the list with a cursor goes through all tasks of all accounts', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name, { maxJobs: 50 })
  const made = new Set<string>()
  for (let index = 0; index < 9; index += 1) made.add((await create(gateway)).data.task_id)
  const seen: string[] = []
  let cursor: string | undefined
  for (let round = 0; round < 20; round += 1) {
    const answer = await gateway.post('/kling/tasks', { limit: 2, ...(cursor ? { cursor } : {}) })
    const { data } = (await answer.json()) as {
      data: { result: { id: string }[]; count: number; next_cursor: string; has_more: boolean }
    }
    expect(data.count).toBe(data.result.length)
    seen.push(...data.result.map((row) => row.id))
    if (!data.has_more) break
    cursor = data.next_cursor
  }
  expect(seen.length).toBe(9)
  expect(new Set(seen)).toEqual(made)
})

test('a question about tasks of several accounts is one answer, in the order asked', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const ids: string[] = []
  for (const name of ['ann', 'bob', 'ann']) {
    const answer = await gateway.post(
      TURBO,
      { prompt: 'x' },
      { 'X-Gateway-Account': `${name}@example.com` }
    )
    ids.push(((await answer.json()) as Task).data.id)
  }
  await gateway.sim.finishJobs()
  const answer = await gateway.fetch(`/kling/tasks?task_ids=${ids.join(',')}`)
  const { data } = (await answer.json()) as { data: { id: string }[] }
  expect(data.map((row) => row.id)).toEqual(ids)
  expect(await held(gateway)).toBe(0)
})

test('the packs of all accounts are listed together', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const packs = async (email?: string) => {
    const headers: Record<string, string> = email ? { 'X-Gateway-Account': email } : {}
    const now = Date.now()
    const path = `/kling/account/costs?start_time=${now - 86_400_000}&end_time=${now}`
    const answer = await gateway.fetch(path, { headers })
    const { data } = (await answer.json()) as { data: { resource_pack_subscribe_infos: object[] } }
    return data.resource_pack_subscribe_infos.length
  }
  const [ann, bob] = [await packs('ann@example.com'), await packs('bob@example.com')]
  expect(ann).toBeGreaterThan(0)
  expect(await packs()).toBe(ann + bob)
})

test('concurrency that others use up sends a creation on to the next account, and parks nothing', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { sim: { concurrency: 0 } })
  await addKling(gateway, 'bob')
  for (let index = 0; index < 4; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  const { available } = (await (await gateway.fetch('/v1/kling/scheduler/available')).json()) as {
    available: object[]
  }
  expect(available).toContainEqual({
    email: 'ann@example.com',
    maxJobs: 5,
    executing: 0,
    available: 5,
  })
})

test('a pack that is used up parks the account for what it pays, and for nothing else', async () => {
  const gateway = await openGateway()
  const ann = await addKling(gateway, 'ann', { sim: { units: { video: 0 } } })
  await addKling(gateway, 'bob')
  const named = { 'X-Gateway-Account': ann }
  const refused = await gateway.post(T2V, TEXT2VIDEO, named)
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 1102 }])
  const view = await (await gateway.fetch(`/v1/kling/accounts/${ann}`)).json()
  expect(view).toMatchObject({ parked: [{ scope: 'meter:video', reason: 'credit' }] })
  for (let index = 0; index < 4; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  expect((await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 2 }, named)).status).toBe(200)
})

test.each([
  [1100, 'all', 'blocked'],
  [1304, 'all', 'blocked'],
])('refusal %i parks the account, and the next one serves', async (code, scope, reason) => {
  const gateway = await openGateway()
  const ann = await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  const more = { provider: 'kling', email: ann, refuseWith: code }
  await gateway.sim.control('POST', '/accounts', more)
  const refused = await gateway.post(T2V, TEXT2VIDEO, { 'X-Gateway-Account': ann })
  expect([refused.status, (await refused.json()) as unknown]).toEqual([
    503,
    expect.objectContaining({ code: 5001, message: expect.stringContaining('parked until') }),
  ])
  const view = await (await gateway.fetch(`/v1/kling/accounts/${ann}`)).json()
  expect(view).toMatchObject({ parked: [{ scope, reason }] })
  for (let index = 0; index < 5; index += 1) {
    const answer = await gateway.post(T2V, TEXT2VIDEO)
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
})

test('a refusal that is the client’s own passes through and frees the slot', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  await gateway.sim.fault({ match: { method: 'POST' }, effect: { code: 1301 } })
  await gateway.sim.forgetRequests()
  const answer = await gateway.post(T2V, TEXT2VIDEO)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-gateway-error')).toBeNull()
  expect(await answer.json()).toMatchObject({ code: 1301 })
  expect(await klingRequests(gateway)).toHaveLength(1)
  expect(await held(gateway)).toBe(0)
})

test('speech and face sessions hold a slot for their call, and lead later calls back to their account', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  const found = await gateway.post('/kling/v1/videos/identify-face', {
    video_url: 'https://example.com/in.mp4',
  })
  const { data } = (await found.json()) as { data: { session_id: string } }
  for (let index = 0; index < 3; index += 1) {
    const face = {
      face_id: '0',
      sound_file: 'https://example.com/a.mp3',
      sound_start_time: 0,
      sound_end_time: 3000,
      sound_insert_time: 1000,
    }
    const answer = await gateway.post('/kling/v1/videos/advanced-lip-sync', {
      session_id: data.session_id,
      face_choose: [face],
    })
    expect(answer.status, await answer.text()).toBe(200)
    expect(answer.headers.get('x-gateway-account')).toBe(found.headers.get('x-gateway-account'))
  }
  const spoken = await gateway.post('/kling/v1/audio/tts', {
    text: 'Hello',
    voice_id: 'oversea_male1',
    voice_language: 'en',
  })
  expect(spoken.status).toBe(200)
  expect(await held(gateway)).toBe(3)
})

test('a model that the table does not name is a creation all the same', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const answer = await gateway.post('/kling/text-to-video/kling-9.0', { prompt: 'x' })
  expect([answer.status, ((await answer.json()) as Task).code]).toEqual([404, 1203])
  expect(await held(gateway)).toBe(0)
})

test('keys of an account are neither in answers nor in the log', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const texts = [
    await (await gateway.fetch('/v1/kling/accounts')).text(),
    await (await gateway.post(T2V, TEXT2VIDEO)).text(),
    ...gateway.logs,
  ].join('\n')
  const { apiKey, secretKey } = keysOf('ann')
  expect(texts).not.toContain(apiKey)
  expect(texts).not.toContain(secretKey)
})

test('a page larger than Kling gives is refused, however many accounts there are', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) {
    await addKling(gateway, name)
    for (const [path, size] of [
      [T2V, 501],
      ['/kling/v1/general/custom-voices', 1001],
    ] as const) {
      const answer = await gateway.fetch(`${path}?pageSize=${size}`)
      expect([answer.status, await answer.json()], name).toEqual([
        400,
        expect.objectContaining({ code: 1201, message: expect.stringContaining('pageSize') }),
      ])
      expect((await gateway.fetch(`${path}?pageSize=${size - 1}`)).status).toBe(200)
    }
  }
})

test('accounts whose video pack is used up are not asked for speech again, so the one that has some serves', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid', 'dan']) {
    const account = await addKling(gateway, name, { sim: { units: { video: 0 } } })
    const effect = { code: 1102 }
    await gateway.sim.fault({ match: { account, path: '/v1/audio/tts' }, effect })
  }
  const rich = await addKling(gateway, 'eve')
  for (const name of ['ann', 'bob', 'cid', 'dan']) {
    const headers = { 'X-Gateway-Account': `${name}@example.com` }
    expect((await gateway.post('/kling/v1/audio/tts', SPEECH, headers)).status).toBe(429)
  }
  await gateway.sim.forgetRequests()
  for (let index = 0; index < 6; index += 1) {
    const answer = await gateway.post('/kling/v1/audio/tts', SPEECH)
    expect([answer.status, answer.headers.get('x-gateway-account')]).toEqual([200, rich])
  }
  expect(await klingRequests(gateway)).toHaveLength(6)
})
