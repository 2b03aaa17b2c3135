/** What becomes of a queued creation when its object dies, its answer is lost, or its report is. */
import { expect, test } from 'vitest'
import { happens, senderWorld, turns, type SenderWorld } from '../../support/queue/sender-world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The object dies with a lease, and nobody knows whether it sent. */
async function dieWhileSending(world: SenderWorld): Promise<void> {
  const before = world.sent.length
  const usual = world.create
  world.create = () => new Promise(() => {})
  await world.work('k1', true)
  await happens('it is sent', () => world.sent.length === before + 1)
  world.create = usual
  world.restart()
}

/** Time passes, and the object looks as its alarm has it, until the lease has ended. */
async function searchToTheEnd(world: SenderWorld, key = 'k1'): Promise<void> {
  const { tables } = world.objectOf(key)
  for (let n = 0; n < 200 && tables.leases().length > 0; n += 1) {
    world.pass(30 * SECOND)
    await world.objectOf(key).look()
  }
}

test('a lease from before a restart is named as under way, and never sent under again [I4]', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  await dieWhileSending(world)
  await world.work('k1', true)
  await turns()
  expect(world.asked.at(-1)?.underWay).toEqual([item])
  expect(world.sent).toHaveLength(1)
  expect(world.stateOf(item)).toBe('chosen')
})

test('what nothing ran for goes back once after absent, under a new key, and is told after the second', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  await dieWhileSending(world)
  // The second try dies, too.
  const usual = world.create
  world.create = () => new Promise(() => {})
  await searchToTheEnd(world)
  await happens('it is sent again', () => world.sent.length === 2)
  expect(world.told).toEqual([])
  expect(world.stateOf(item)).toBe('chosen')
  const [first, second] = world.sent
  expect(first?.key).not.toBe(second?.key)
  world.create = usual
  world.restart()
  await searchToTheEnd(world)
  await happens('it is told', () => world.told.length === 1)
  await world.becomes(item, 'ended')
  await world.work('k1', true)
  await turns()
  expect(world.sent).toHaveLength(2)
  expect(world.told).toHaveLength(1)
  expect(world.told[0]?.body.event_data).toMatchObject({ video_id: item.replaceAll('-', '') })
})

test('an item goes back once after absent, also if another account has it then', async () => {
  const world = await senderWorld({ accounts: ['k1', 'k2'] })
  const [item = ''] = await world.enqueue(1)
  await dieWhileSending(world)
  const usual = world.create
  world.create = async () => new Response('{}', { status: 429 })
  await searchToTheEnd(world)
  await world.becomes(item, 'waiting')
  const before = world.sent.length
  world.create = () => new Promise(() => {})
  await world.work('k2')
  await happens('the other account sends it', () => world.sent.length === before + 1)
  world.create = usual
  world.restart('k2')
  await searchToTheEnd(world, 'k2')
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.sent).toHaveLength(before + 1)
})

test('an item that went back after absent begins like any other', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  await dieWhileSending(world)
  await searchToTheEnd(world)
  await world.becomes(item, 'begun')
  await world.complete('real-1')
  await happens('its end is told', () => world.told.length === 1)
  expect(world.told[0]?.body.event_type).toBe('avatar_video.success')
})

test('an item that went back and may not start any more is not sent', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  await dieWhileSending(world)
  world.tokens['hash'] = 'gone'
  await searchToTheEnd(world)
  await happens('it came back', () => world.reported.length === 1)
  expect(world.reported).toMatchObject([{ kind: 'back' }])
  await world.line.tokenChanged('hash')
  expect(world.stateOf(item)).toBe('untold')
  expect(world.sent).toHaveLength(1)
})

test('after a lost outcome nothing is sent again, and the end is told [I4]', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.read = async () => new Response('', { status: 500 })
  await dieWhileSending(world)
  for (let n = 0; n < 60; n += 1) {
    world.pass(HOUR)
    await world.objectOf().look()
  }
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.reported).toMatchObject([{ kind: 'over', reason: 'lost' }])
  await world.work('k1', true)
  await turns()
  expect(world.sent).toHaveLength(1)
})

test('after an unknown outcome nothing is sent again, and nobody’s job is named [I4]', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  const created = Math.floor(world.clock.now / SECOND)
  let status = 'processing'
  // A job of the same title, of which nobody can say whose it is.
  const job = () => ({ id: 'real-9', title: item, created_at: created, status })
  world.read = async (path) =>
    path === '/v3/videos'
      ? Response.json({ data: [job()], has_more: false })
      : path.startsWith('/v3/videos/')
        ? Response.json({ data: job() })
        : Response.json({ data: {} })
  await dieWhileSending(world)
  for (let n = 0; n < 12; n += 1) {
    world.pass(30 * SECOND)
    await world.objectOf().look()
  }
  expect(world.objectOf().tables.leases()).toMatchObject([{ state: 'suspect' }])
  status = 'completed'
  await searchToTheEnd(world)
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.reported).toMatchObject([{ kind: 'over', reason: 'outcome_unknown' }])
  expect(JSON.stringify(world.told)).not.toContain('real-9')
  await world.work('k1', true)
  await turns()
  expect(world.sent).toHaveLength(1)
})

test('a lost answer is searched for at once, and what is found is reported', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.create = async () => new Response('', { status: 500 })
  const created = Math.floor(world.clock.now / SECOND)
  world.read = async (path) =>
    path === '/v3/videos'
      ? Response.json({
          data: [{ id: 'real-7', title: item, created_at: created, status: 'processing' }],
          has_more: false,
        })
      : Response.json({ data: { id: 'real-7', callback_id: item, status: 'processing' } })
  await world.work()
  await world.becomes(item, 'begun')
  expect(world.reported).toMatchObject([{ kind: 'begun', starts: [{ jobId: 'real-7' }] }])
  expect(world.sent).toHaveLength(1)
})

test('a start whose report was lost is reported again', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  world.onReport = async () => {
    world.onReport = async () => {}
    throw new Error('lost')
  }
  await world.work()
  await happens('it is to be tried again', () => world.pauses() === 1)
  world.pass(10 * SECOND)
  await world.becomes(item, 'begun')
  expect(world.sent).toHaveLength(1)
})

test('a start whose report was lost is reported after a restart and the job’s end, too', async () => {
  const world = await senderWorld()
  const [item = ''] = await world.enqueue(1)
  let lost = 0
  world.onReport = async () => {
    lost += 1
    throw new Error('lost')
  }
  await world.work()
  await happens('it is lost', () => lost > 0 && world.pauses() === 1)
  world.restart()
  expect(world.objectOf().tables.leases()).toMatchObject([{ jobId: 'real-1' }])
  await world.complete('real-1')
  await happens('its end is told', () => world.told.length === 1)
  expect(world.stateOf(item)).toBe('chosen')
  world.onReport = async () => {}
  await world.work('k1', true)
  await world.becomes(item, 'begun')
  const [report] = world.reported
  expect(report).toMatchObject({ kind: 'begun', owners: [{ id: 'real-1', key: 'k1' }] })
  expect(world.sent).toHaveLength(1)
  expect(world.told).toHaveLength(1)
})

test('an end without a start is told, and twice handed over is told under one id', async () => {
  const world = await senderWorld({ accounts: ['k1', 'k2'] })
  const [item = ''] = await world.enqueue(1)
  await world.line.cancelItem(item)
  const [untold] = world.line.untold()
  if (!untold) throw new Error('nothing is untold')
  const { record, sort } = untold
  const end = { item, record, sort, reason: 'cancelled', endedAt: world.clock.now } as const
  const hand = (key: string) => world.objectOf(key).parts.sender.endUnstarted('t', [end])
  expect(await hand('k1')).toEqual([item])
  await happens('it is told', () => world.told.length === 1)
  world.pass(SECOND)
  expect(await hand('k1')).toEqual([item])
  world.restart()
  world.pass(SECOND)
  expect(await hand('k1')).toEqual([item])
  await turns()
  expect(world.told).toHaveLength(1)
  expect(await hand('k2')).toEqual([item])
  await happens('it is told again', () => world.told.length === 2)
  expect(new Set(world.told.map(({ id }) => id)).size).toBe(1)
  expect(world.told[0]?.body).toMatchObject({
    event_type: 'avatar_video.fail',
    event_data: { video_id: item.replaceAll('-', '') },
  })
})
