/** What a carried call costs the gateway, compared with the newer call, counted in the Worker itself in one run. */
import { afterAll, expect, test } from 'vitest'
import { stopClock } from '../../support/clock/clock.ts'
import { openGateway, VIDEO } from '../../support/gateway.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'

const gateway = await openGateway({
  accounts: { a: 9, b: 9 },
  simVars: { JOB_MS: '-1', SUNSET: 'true' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

interface Cost {
  upstream: number
  kv: number
  requests: number
  rows: number
}

async function costOf(call: () => Promise<Response>): Promise<Cost & { answer: Response }> {
  await gateway.sim.forgetRequests()
  await fetch(`${gateway.url}/__count`)
  const answer = await call()
  expect(answer.status, await answer.clone().text()).toBe(200)
  const counts = (await (await fetch(`${gateway.url}/__count`)).json()) as Omit<Cost, 'upstream'>
  return { answer, upstream: (await gateway.sim.requests()).length, ...counts }
}

const older = () =>
  gateway.post('/heygen/v2/video/generate', {
    title: 'Demo',
    video_inputs: [sceneOf(VIDEO.avatar_id)],
  })
const newer = () => gateway.createVideo()

// The first calls learn whose ids these are, and the look.
await newer()
await older()

async function ofCreations(make: () => Promise<Response>): Promise<Cost> {
  const all: Cost = { upstream: 0, kv: 0, requests: 0, rows: 0 }
  for (let job = 0; job < 4; job += 1) {
    const cost = await costOf(make)
    for (const name of ['upstream', 'kv', 'requests', 'rows'] as const) all[name] += cost[name]
  }
  return all
}

test('a carried creation of a look that is remembered costs what a v3 creation costs', async () => {
  const [asNew, asOld] = [await ofCreations(newer), await ofCreations(older)]
  expect(asOld.upstream).toBe(asNew.upstream)
  expect(asOld.kv).toBe(0)
  // Which accounts are asked for a slot is chosen at random.
  expect(asOld.requests).toBeLessThanOrEqual(3 * 4)
  expect(asOld.rows).toBeLessThanOrEqual(4 * 4)
})

test('the first creation with a look asks for it once, and costs no object more', async () => {
  await gateway.sim.control('POST', '/resources', {
    account: 'a@example.com',
    resource: 'avatar',
    form: 'look',
    id: 'unseen',
    doc: { avatar_type: 'digital_twin', supported_api_engines: ['avatar_iii'] },
  })
  // Whose it is was asked before: that is a cost of the id, which a v3 creation has too.
  await gateway.fetch('/heygen/v3/avatars/looks/unseen')
  const first = await costOf(() =>
    gateway.post('/heygen/v2/video/generate', { video_inputs: [sceneOf('unseen')] })
  )
  expect([first.upstream, first.kv]).toEqual([2, 0])
  expect(first.requests).toBeLessThanOrEqual(3)
  expect(first.rows).toBeLessThanOrEqual(4)
})

test('a carried poll of a running job costs what the v3 poll costs: one question to HeyGen, and nothing else', async () => {
  const { answer } = await costOf(older)
  const id = answer.headers.get('x-gateway-job')
  const paths = [`/v3/videos/${id}`, `/v1/video_status.get?video_id=${id}`]
  for (const path of paths) {
    const { upstream, kv, requests, rows } = await costOf(() => gateway.fetch(`/heygen${path}`))
    expect([upstream, kv, requests, rows]).toEqual([1, 0, 0, 0])
  }
})

test('the carried poll that settles a job costs one request and one row, as the v3 poll', async () => {
  for (const pathOf of [
    (id: string) => `/v3/videos/${id}`,
    (id: string) => `/v1/video_status.get?video_id=${id}`,
  ]) {
    const { answer } = await costOf(older)
    const id = answer.headers.get('x-gateway-job') ?? ''
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    const { upstream, kv, requests, rows } = await costOf(() =>
      gateway.fetch(`/heygen${pathOf(id)}`)
    )
    expect([upstream, kv, requests, rows]).toEqual([1, 0, 1, 1])
  }
})
