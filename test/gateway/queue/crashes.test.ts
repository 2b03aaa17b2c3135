/**
 * The crash table of RFC 0009 at the front door: calls between the Worker, the desk and the accounts' objects get lost, objects are
 * evicted, and answers of the provider are lost. Each item is started once, and its event comes once.
 */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, SECOND, stopped, untilMoved } from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { queueVideo, startedTitles, wordOf } from '../../support/queue/started.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'

const shared = await stopped(
  openGateway({ vars: LOOPBACK, entry: 'test/support/workers/counting-worker.ts' })
)
const receiver = await Receiver.open()
afterAll(async () => {
  await shared.dispose()
  await receiver.close()
})

let gateway: Gateway
let tests = 0
let at = ''

/** A tenant of its own with an account of two slots. */
beforeEach(async () => {
  tests += 1
  at = `/told${tests}`
  await lose()
  await shared.sim.clearFaults()
  gateway = shared.as((await shared.newToken()).token)
  await gateway.addAccount(`crash${tests}`, 2)
})

function lose(...methods: string[]): Promise<unknown> {
  return fetch(`${shared.url}/__lose`, { method: 'POST', body: JSON.stringify(methods) })
}

/** What objects had in memory is gone. */
function evict(): Promise<unknown> {
  return fetch(`${shared.url}/__evict?all`)
}

const mine = (title: string) => `${tests}-${title}`
const queue = (title: string, headers: Record<string, string> = {}) =>
  queueVideo(gateway, mine(title), { 'x-gateway-reply-url': receiver.url + at, ...headers })

async function startsOf(title: string): Promise<number> {
  return (await startedTitles(gateway)).filter((one) => one === mine(title)).length
}

const isStarted = async (title: string) => (await startsOf(title)) > 0

/** Ends the job, and expects one start and one event about the name. */
async function expectOnce(title: string, name: string): Promise<void> {
  await untilMoved(gateway, () => isStarted(title))
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await wordOf(gateway, name)) === 'completed')
  await untilMoved(gateway, async () => receiver.posts(at).length > 0)
  await advance(gateway, 60 * SECOND)
  expect(await startsOf(title)).toBe(1)
  const told = receiver.posts(at)
  expect(told).toHaveLength(1)
  expect(told[0]?.body).toContain(name)
}

test('an item that the desk has written is started once, also if the answer to the Worker got lost [I4]', async () => {
  await lose('enqueue!')
  const asked = queue('lost-enqueue')
  await until(() => isStarted('lost-enqueue'))
  await lose()
  await advance(gateway, SECOND)
  await expectOnce('lost-enqueue', await asked)
})

test('a Worker that never learns whether the item was written says so, and the item runs and is told [I3, I4]', async () => {
  await lose('enqueue!')
  const asked = gateway.createVideo(
    { title: mine('unknown') },
    { prefer: 'respond-async', 'x-gateway-reply-url': receiver.url + at }
  )
  await until(() => isStarted('unknown'))
  for (let n = 0; n < 14; n += 1) await advance(gateway, SECOND)
  const answer = await asked
  expect(answer.status).toBe(424)
  expect(answer.headers.get('x-should-retry')).toBe('false')
  await lose()
  const requestId = answer.headers.get('x-request-id') ?? ''
  const view = await gateway.fetch(`/v1/heygen/jobs/${requestId}`)
  const { jobid } = (await view.json()) as { jobid: string }
  await expectOnce('unknown', jobid)
})

for (const method of ['work', 'takeWork', 'takeWork!']) {
  test(`an item is started once although every call of ${method} was lost for two minutes [I4]`, async () => {
    await lose(method)
    const name = await queue(method)
    for (let n = 0; n < 8; n += 1) await advance(gateway, 15 * SECOND)
    expect(await startsOf(method)).toBe(0)
    await lose()
    await expectOnce(method, name)
  })
}

for (const method of ['report', 'report!']) {
  test(`a start is known although its ${method} was lost, and is not made again [I4]`, async () => {
    await lose(method)
    const name = await queue(method)
    await until(() => isStarted(method))
    for (let n = 0; n < 4; n += 1) await advance(gateway, 15 * SECOND)
    await evict()
    await lose()
    await untilMoved(gateway, async () => (await wordOf(gateway, name)) === 'processing')
    await expectOnce(method, name)
  })

  test(`a job that ended before its ${method} got through is known by its name [I3]`, async () => {
    await lose(method)
    const name = await queue(method)
    await until(() => isStarted(method))
    await gateway.sim.finishJobs()
    for (let n = 0; n < 10; n += 1) await advance(gateway, 15 * SECOND)
    await evict()
    await lose()
    await expectOnce(method, name)
  })
}

test('an item is started once although all objects are evicted while it is handed over [I4]', async () => {
  await lose('takeWork!')
  const name = await queue('handed')
  await advance(gateway, SECOND)
  await evict()
  await lose()
  await expectOnce('handed', name)
})

test('what waits is there after all objects were evicted, and starts when a slot is free [I3]', async () => {
  const names = await Promise.all(['1', '2', '3', '4', '5'].map((title) => queue(title)))
  await until(async () => (await gateway.heldSlots()) === 2)
  await evict()
  for (let n = 0; n < 3; n += 1) {
    await gateway.sim.finishJobs()
    await advance(gateway, 30 * SECOND)
    await advance(gateway, 30 * SECOND)
  }
  await untilMoved(gateway, async () => {
    await gateway.sim.finishJobs()
    const words = await Promise.all(names.map((name) => wordOf(gateway, name)))
    return words.every((word) => word === 'completed')
  })
  for (const title of ['1', '2', '3', '4', '5']) expect(await startsOf(title)).toBe(1)
})

const CREATE = { method: 'POST', path: '/v3/videos' }

test('a start whose answer was lost is found and not made again, and its event has the name [I3, I4]', async () => {
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'after' } })
  const name = await queue('answer-lost')
  await expectOnce('answer-lost', name)
})

test('a start that did not arrive goes back to the line after its search, and is made once more [I4]', async () => {
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'before' } })
  const name = await queue('never-arrived')
  await expectOnce('never-arrived', name)
})

test('an object that died with a lost answer looks for the job again, and starts nothing twice [I4]', async () => {
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { reset: 'after' } })
  await gateway.sim.fault({ match: { method: 'GET' }, effect: { status: 503 } })
  const name = await queue('died')
  await until(() => isStarted('died'))
  await advance(gateway, 5 * SECOND)
  await evict()
  await advance(gateway, 30 * SECOND)
  await gateway.sim.clearFaults()
  await expectOnce('died', name)
})

test('a key whose Worker died after its creation was queued answers with that creation, and queues no second one [I4]', async () => {
  await lose('endKey')
  const key = { 'idempotency-key': `key-${tests}` }
  const name = await queue('keyed', key)
  await until(() => isStarted('keyed'))
  for (let n = 0; n < 12; n += 1) await advance(gateway, 15 * SECOND)
  await evict()
  await lose()
  expect(await queue('keyed', key)).toBe(name)
  await expectOnce('keyed', name)
})
