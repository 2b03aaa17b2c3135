/** The provider says that something which a queued creation names is still being made: the item goes back, and is tried again. */
import { expect, test } from 'vitest'
import { openRefusal } from '#flows/queue/refusal.ts'
import { heygen } from '#providers/heygen/index.ts'
import { happens, senderWorld, turns, type SenderWorld } from '../../support/queue/sender-world.ts'

const EARLY = { error: { code: 'resource_not_ready', message: 'the avatar is still in training' } }

/** A world with an item of which the provider says, so often, that it came too early. */
async function worldWith(times: number): Promise<{ world: SenderWorld; item: string }> {
  const world = await senderWorld()
  const usual = world.create
  let left = times
  world.create = async (one) => {
    left -= 1
    return left >= 0 ? Response.json(EARLY, { status: 409 }) : usual(one)
  }
  const [item = ''] = await world.enqueue(1)
  await world.work()
  return { world, item }
}

async function again(world: SenderWorld, item: string): Promise<void> {
  await world.becomes(item, 'held')
  world.pass(60_000)
  world.line.ready(item)
  await world.work()
}

test('a creation that came too early is told to nobody, holds no slot, and starts later under a key of its own [I4]', async () => {
  const { world, item } = await worldWith(2)
  await world.becomes(item, 'held')
  await turns()
  expect(world.objectOf().tables.leases()).toEqual([])
  expect(world.told).toEqual([])
  await again(world, item)
  await world.becomes(item, 'held')
  world.restart()
  await again(world, item)
  await world.becomes(item, 'begun')
  expect(world.sent).toHaveLength(3)
  expect(new Set(world.sent.map(({ key }) => key)).size).toBe(3)
  expect(world.told).toEqual([])
})

test('the eleventh time ends it in the provider’s words', async () => {
  const { world, item } = await worldWith(99)
  for (let n = 0; n < 10; n += 1) await again(world, item)
  await world.becomes(item, 'ended')
  await happens('it is told', () => world.told.length === 1)
  expect(world.sent).toHaveLength(11)
  expect(world.told[0]?.body.event_data).toMatchObject({ msg: EARLY.error.message })
  const [{ refusal = '' } = {}] = await world.line.itemsOf([item])
  const said = await openRefusal({ vault: world.vault }, heygen, 't', refusal)
  expect(said).toMatchObject({ status: 409, body: JSON.stringify(EARLY) })
})

test('after an answer that does not say for certain that nothing was started, nothing is tried again [I4]', async () => {
  const world = await senderWorld()
  world.create = async () => Response.json(EARLY, { status: 500 })
  const [item = ''] = await world.enqueue(1)
  await world.work()
  await happens('it was sent', () => world.sent.length === 1)
  await turns()
  expect(world.stateOf(item)).toBe('chosen')
  expect(world.reported.some((report) => report.kind === 'back')).toBe(false)
})

test('while one waits that came too early, the next one is sent', async () => {
  const { world, item } = await worldWith(1)
  await world.becomes(item, 'held')
  const [other = ''] = await world.enqueue(1)
  await world.work()
  await world.becomes(other, 'begun')
})

test('a creation of a path that this release does not know, as in a deploy, waits, holds nothing up, and is told in the end [I3]', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [unknown = '', other = ''] = await world.enqueue(2)
  world.onChosen = async (work) => {
    for (const { item, record } of work) if (item === unknown) record.path = '/v9/later'
  }
  await world.work()
  await world.becomes(other, 'begun')
  await world.complete('real-1')
  for (let n = 0; n < 10; n += 1) await again(world, unknown)
  await world.becomes(unknown, 'ended')
  await happens('its end is told', () => world.told.length === 2)
  expect(world.sent).toHaveLength(1)
})
