/** Calls on paths that no row knows: a creation takes a slot, keeps it as a guess, and its follow-ups find its owner. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, HOUR, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { addKling, TEXT2VIDEO } from '../../support/scenes/kling.ts'

const gateway: Gateway = await openGateway({
  accounts: { ann: 4, bob: 4 },
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
await stopClock(gateway)
afterAll(() => gateway.dispose())

/** Everything that a test left has ended, and has been asked about. */
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await gateway.sim.finishJobs()
  await advance(gateway, 2 * HOUR)
  expect(await gateway.heldSlots()).toBe(0)
})

const NEW = '/heygen/v3/unlisted'
const ANN = 'ann@example.com'
const BOB = 'bob@example.com'
const on = (email: string) => ({ 'x-gateway-account': email })
const by = (answer: Response) => answer.headers.get('x-gateway-account')
const errorOf = (answer: Response) => answer.headers.get('x-gateway-error')
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

async function idOf(answer: Response): Promise<string> {
  const { data } = (await answer.json()) as { data: Record<string, string> }
  return Object.entries(data).find(([name]) => /(^|_)id$/.test(name))?.[1] ?? ''
}

test('a creation on a path without a row keeps its slot until a poll of its client tells the end', async () => {
  const made = await gateway.post(`${NEW}/holograms`, { prompt: 'x' })
  const id = await idOf(made)
  expect([made.status, jobOf(made)]).toEqual([200, id])
  expect(await gateway.heldSlots()).toBe(1)
  for (const _ of [1, 2, 3, 4]) {
    const polled = await gateway.fetch(`${NEW}/holograms/${id}`)
    expect([polled.status, by(polled)]).toEqual([200, by(made)])
  }
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  await gateway.fetch(`${NEW}/holograms/${id}`)
  expect(await gateway.heldSlots()).toBe(0)
})

test('the alarm asks about it at the same path and its id, also where the answer is 202 without a status [I2]', async () => {
  for (const kind of ['holograms', 'accepted-things']) {
    const made = await gateway.post(`${NEW}/${kind}`, { prompt: 'x' })
    await advance(gateway, 25 * SECOND)
    await advance(gateway, 10 * MINUTE)
    expect(await gateway.heldSlots()).toBe(1)
    const asked = (await gateway.sim.requests()).map((one) => one.path)
    expect(asked).toContain(`/v3/unlisted/${kind}/${jobOf(made)}`)
    await gateway.sim.finishJobs()
    await advance(gateway, 6 * MINUTE)
    expect(await gateway.heldSlots()).toBe(0)
    const told = await gateway.fetch(`/v1/heygen/jobs/${jobOf(made)}`)
    expect(await told.json()).toMatchObject({ status: 'completed' })
  }
})

test('a guess that cannot be read within two minutes is dropped', async () => {
  await gateway.post(`${NEW}/ghosts`, { prompt: 'x' })
  await advance(gateway, 100 * SECOND)
  expect(await gateway.heldSlots()).toBe(1)
  await advance(gateway, 25 * SECOND)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a guess that was read, and is unheard of for an hour, gives its slot back [I2]', async () => {
  await gateway.post(`${NEW}/holograms`, { prompt: 'x' })
  await advance(gateway, 30 * SECOND)
  await gateway.sim.fault({ match: { method: 'GET' }, times: 1000, effect: { status: 500 } })
  for (let minutes = 0; minutes < 55; minutes += 5) await advance(gateway, 5 * MINUTE)
  expect(await gateway.heldSlots()).toBe(1)
  for (let minutes = 0; minutes < 15; minutes += 5) await advance(gateway, 5 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
})

test('guesses hold half of the slots of an account at most; what is above is refused before it is sent, and videos have the other half', async () => {
  const made = []
  for (const _ of [1, 2, 3, 4]) made.push(await gateway.post(`${NEW}/orbs`, {}, on(ANN)))
  expect(made.map((one) => one.status)).toEqual([200, 200, 429, 429])
  expect(made.map((one) => jobOf(one) !== '')).toEqual([true, true, false, false])
  const patient = await gateway.post(`${NEW}/orbs`, {}, { ...on(ANN), prefer: 'wait=30' })
  expect([patient.status, errorOf(patient)]).toEqual([429, 'slots_full'])
  expect(await gateway.heldSlots()).toBe(2)
  const videos = []
  for (const _ of [1, 2, 3]) videos.push((await gateway.createVideo({}, on(ANN))).status)
  expect(videos).toEqual([200, 200, 429])
  for (const email of [ANN, BOB])
    expect((await gateway.sim.account(email)).maxInFlight).toBeLessThanOrEqual(4)
})

test('what starts nothing, and what answers when it is done, holds its slot for the call alone', async () => {
  for (const kind of ['plain-things', 'speech']) {
    const made = await gateway.post(`${NEW}/${kind}`, { text: 'x' })
    expect([made.status, jobOf(made)]).toEqual([200, ''])
    expect(await gateway.heldSlots()).toBe(0)
  }
})

test('with every slot taken a creation is refused, and a search or a cancelling passes', async () => {
  const held = await Promise.all(Array.from({ length: 8 }, () => gateway.createVideo()))
  expect(held.map((one) => one.status)).toEqual(Array.from({ length: 8 }, () => 200))
  await gateway.sim.forgetRequests()
  const refused = await gateway.post(`${NEW}/holograms`, { prompt: 'x' })
  expect([refused.status, errorOf(refused)]).toEqual([429, 'slots_full'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await gateway.sim.requests()).toEqual([])
  expect((await gateway.post(`${NEW}/holograms/search`, { text: 'x' })).status).toBe(200)
  const cancelled = await gateway.post(`${NEW}/holograms/some-id-1/cancel`, {})
  expect([cancelled.status, errorOf(cancelled)]).toEqual([404, null])
})

test('an id that such a creation answered leads every later call to its owner: path, query and body', async () => {
  const made = await gateway.post(`${NEW}/holograms`, { prompt: 'x' }, on(BOB))
  const id = await idOf(made)
  for (const _ of [1, 2, 3, 4]) {
    const calls = [
      await gateway.fetch(`${NEW}/holograms/${id}`),
      await gateway.fetch(`${NEW}/holograms?parent_id=${id}`),
      await gateway.post(`${NEW}/holograms/${id}/rename`, { name: 'y' }),
      await gateway.post(`${NEW}/plain-parts`, { parent_id: id }),
    ]
    expect(calls.map((one) => [one.status, by(one)])).toEqual(calls.map(() => [200, BOB]))
  }
})

test('what an answer only repeats of its request, or may share, is not learnt as its own', async () => {
  const public1 = 'voice_public_1234567'
  await gateway.post(`${NEW}/plain-things`, { voice_id: public1 }, on(ANN))
  // An id that is Ann's alone would be asked for nowhere else.
  await gateway.sim.fault({ match: { method: 'GET', account: ANN }, effect: { status: 503 } })
  const read = await gateway.fetch(`${NEW}/plain-things?voice_id=${public1}`)
  await gateway.sim.clearFaults()
  expect([read.status, by(read)]).toEqual([200, BOB])
})

test('after a lost answer it is 424, and the slot comes back with the deadline of the call [I2]', async () => {
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/unlisted' },
    effect: { reset: 'after' },
  })
  const lost = await gateway.post(`${NEW}/holograms`, { prompt: 'lost' })
  expect([lost.status, errorOf(lost)]).toEqual([424, 'outcome_unknown'])
  expect(await gateway.heldSlots()).toBe(1)
  const repeat = await gateway.post(`${NEW}/holograms`, { prompt: 'lost' })
  expect([repeat.status, errorOf(repeat)]).toEqual([424, 'outcome_unknown'])
  const sent = (await gateway.sim.requests()).filter((one) => one.body?.includes('lost'))
  expect(sent).toHaveLength(1)
  await advance(gateway, 100 * SECOND)
  expect(await gateway.heldSlots()).toBe(0)
})

test('after a 5xx nobody knows either: no client is told to send it again, and its repeat starts nothing [I4]', async () => {
  const fault = {
    match: { method: 'POST', path: '/v3/unlisted' },
    times: 9,
    effect: { status: 503 },
  }
  await gateway.sim.fault(fault)
  await gateway.sim.forgetRequests()
  const lost = await gateway.post(`${NEW}/holograms`, { prompt: 'broken' })
  expect([lost.status, errorOf(lost)]).toEqual([424, 'outcome_unknown'])
  expect(await gateway.heldSlots()).toBe(1)
  const repeat = await gateway.post(`${NEW}/holograms`, { prompt: 'broken' })
  expect([repeat.status, errorOf(repeat)]).toEqual([424, 'outcome_unknown'])
  expect(await gateway.sim.requests()).toHaveLength(1)
  // What only reads may be sent again, so the provider's own word is given.
  const read = await gateway.post(`${NEW}/holograms/search`, { text: 'x' })
  expect([read.status, errorOf(read)]).toEqual([503, null])
})

test('content and what is forbidden do not go on from such a path either; a plan does', async () => {
  const body = (code: string) => ({ error: { code, message: code } })
  for (const [status, code, sent] of [
    [403, 'forbidden', 1],
    [403, 'resource_access_denied', 1],
    [400, 'content_policy_violation', 1],
    [402, 'plan_upgrade_required', 2],
  ] as const) {
    const match = { method: 'POST', path: '/v3/unlisted' }
    await gateway.sim.fault({ match, times: 9, effect: { status, body: body(code) } })
    await gateway.sim.forgetRequests()
    const refused = await gateway.post(`${NEW}/holograms`, { prompt: 'x' })
    expect([refused.status, await refused.json()], code).toEqual([status, body(code)])
    expect(await gateway.sim.requests(), code).toHaveLength(sent)
    await gateway.sim.clearFaults()
  }
  expect(await gateway.heldSlots()).toBe(0)
})

test('with a key it runs once: the repeat gets the same answer and takes no slot [I4]', async () => {
  const key = { 'idempotency-key': 'holo-1' }
  const first = await gateway.post(`${NEW}/holograms`, { prompt: 'x' }, key)
  const again = await gateway.post(`${NEW}/holograms`, { prompt: 'x' }, key)
  expect(await again.json()).toEqual(await first.json())
  expect(jobOf(again)).toBe(jobOf(first))
  expect(await gateway.heldSlots()).toBe(1)
})

test('Prefer: wait waits for a slot on such a path, too', async () => {
  const held = await Promise.all(Array.from({ length: 8 }, () => gateway.createVideo()))
  const waiting = gateway.post(`${NEW}/holograms`, { prompt: 'x' }, { prefer: 'wait=30' })
  const [first] = held
  await gateway.sim.control('POST', `/jobs/${jobOf(first as Response)}/finish`, {})
  await gateway.fetch(`/heygen/v3/videos/${jobOf(first as Response)}`)
  expect((await waiting).status).toBe(200)
})

test('what is streamed up is not looked into, and holds its slot while it goes', async () => {
  const body = new Uint8Array(300_000).fill(7)
  const headers = { 'content-type': 'application/octet-stream' }
  const sent = await gateway.fetch(`${NEW}/plain-files`, { method: 'POST', body, headers })
  expect(sent.status).toBe(400)
  expect(await gateway.heldSlots()).toBe(0)
})

test("Kling's task on a path without a row keeps its slot, is polled at its owner and settles", async () => {
  await addKling(gateway, 'kim', { maxJobs: 4 })
  await addKling(gateway, 'kai', { maxJobs: 4 })
  const made = await gateway.post('/kling/v1/unlisted/morphs', TEXT2VIDEO)
  const id = jobOf(made)
  expect([made.status, id.length > 10]).toEqual([200, true])
  expect(await gateway.heldSlots('kling')).toBe(1)
  await advance(gateway, 30 * SECOND)
  for (const _ of [1, 2, 3, 4])
    expect(by(await gateway.fetch(`/kling/v1/unlisted/morphs/${id}`))).toBe(by(made))
  await advance(gateway, 10 * MINUTE)
  expect(await gateway.heldSlots('kling')).toBe(1)
  await gateway.sim.finishJobs()
  await gateway.fetch(`/kling/v1/unlisted/morphs/${id}`)
  expect(await gateway.heldSlots('kling')).toBe(0)
})
