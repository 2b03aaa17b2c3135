/** An account's object asks the desk for queued creations, and sends them. */
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { expect, test } from 'vitest'
import { happens, senderWorld, turns } from '../../support/queue/sender-world.ts'

const SECOND = 1000

test('a freed slot pulls at once', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [first = '', second = ''] = await world.enqueue(2)
  await world.work()
  await world.becomes(first, 'begun')
  expect(world.sent).toHaveLength(1)
  await world.complete('real-1')
  await world.becomes(second, 'begun')
  expect(world.sent).toHaveLength(2)
  expect(world.deferred).toEqual([])
})

test('an object that was evicted pulls at the end of a job', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = ''] = await world.enqueue(2)
  await world.work()
  await happens('one has begun', () => world.reported.length === 1)
  world.objectOf().tables.saveBound()
  world.restart()
  await world.complete('real-1')
  await world.becomes(second, 'begun')
})

test('an object that was evicted asks at the end of a job, also where it heard long ago that more waits', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = ''] = await world.enqueue(2)
  await world.work()
  await happens('one has begun', () => world.reported.length === 1)
  // The look of the desk comes by, and then the object is evicted.
  world.pass(590 * SECOND)
  await world.work()
  world.objectOf().tables.saveBound()
  world.restart()
  world.pass(20 * SECOND)
  await world.complete('real-1')
  await world.becomes(second, 'begun')
})

test('what an account hears while the desk decides is not taken back by the answer that nothing waits', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [first = ''] = await world.enqueue(1)
  await world.work()
  await world.becomes(first, 'begun')
  await turns()
  const gate = Promise.withResolvers<void>()
  const asked = world.asked.length
  world.onChosen = () => gate.promise
  void world.work('k1', true)
  await happens('it asks, although no slot is free', () => world.asked.length > asked)
  await turns()
  const [second = ''] = await world.enqueue(1)
  await world.work()
  world.onChosen = async () => {}
  gate.resolve()
  await turns()
  await world.complete('real-1')
  await world.becomes(second, 'begun')
})

test('a question that is never answered is given up, and asked again', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  let hung = 0
  world.onPull = () => {
    hung += 1
    return new Promise(() => {})
  }
  void world.work()
  await happens('it asks', () => hung === 1 && world.pauses() > 0)
  world.onPull = async () => {}
  world.pass(15 * SECOND)
  await happens('it is to be asked again', () => world.pauses() === 1)
  world.pass(SECOND)
  await world.becomes(item, 'begun')
})

test('reports that are never answered are tried again, and keep no slot from the next items', async () => {
  const world = await senderWorld({ maxJobs: 6 })
  const items = await world.enqueue(6)
  world.onReport = () => new Promise(() => {})
  void world.work()
  await happens('four are sent', () => world.sent.length === 4)
  await turns()
  world.onReport = async () => {}
  world.pass(15 * SECOND)
  await happens('the others are sent, too', () => world.sent.length === 6)
  await turns()
  world.pass(SECOND)
  for (const item of items) await world.becomes(item, 'begun')
  expect(world.sent).toHaveLength(6)
})

test('a job of a busy account costs one question and one report, and writes three rows there', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const items = await world.enqueue(6)
  const before = world.rows()
  await world.work()
  for (const [n, item] of items.entries()) {
    await world.becomes(item, 'begun')
    await world.complete(`real-${n + 1}`)
  }
  await turns()
  expect(world.reported).toHaveLength(6)
  // The last answer says that nothing waits any more.
  expect(world.asked).toHaveLength(6)
  await happens('each end is told', () => world.told.length === 6)
  await turns()
  // The lease, the end, and the delivery that was taken. One more in ten minutes says that more waits.
  expect(world.rows() - before).toBeLessThanOrEqual(3 * 6 + 1)
})

test('at most four items are sent at once, and never above maxJobs [I1]', async () => {
  const world = await senderWorld({ maxJobs: 6 })
  const items = await world.enqueue(10)
  const gate = Promise.withResolvers<void>()
  const usual = world.create
  world.create = async (one) => {
    await gate.promise
    return usual(one)
  }
  await world.work()
  await happens('four are sent', () => world.sent.length === 4)
  await turns()
  expect(world.sent).toHaveLength(4)
  gate.resolve()
  await happens('six have begun', () => world.reported.length === 6)
  await turns()
  expect(world.sent).toHaveLength(6)
  expect(world.objectOf().tables.leases()).toHaveLength(6)
  for (const n of [1, 2, 3, 4]) await world.complete(`real-${n}`)
  await happens('all have begun', () => items.every((item) => world.stateOf(item) === 'begun'))
  expect(world.objectOf().tables.leases()).toHaveLength(6)
})

test('an item is sent only after its lease is written, and each under a key of its own', async () => {
  const world = await senderWorld()
  await world.enqueue(3)
  await world.work()
  await happens('three have begun', () => world.reported.length === 3)
  const leases = world.objectOf().tables.leases()
  for (const { key, leases: written } of world.sent) {
    const own = leases.find(({ upstreamKey }) => upstreamKey === key)
    expect(written).toContain(own?.id)
  }
  expect(new Set(world.sent.map(({ key }) => key)).size).toBe(3)
})

test('a direct creation that wins the race for the slot puts the item back in its place', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [first = '', second = ''] = await world.enqueue(2)
  const { tables, parts } = world.objectOf()
  world.onChosen = async () => {
    world.onChosen = async () => {}
    const ask = { leaseId: 'direct', tenant: 't', kind: 'call', route: 'x', count: 1 } as const
    const { newLease } = await import('#domain/slots/lease.ts')
    const durations = (await import('#domain/runtime/durations.ts')).durationsAt(1)
    const lease = newLease({ ...ask, fingerprint: {} }, 0, world.clock.now, durations)
    parts.settlement.save({ put: [lease], drop: [], ended: [] })
  }
  await world.work()
  await happens('it came back', () => world.reported.length === 1)
  expect(world.reported).toMatchObject([{ kind: 'back', why: 'full' }])
  expect(world.stateOf(first)).toBe('waiting')
  expect(world.sent).toEqual([])
  expect(tables.leases()).toHaveLength(1)
  parts.settlement.release('direct')
  await world.becomes(first, 'begun')
  expect(world.stateOf(second)).toBe('waiting')
})

test('a 429 puts the item back, and its row is asked about again when the parking ends', async () => {
  const world = await senderWorld({ maxJobs: 2 })
  const [first = '', second = ''] = await world.enqueue(2)
  const usual = world.create
  world.create = async () =>
    Response.json({ error: { code: 'rate_limit', message: 'slow down' } }, { status: 429 })
  await world.work()
  await happens('both came back', () => world.reported.length === 2)
  await turns()
  expect(world.sent.length).toBeLessThanOrEqual(2)
  expect([first, second].map(world.stateOf)).toEqual(['waiting', 'waiting'])
  expect(world.told).toEqual([])
  const { sender } = world.objectOf().parts
  world.create = usual
  expect(sender.dueAt()).toBeGreaterThan(world.clock.now)
  world.pass((sender.dueAt() ?? 0) - world.clock.now + 1)
  await world.objectOf().look()
  await world.becomes(first, 'begun')
})

test('a refusal of this account alone leads on to another one, which is not the same again', async () => {
  const world = await senderWorld({ accounts: ['k1', 'k2'] })
  const [item = ''] = await world.enqueue(1)
  const usual = world.create
  const refusal = { error: { code: 'resource_limit_reached', message: 'too many voices' } }
  world.create = async (one) =>
    one.account === 'k1' ? Response.json(refusal, { status: 400 }) : usual(one)
  await world.work('k1')
  await happens('it came back', () => world.reported.length === 1)
  await turns()
  expect(world.sent).toHaveLength(1)
  await world.work('k2')
  await world.becomes(item, 'begun')
  expect(world.told).toEqual([])
})

test('a body that no master key opens ends its item, and is told', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.onChosen = async (work) => {
    for (const one of work) one.sealed = one.sealed.replace(/^[^.]+/, 'gone')
  }
  await world.work()
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.sent).toEqual([])
})

test('a pull without an answer is tried again after 1, 5 and 30 seconds', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  let lost = 0
  world.onPull = async () => {
    lost += 1
    throw new Error('lost')
  }
  await world.work()
  for (const [n, pauseMs] of [1, 5].entries()) {
    await happens(`pull ${n + 1} is lost`, () => lost === n + 1 && world.pauses() === 1)
    world.pass(pauseMs * SECOND)
  }
  await happens('pull 3 is lost', () => lost === 3 && world.pauses() === 1)
  world.onPull = async () => {}
  world.pass(30 * SECOND)
  await world.becomes(item, 'begun')
})

test('an item whose hand-over was lost comes again, and is sent once', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.onChosen = async () => {
    world.onChosen = async () => {}
    throw new Error('lost')
  }
  await world.work()
  await happens('the pull is to be tried again', () => world.pauses() === 1)
  expect(world.stateOf(item)).toBe('chosen')
  world.pass(SECOND)
  await world.becomes(item, 'begun')
  expect(world.sent).toHaveLength(1)
})

test('a removed account starts nothing, and gives back what was chosen for it', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  const { tables } = world.objectOf()
  tables.retire(world.clock.now)
  await world.work()
  await turns()
  expect(world.asked).toEqual([])
  const { createdAt } = world.known['k1'] ?? { createdAt: 0 }
  await world.line.takeWork({
    account: 'k1',
    tenant: 't',
    free: 1,
    held: 0,
    underWay: [],
    parkings: [],
  })
  world.known['k1'] = { email: 'k1@example.com', createdAt, isRemoved: true }
  expect(world.stateOf(item)).toBe('chosen')
  await world.work('k1', true)
  await world.becomes(item, 'waiting')
  expect(world.sent).toEqual([])
})

test('another tenant’s item is never taken [I5]', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.onChosen = async () => {
    world.onChosen = async () => {}
    throw new Error('lost')
  }
  await world.work()
  await happens('it is chosen', () => world.stateOf(item) === 'chosen')
  const { tables, parts } = world.objectOf()
  const account = tables.account()
  if (account) tables.saveAccount({ ...account, tenant: 'other' })
  // The desk of the former tenant asks what became of it.
  await world.work('k1', true)
  await world.becomes(item, 'waiting')
  expect(world.asked.at(-1)).toMatchObject({ free: 0 })
  expect(world.sent).toEqual([])
  expect(world.opened()).toBe(0)
  await world.line.cancelItem(item)
  const [untold] = world.line.untold()
  const end = { reason: 'cancelled', endedAt: world.clock.now } as const
  if (untold) expect(await parts.sender.endUnstarted('t', [{ ...untold, ...end }])).toEqual([])
  expect(untold?.item).toBe(item)
})

test('an opened body is dropped after its answer', async () => {
  const world = await senderWorld()
  await world.enqueue(3)
  await world.work()
  await happens('three have begun', () => world.reported.length === 3)
  await turns()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  expect(world.bodies).toHaveLength(3)
  await happens('no body is held', () => {
    collect()
    return world.bodies.every((one) => one.deref() === undefined)
  })
})

test('one item parks one account at most, however many refuse it', async () => {
  const world = await senderWorld({ accounts: ['k1', 'k2'] })
  const [item = ''] = await world.enqueue(1)
  const refusal = { error: { code: 'insufficient_api_key_scope', message: 'no scope' } }
  world.create = async () => Response.json(refusal, { status: 403 })
  await world.work('k1')
  await happens('it came back', () => world.reported.length === 1)
  await world.work('k2')
  await happens('it came back again', () => world.reported.length === 2)
  const parked = ['k1', 'k2'].map((key) => world.objectOf(key).tables.parkings().length)
  expect(parked).toEqual([1, 0])
  expect(world.reported.map((one) => 'isLeftOut' in one)).toEqual([false, true])
  expect(world.stateOf(item)).toBe('waiting')
})

test('an account that cannot be opened starts nothing, and does not ask again and again', async () => {
  const world = await senderWorld()
  await world.enqueue(50)
  const { tables } = world.objectOf()
  const account = tables.account()
  if (account) tables.replaceAccount({ ...account, credential: 'gone.AAAA' })
  await world.work()
  await happens('four came back', () => world.reported.length >= 3)
  await turns()
  expect(world.reported.every(({ kind }) => kind === 'back')).toBe(true)
  expect(world.asked.length).toBeLessThan(3)
  expect(tables.leases()).toEqual([])
})

test('ends are told while four items are being sent [I3]', async () => {
  const world = await senderWorld({ maxJobs: 6 })
  await world.enqueue(1)
  await world.work()
  await happens('one has begun', () => world.reported.length === 1)
  world.create = () => new Promise(() => {})
  await world.enqueue(8)
  await world.work()
  await happens('four are sent', () => world.sent.length === 5)
  await world.complete('real-1')
  await happens('its end is told', () => world.told.length === 1)
  expect(world.sent).toHaveLength(5)
})

test('an account whose limit has grown asks for more', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = ''] = await world.enqueue(2)
  await world.work()
  await happens('one has begun', () => world.reported.length === 1)
  const { tables, parts } = world.objectOf()
  const account = tables.account()
  if (account) tables.saveAccount({ ...account, maxJobs: 2 })
  parts.sender.pullIfMore()
  await world.becomes(second, 'begun')
})

test('an item that comes while the desk is being asked is asked for, too', async () => {
  const world = await senderWorld()
  await world.enqueue(1)
  const gate = Promise.withResolvers<void>()
  world.onChosen = () => gate.promise
  const first = world.work()
  await happens('the desk has chosen', () => world.asked.length === 1)
  const [late = ''] = await world.enqueue(1)
  const second = world.work()
  gate.resolve()
  await Promise.all([first, second])
  await world.becomes(late, 'begun')
  expect(world.asked).toHaveLength(2)
})
