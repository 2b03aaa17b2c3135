/** What the gateway promises of jobs holds for a video of v2 that v3 makes. */
import { afterAll, expect, test } from 'vitest'
import { openGateway, until } from '../../../support/gateway.ts'
import { addLook, sceneOf } from '../../../support/scenes/legacy/legacy-videos.ts'
import { Receiver } from '../../../support/receiver.ts'

const receiver = await Receiver.open()
afterAll(() => receiver.close())
const shared = await openGateway({
  vars: { LEGACY: 'bridge', ALLOW_LOOPBACK_CALLBACKS: 'true' },
  simVars: { JOB_MS: '-1' },
  // No faster time: it makes the limit of a creation's call shorter, and a slow machine then answers 424 for it.
})
afterAll(() => shared.dispose())

let tenants = 0
/** A tenant of its own with one account, which has a look with Avatar III. */
async function tenant(maxJobs: number) {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.sim.clearFaults()
  tenants += 1
  const email = await gateway.addAccount(`one${tenants}`, maxJobs)
  const look = `look${tenants}`
  await addLook(gateway.sim, `one${tenants}`, look, {}, ['avatar_iii'])
  const body = { video_inputs: [sceneOf(look)] }
  return {
    gateway,
    email,
    body,
    generate: (headers: Record<string, string> = {}, more: Record<string, unknown> = {}) =>
      gateway.post('/heygen/v2/video/generate', { ...body, ...more }, headers),
    started: async () => (await gateway.sim.account(email)).jobsStarted,
  }
}

const jobOf = (answer: Response) => answer.headers.get('x-gateway-job')

test('a carried video holds a slot, is shown as a job, and frees its slot at its end', async () => {
  const { gateway, email, generate } = await tenant(2)
  const answer = await generate()
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { data } = (await answer.json()) as { data: { video_id: string } }
  expect([jobOf(answer), answer.headers.get('x-gateway-account')]).toEqual([data.video_id, email])
  expect(await gateway.heldSlots()).toBe(1)
  const shown = await gateway.fetch(`/v1/heygen/jobs/${data.video_id}`)
  expect(shown.status, await shown.clone().text()).toBe(200)
  await gateway.sim.finishJobs()
  const status = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${data.video_id}`)
  expect(await status.json()).toMatchObject({ code: 100, data: { status: 'completed' } })
  await until(async () => (await gateway.heldSlots()) === 0)
})

test('a second carried call with the same Idempotency-Key gets the first answer [I4]', async () => {
  const { generate, started } = await tenant(3)
  const key = { 'idempotency-key': 'order-1' }
  const [first, second] = [await generate(key), await generate(key)]
  expect(second.status).toBe(200)
  expect([jobOf(second), await second.text()]).toEqual([jobOf(first), await first.text()])
  expect(await started()).toBe(1)
})

test('a carried creation whose answer was lost is answered with its job, in the older shape [I4]', async () => {
  const { gateway, generate, started } = await tenant(3)
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, effect: { reset: 'after' }, times: 1 })
  const answer = await generate()
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(await answer.json()).toEqual({ error: null, data: { video_id: jobOf(answer) } })
  expect([await started(), await gateway.heldSlots()]).toEqual([1, 1])
})

test('a repeat of a carried creation of unknown outcome starts nothing [I4]', async () => {
  const { gateway, generate, started } = await tenant(3)
  const { sim } = gateway
  await sim.fault({ match: { method: 'POST', path: '/v3/videos' }, effect: { reset: 'after' } })
  await sim.fault({ match: { method: 'GET', path: '/v3/videos' }, effect: { status: 503 } })
  const first = await generate()
  expect([first.status, first.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
  const repeat = await generate()
  expect([repeat.status, repeat.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
  expect(await started()).toBe(1)
  await sim.clearFaults()
  const found = await until(async () => {
    const answer = await generate()
    return answer.status === 200 && answer
  })
  expect(await found.json()).toEqual({ error: null, data: { video_id: jobOf(found) } })
  expect(await started()).toBe(1)
})

test('a full account is told as a 429 of v2; Prefer: wait gets the next free slot [I1]', async () => {
  const { gateway, generate, started } = await tenant(1)
  expect((await generate()).status).toBe(200)
  const full = await generate()
  expect([full.status, full.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await full.json()).toMatchObject({ data: null, error: { code: expect.any(String) } })
  const waiting = generate({ prefer: 'wait=50' })
  await gateway.sim.finishJobs()
  expect((await waiting).status).toBe(200)
  expect(await started()).toBe(2)
})

test('when v3 refuses for its own limit, the client gets a 429 of v2 with Retry-After', async () => {
  const { gateway, generate } = await tenant(1)
  const body = { error: { code: 'rate_limit_exceeded', message: 'Too many.', param: null } }
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    effect: { status: 429, body, headers: { 'retry-after': '30' } },
  })
  const answer = await generate()
  expect(answer.status).toBe(429)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await answer.json()).toMatchObject({ data: null, error: { message: expect.any(String) } })
})

test('the end of a carried video is told to its callback and to X-Gateway-Reply-Url, in the older shape [I3]', async () => {
  const { gateway, generate } = await tenant(2)
  const paths = [`/callback${tenants}`, `/reply${tenants}`]
  const inBody = await generate({}, { callback_url: receiver.url + paths[0], callback_id: 'mine' })
  const inHeader = await generate({ 'x-gateway-reply-url': receiver.url + paths[1] })
  await gateway.sim.finishJobs()
  const told = await Promise.all(paths.map((path) => receiver.heard(path)))
  const [first, second] = told.map(([one]) => JSON.parse(one?.body ?? '') as unknown)
  expect(first).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: jobOf(inBody), url: expect.any(String), callback_id: 'mine' },
  })
  expect(second).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id: jobOf(inHeader), url: expect.any(String) },
  })
})
