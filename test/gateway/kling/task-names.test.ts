/** What a review of the Kling side found: bodies at the edge of what is allowed, answers that are lost, old and new design mixed. */
import { afterAll, expect, test } from 'vitest'
import { stopClock } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import {
  addKling,
  keysOf,
  klingRequests,
  loseAnswer,
  TEXT2VIDEO,
} from '../../support/scenes/kling.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfTests()
/** Tasks end by the simulator's remote control, so that none ends while a test still looks. */
const openGateway: typeof open = (options) => open({ simVars: { JOB_MS: '600000' }, ...options })
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const T2V = '/kling/v1/videos/text2video'
const TURBO = '/kling/text-to-video/kling-3.0-turbo'

async function creationsOf(gateway: Gateway): Promise<(string | null | undefined)[]> {
  const requests = await klingRequests(gateway)
  return requests
    .filter((one) => one.method === 'POST' && /text2video|text-to-video/.test(one.path))
    .map((one) => one.body)
}

test('options that are null do not keep a creation from its name: it is found when its answer is lost', async () => {
  const gateway = await openGateway({ timeScale: 20 })
  await addKling(gateway, 'ann')
  const lost = await loseAnswer(gateway, TURBO, { prompt: 'x', options: null })
  expect(lost.status).toBe(200)
  const [body] = await creationsOf(gateway)
  expect(JSON.parse(body ?? '')).toMatchObject({
    options: { external_task_id: expect.stringMatching(/^hgw/) },
  })
  const job = await until(async () => {
    const path = `/v1/kling/jobs/${lost.headers.get('x-request-id')}`
    const view = (await (await gateway.fetch(path)).json()) as { jobid: string; status: string }
    return ['running', 'absent'].includes(view.status) && view
  }, 40_000)
  expect(job.status).toBe('running')
}, 120_000)

test('a creation that is sent again under its name after its answer was lost starts nothing twice', async () => {
  for (const path of [T2V, TURBO]) {
    const gateway = await openGateway()
    for (const name of ['ann', 'bob', 'cid', 'dan']) await addKling(gateway, name)
    const fields =
      path === T2V ? { external_task_id: 'once' } : { options: { external_task_id: 'once' } }
    await gateway.sim.fault({
      match: { method: 'POST', path: path.slice('/kling'.length) },
      times: 1,
      effect: { reset: 'after' },
    })
    expect((await gateway.post(path, { ...TEXT2VIDEO, ...fields })).status).toBe(200)
    for (let index = 0; index < 4; index += 1) {
      const again = await gateway.post(path, { ...TEXT2VIDEO, ...fields })
      expect(again.status, await again.clone().text()).toBe(400)
      expect(await again.json()).toMatchObject({ code: 1201 })
    }
  }
})

test('creations at the same time under one name start one task, whatever account each would have taken', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid', 'dan']) await addKling(gateway, name)
  for (const [path, fields] of [
    [T2V, { external_task_id: 'same time' }],
    [TURBO, { options: { external_task_id: 'same time, too' } }],
  ] as const) {
    const before = (await gateway.sim.state()).jobs.length
    const send = () => gateway.post(path, { ...TEXT2VIDEO, ...fields })
    const answers = await Promise.all(Array.from({ length: 8 }, send))
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1)
    for (const other of answers.filter((one) => one.status !== 200)) {
      // Those that came while it ran, and those that came after it.
      const body = (await other.json()) as { code: number }
      expect([other.status, other.headers.get('x-gateway-error'), body.code]).toEqual(
        other.status === 409 ? [409, 'request_in_progress', body.code] : [400, null, 1201]
      )
    }
    expect((await gateway.sim.state()).jobs.length).toBe(before + 1)
    expect((await send()).status).toBe(400)
  }
})

test('a creation that the client names costs at most three requests and three rows more than one without a name', async () => {
  const gateway = await openGateway({ entry: 'test/support/workers/counting-worker.ts' })
  const emails = [await addKling(gateway, 'ann'), await addKling(gateway, 'bob')]
  await stopClock(gateway)
  // An account's first creation also sets its alarm.
  for (const email of emails) {
    const created = await gateway.post(T2V, TEXT2VIDEO, { 'x-gateway-account': email })
    expect(created.status).toBe(200)
  }
  const cost = async (fields: object) => {
    await fetch(`${gateway.url}/__count`)
    expect((await gateway.post(T2V, { ...TEXT2VIDEO, ...fields })).status).toBe(200)
    return (await (await fetch(`${gateway.url}/__count`)).json()) as Record<string, number>
  }
  await cost({ external_task_id: 'warm' })
  await cost({})
  const plain = await cost({})
  const named = await cost({ external_task_id: 'counted' })
  expect(plain).toMatchObject({ kv: 0, requests: 3 })
  expect(plain['rows']).toBeLessThanOrEqual(4)
  expect(named['kv']).toBe(0)
  // Two for the name as a key, and one to ask whose it is.
  expect(named['requests']).toBeLessThanOrEqual(3 + 2 + 1)
  expect(named['rows']).toBeLessThanOrEqual((plain['rows'] ?? 0) + 3)
})

test.each([
  ['a question about ids', (id: string) => [`/kling/tasks?task_ids=${id}`, {}] as const],
  ['the list', () => ['/kling/tasks', { method: 'POST', body: '{}' }] as const],
])(
  'a v1 task whose end is heard by %s of the newer design is told in the shape of v1',
  async (name, callOf) => {
    const gateway = await openGateway({ vars: LOOPBACK })
    await addKling(gateway, 'ann')
    await gateway.sim.control('POST', '/settings', { webhooks: 'off' })
    const path = `/${encodeURIComponent(name)}`
    const made = await gateway.post(T2V, {
      ...TEXT2VIDEO,
      callback_url: receiver.url + path,
      external_task_id: 'mine',
    })
    const id = made.headers.get('x-gateway-job') ?? ''
    await gateway.sim.finishJobs()
    const [asked, init] = callOf(id)
    await gateway.fetch(asked, { ...init, headers: { 'content-type': 'application/json' } })
    const [told] = await receiver.heard(path)
    expect(JSON.parse(told?.body ?? '')).toMatchObject({
      task_id: id,
      task_status: 'succeed',
      task_info: { external_task_id: 'mine' },
      task_result: { videos: [{ id: expect.any(String), url: expect.any(String) }] },
    })
  }
)

test('a story shows its pictures in useapi.net’s view', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const fields = { prompt: 'x', story_mode: true, imageCount: 3 }
  const made = await gateway.post('/v1/kling/images/omni', fields)
  const { task } = (await made.json()) as { task: { id: string } }
  await gateway.sim.finishJobs()
  const view = await (await gateway.fetch(`/v1/kling/tasks/${task.id}`)).json()
  const work = { contentType: 'image', resource: { resource: expect.stringContaining('http') } }
  expect(view).toMatchObject({ status_name: 'succeed', works: [work, work, work] })
})

test.each([
  ['text2video', { shot_2_prompt: 'y' }],
  ['text2video', { shot_1_duration: 3 }],
  ['image2video-frames', { element_2: 'u_123' }],
])('%s: what the turbo model has no place for is refused by name: %o', async (name, more) => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const fields = { prompt: 'x', model_name: 'kling-v3-0-turbo', ...more }
  const answer = await gateway.post(`/v1/kling/videos/${name}`, fields)
  expect(answer.status).toBe(400)
  const { error } = (await answer.json()) as { error: string }
  expect(error).toContain(Object.keys(more)[0])
  expect(await creationsOf(gateway)).toEqual([])
})

test('tasks that nobody knows are asked of an account whose credential can serve the call', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  await addKling(gateway, 'bob', { kind: 'apiKey' })
  const answer = await gateway.fetch('/kling/tasks?task_ids=123456789012345678')
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(await answer.json()).toMatchObject({ code: 0, data: [] })
  const view = await gateway.fetch('/v1/kling/tasks/123456789012345678')
  expect(view.status, await view.clone().text()).toBe(404)
})

test('an account that gets another kind of key beside its own stays the same account, with the slots that are taken', async () => {
  const gateway = await openGateway()
  const email = await addKling(gateway, 'ann', { kind: 'apiKey', maxJobs: 2 })
  for (let index = 0; index < 2; index += 1) {
    expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(200)
  }
  const both = { email, maxJobs: 2, ...keysOf('ann') }
  expect((await gateway.post('/v1/kling/accounts', both)).ok).toBe(true)
  expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(429)
  const { apiKey } = keysOf('ann')
  expect((await gateway.post('/v1/kling/accounts', { email, maxJobs: 2, apiKey })).ok).toBe(true)
  expect((await gateway.post(T2V, TEXT2VIDEO)).status).toBe(429)
})

test('an account that has two kinds of keys is not added again by one of them under another email', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'both' })
  const { apiKey, accessKey, secretKey } = keysOf('ann')
  for (const keys of [{ apiKey }, { accessKey, secretKey }]) {
    const again = { email: 'other@example.com', maxJobs: 2, ...keys }
    expect((await gateway.post('/v1/kling/accounts', again)).status).toBe(409)
  }
})

test('what a lost creation was only taken for is not shown as its task', async () => {
  const gateway = await openGateway({ timeScale: 100, simVars: { JOB_MS: '600000' } })
  await addKling(gateway, 'ann')
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: { reset: 'after' } })
  const urls = {
    video: 'https://files.example.com/v.mp4',
    audio: 'https://files.example.com/a.mp3',
  }
  const lost = await gateway.post('/v1/kling/videos/lipsync', urls)
  expect(lost.status).toBe(424)
  // A lip-sync has no name of its own, so its task is only a likely one: it is looked for on the list, twice at least.
  await until(async () => {
    const requests = await klingRequests(gateway)
    const looks = requests.filter(
      ({ method, path }) => method === 'GET' && path === '/v1/videos/lip-sync'
    )
    return looks.length >= 2
  }, 30_000)
  const { jobs } = await gateway.sim.state()
  const shown = await gateway.fetch(`/v1/kling/tasks/${lost.headers.get('x-request-id')}`)
  expect([shown.status, await shown.json()]).toEqual([
    404,
    { error: expect.stringContaining('Unable to locate task_id'), code: 404 },
  ])
  const own = await gateway.fetch(`/v1/kling/tasks/${jobs[0]?.id}`)
  expect(own.status).toBe(200)
})

test('a task id may come as a number larger than JavaScript’s', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const id = '866889456698785799'
  const task = { provider: 'kling', account: 'ann@example.com', id }
  await gateway.sim.control('POST', '/jobs', task)
  await gateway.sim.finishJobs()
  const extended = await gateway.fetch('/v1/kling/videos/extend', {
    method: 'POST',
    body: `{"task_id": ${id}}`,
    headers: { 'content-type': 'application/json' },
  })
  expect(extended.status, await extended.text()).toBe(200)
})

test('a lost creation is found by its name however many tasks were made after it', async () => {
  const gateway = await openGateway({ timeScale: 100, simVars: { JOB_MS: '600000' } })
  await addKling(gateway, 'ann')
  const path = '/v1/videos/text2video'
  await gateway.sim.fault({
    match: { method: 'POST', path },
    times: 1,
    effect: { reset: 'after' },
  })
  await gateway.sim.fault({ match: { method: 'GET', path }, effect: { code: 5001 } })
  const lost = await gateway.post(T2V, TEXT2VIDEO)
  expect(lost.status).toBe(424)
  const outside = { provider: 'kling', account: 'ann@example.com', path }
  for (let index = 0; index < 220; index += 1) {
    await gateway.sim.control('POST', '/jobs', outside)
  }
  await gateway.sim.clearFaults()
  const job = await until(async () => {
    const answer = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
    const view = (await answer.json()) as { jobid: string | null; status: string }
    return (view.status !== 'outcome_unknown' || view.jobid !== null) && view
  }, 30_000)
  expect(job.status).toBe('running')
})

test('a lost creation that never arrived is not taken for a task of somebody else', async () => {
  const gateway = await openGateway({ timeScale: 100, simVars: { JOB_MS: '600000' } })
  await addKling(gateway, 'ann')
  const fault = { match: { method: 'POST' }, times: 1, effect: { reset: 'before' } }
  await gateway.sim.fault(fault)
  const lost = await gateway.post(T2V, TEXT2VIDEO)
  expect(lost.status).toBe(424)
  const outside = { provider: 'kling', account: 'ann@example.com', path: '/v1/videos/text2video' }
  await gateway.sim.control('POST', '/jobs', outside)
  await until(async () => (await gateway.heldSlots('kling')) === 0, 30_000)
  const job = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
  expect(await job.json()).toMatchObject({ jobid: null, status: 'absent', status_final: true })
})

test.each([
  ['all ten', 10, '<<<image_1>>>, <<<image_10>>>, <<<element_1>>>'],
  ['the first and the last', 2, '<<<image_1>>>, <<<image_2>>>, <<<element_1>>>'],
])('a prompt names its pictures by their places in the list: %s', async (_, count, prompt) => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const numbers = count === 10 ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 10]
  const made = await gateway.post('/v1/kling/images/omni', {
    prompt: '@image_1, @image_10, @element_2',
    element_2: 'u_829836802793406551',
    ...Object.fromEntries(
      numbers.map((number) => [`image_${number}`, `https://files.example.com/${number}.png`])
    ),
  })
  expect(made.status, await made.text()).toBe(200)
  const requests = await klingRequests(gateway)
  const sent = requests.find((one) => one.path === '/v1/images/omni-image')
  expect(JSON.parse(sent?.body ?? '')).toMatchObject({ prompt })
})
