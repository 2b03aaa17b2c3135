/** While more waits, a job whose event is late is asked about, so that a lost event does not keep the slot for ten minutes. */
import { expect, test } from 'vitest'
import { happens, senderWorld, turns, type SenderWorld } from '../../support/queue/sender-world.ts'

const MINUTE = 60_000

const event = (id: string) => ({ id: `event of ${id}`, type: 'avatar_video.success', body: '{}' })

/** The provider's event tells the end. */
async function tellEnd(world: SenderWorld, id: string): Promise<void> {
  const { parts } = world.objectOf()
  await parts.targets.read('t')
  parts.settle([{ watch: `video:${id}`, state: 'completed', event: event(id) }])
}

/** What the desk's look does. */
async function look(world: SenderWorld): Promise<void> {
  await world.work()
  world.objectOf().parts.statusChecks.lookIfDue()
  await turns()
}

async function busy(world: SenderWorld, count: number): Promise<string[]> {
  const { tables } = world.objectOf()
  tables.saveHook({ state: 'on', id: 'hook', checkedAt: world.clock.now, tries: 0 })
  const items = await world.enqueue(count)
  await world.work()
  await world.becomes(items[0] ?? '', 'begun')
  return items
}

function asksOf(world: SenderWorld): string[] {
  const asked: string[] = []
  world.read = async (path) => {
    asked.push(path)
    const id = path.split('/').at(-1)
    return Response.json({ data: { id, status: 'completed', video_url: 'https://x.example/v' } })
  }
  return asked
}

test('a lost event costs a slot at most the time of one more job while items wait', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = '', third = ''] = await busy(world, 4)
  world.pass(MINUTE)
  await tellEnd(world, 'real-1')
  await world.becomes(second, 'begun')
  const asked = asksOf(world)
  // The event of this job is lost. The last job took a minute.
  world.pass(2 * MINUTE - 1)
  await look(world)
  expect(asked).toEqual([])
  world.pass(1)
  await look(world)
  await world.becomes(third, 'begun')
  expect(asked).toEqual(['/v3/videos/real-2'])
})

test('a job that only takes longer than usual is asked about once', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = ''] = await busy(world, 4)
  world.pass(MINUTE)
  await tellEnd(world, 'real-1')
  await world.becomes(second, 'begun')
  const asked = asksOf(world)
  world.read = async (path) => {
    asked.push(path)
    return Response.json({ data: { id: 'real-2', status: 'processing' } })
  }
  world.pass(2 * MINUTE)
  await look(world)
  expect(asked).toHaveLength(1)
  world.pass(20_000)
  await look(world)
  expect(asked).toHaveLength(1)
})

test('a job whose event is late is left alone where nothing waits', async () => {
  const world = await senderWorld({ maxJobs: 1 })
  const [, second = ''] = await busy(world, 2)
  world.pass(MINUTE)
  await tellEnd(world, 'real-1')
  await world.becomes(second, 'begun')
  await happens('it heard that nothing waits', () => !world.objectOf().parts.sender.isAwake)
  const asked = asksOf(world)
  world.pass(5 * MINUTE)
  world.objectOf().parts.statusChecks.lookIfDue()
  await turns()
  expect(asked).toEqual([])
})
