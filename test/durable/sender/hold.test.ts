/** Slots that are kept for a moment: from the question for work to the lease. */
import { expect, test } from 'vitest'
import { happens, senderWorld, turns, type SenderWorld } from '../../support/queue/sender-world.ts'

const HOLD_MS = 2000

/** A direct creation asks the account for a slot. */
function acquire(world: SenderWorld, leaseId: string, more: { yields?: true } = {}) {
  const call = { tenant: 't', kind: 'call', route: 'POST /x', count: 1, fingerprint: {} }
  const ask = { leaseId, ...call, ...more }
  let answer: { ok: boolean } | undefined
  void world
    .objectOf()
    .self.acquire(ask as never)
    .then((got) => (answer = got))
  return () => answer
}

test('a creation never wins a slot that is held: it waits for the answer, and the item has the slot', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [item = ''] = await world.enqueue(1)
  const gate = Promise.withResolvers<void>()
  world.onChosen = () => gate.promise
  void world.work()
  await happens('it asks', () => world.asked.length === 1)
  const direct = acquire(world, 'direct')
  await turns()
  expect(direct()).toBeUndefined()
  gate.resolve()
  await world.becomes(item, 'begun')
  expect(direct()).toMatchObject({ ok: false, reason: 'full' })
  expect(world.reported.map(({ kind }) => kind)).toEqual(['begun'])
})

test('a creation is refused no slot that the question left free', async () => {
  const world = await senderWorld({ maxJobs: 2 })
  const [item = ''] = await world.enqueue(1)
  const gate = Promise.withResolvers<void>()
  world.onChosen = () => gate.promise
  void world.work()
  await happens('it asks', () => world.asked.length === 1)
  const direct = acquire(world, 'direct')
  gate.resolve()
  await world.becomes(item, 'begun')
  expect(direct()).toMatchObject({ ok: true })
})

test('a hold ends by itself: a question without an answer keeps a slot for two seconds', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  await world.enqueue(1)
  world.onChosen = () => new Promise(() => {})
  void world.work()
  await happens('it asks', () => world.asked.length === 1)
  const direct = acquire(world, 'direct')
  await turns()
  world.pass(HOLD_MS - 1)
  await turns()
  expect(direct()).toBeUndefined()
  world.pass(1)
  await happens('it is granted', () => direct()?.ok === true)
})

test('a slot is kept for the client that was sent there, and asked for again if it does not come', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [item = ''] = await world.enqueue(1)
  world.turns = [{ id: 'client', slots: 1 }]
  await world.work()
  await turns()
  const direct = acquire(world, 'direct')
  await turns()
  expect(direct()).toMatchObject({ ok: false, reason: 'full' })
  expect(world.stateOf(item)).toBe('waiting')
  world.pass(HOLD_MS)
  await world.becomes(item, 'begun')
})

test('the client that was sent there gets the slot that is kept for it', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  await world.enqueue(1)
  world.turns = [{ id: 'client', slots: 1 }]
  await world.work()
  await turns()
  const client = acquire(world, 'client')
  await turns()
  expect(client()).toMatchObject({ ok: true })
  world.pass(HOLD_MS)
  await turns()
  expect(world.sent).toEqual([])
})

test('a creation that can be queued takes no free slot while others wait, and any slot when none does', async () => {
  const world = await senderWorld({ maxJobs: 6 })
  const items = await world.enqueue(6)
  const gate = Promise.withResolvers<void>()
  const usual = world.create
  world.create = async (one) => {
    await gate.promise
    return usual(one)
  }
  await world.work()
  // Four are being sent, so two slots are free, and two items wait.
  await happens('four are sent', () => world.sent.length === 4)
  const yielding = acquire(world, 'yields', { yields: true })
  const other = acquire(world, 'does not')
  await turns()
  expect(yielding()).toMatchObject({ ok: false, reason: 'full' })
  expect(other()).toMatchObject({ ok: true })
  gate.resolve()
  for (const item of items.slice(0, 5)) await world.becomes(item, 'begun')
  await world.complete('real-1')
  await world.becomes(items[5] ?? '', 'begun')
  await world.complete('real-2')
  await turns()
  const later = acquire(world, 'later', { yields: true })
  await turns()
  expect(later()).toMatchObject({ ok: true })
})

test('a client whose turn it is takes the slot that is kept for it, whatever else waits', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  world.turns.push({ id: 'client', slots: 1 })
  await world.enqueue(1)
  await world.work()
  const direct = acquire(world, 'client', { yields: true })
  await turns()
  expect(direct()).toMatchObject({ ok: true })
})

test('a creation that waited for the answer gets no slot of an account that went to another tenant [I5]', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const gate = Promise.withResolvers<void>()
  world.onPull = () => gate.promise
  void world.work()
  await turns()
  const direct = acquire(world, 'direct')
  await turns()
  expect(direct()).toBeUndefined()
  const { tables } = world.objectOf()
  const account = tables.account()
  if (account) tables.saveAccount({ ...account, tenant: 'another' })
  gate.resolve()
  await happens('it is answered', () => direct() !== undefined)
  expect(direct()).toMatchObject({ ok: false, reason: 'retired' })
  expect(tables.leases()).toEqual([])
})
