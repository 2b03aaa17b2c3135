/** A desk pushes its delivery targets: which accounts it asks, how often, and what it still knows after a restart. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { DeliveryTargets, PushedTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { TargetPushes } from '#durable/targets/target-pushes.ts'
import { openStorage } from '../support/sql/sqlite.ts'

const KEYS = Array.from({ length: 100 }, (_, at) => `account-${at}`)

/** A desk over the same tables through all its lives. */
function desk(keys = KEYS) {
  const storage = openStorage('')
  const world = {
    now: 1_800_000_000_000,
    targets: { endpoints: [] } as DeliveryTargets,
    keys,
    down: new Set<string>(),
    told: [] as { key: string; version: number }[],
    most: 0,
    pauses: [] as number[],
  }
  let under = 0
  const takeTargets = async (key: string, { version }: PushedTargets) => {
    world.most = Math.max(world.most, (under += 1))
    await Promise.resolve()
    under -= 1
    if (world.down.has(key)) throw new Error('down')
    world.told.push({ key, version })
  }
  const ports = {
    ...platform,
    log: () => {},
    defer: () => {},
    slots: (key: string) => ({
      takeTargets: (_: string, targets: PushedTargets) => takeTargets(key, targets),
    }),
  } as unknown as Ports
  const wake = () => {
    const pushes = new TargetPushes(storage, {
      ports: () => ports,
      now: () => world.now,
      armIn: (ms) => void world.pauses.push(ms),
      tenant: 't',
      accountKeys: () => world.keys,
      read: () => world.targets,
    })
    pushes.resume()
    return pushes
  }
  const change = (pushes: TargetPushes, currentSecret: string) => {
    world.targets = { endpoints: [], callbackSecret: { current: currentSecret, rotatedAt: 1 } }
    pushes.change()
  }
  return { world, wake, change }
}

test('a change goes to a hundred accounts, six at once', async () => {
  const { world, wake, change } = desk()
  const pushes = wake()
  change(pushes, 'sealed')
  await pushes.push()
  expect(world.told.map(({ key }) => key).toSorted()).toEqual(KEYS.toSorted())
  expect([world.most, pushes.unconfirmed]).toEqual([6, 0])
})

test('killed before it pushed, a desk pushes by its alarm, at most sixty at a time', async () => {
  const { world, wake, change } = desk()
  change(wake(), 'sealed')
  const again = wake()
  await again.runDue()
  expect(world.told).toHaveLength(60)
  await again.runDue()
  expect(world.told).toHaveLength(100)
  await again.runDue()
  expect(world.told).toHaveLength(100)
})

test('one account that is down keeps no other from its turn, and is asked ever less often', async () => {
  const { world, wake, change } = desk(['down', 'up'])
  world.down.add('down')
  const pushes = wake()
  change(pushes, 'sealed')
  for (let rings = 0; rings < 12; rings += 1) await pushes.runDue()
  expect(world.told.map(({ key }) => key)).toEqual(['up'])
  expect(world.pauses.at(-1)).toBe(600_000)
  world.down.clear()
  await pushes.runDue()
  expect(world.told.map(({ key }) => key)).toEqual(['up', 'down'])
})

test('an account that was removed meanwhile is not asked', async () => {
  const { world, wake, change } = desk(['kept', 'removed'])
  const pushes = wake()
  change(pushes, 'sealed')
  world.keys = ['kept']
  await pushes.push()
  expect(world.told.map(({ key }) => key)).toEqual(['kept'])
  expect(pushes.unconfirmed).toBe(0)
})

test('versions grow, also where the clock goes back', () => {
  const { world, wake, change } = desk(['a'])
  const pushes = wake()
  change(pushes, 'first')
  const { version } = pushes.current()
  world.now -= 3_600_000
  change(pushes, 'second')
  expect(pushes.current().version).toBeGreaterThan(version)
})

test('what an older Worker changed without a push is pushed when the desk wakes, and nothing otherwise', async () => {
  const { world, wake } = desk(['a'])
  await wake().runDue()
  expect(world.told).toEqual([])
  world.targets = { endpoints: [], watchesBalance: true }
  await wake().runDue()
  expect(world.told).toHaveLength(1)
  await wake().runDue()
  expect(world.told).toHaveLength(1)
})

test('what changes while an account is claimed is pushed to it', async () => {
  const { world, wake, change } = desk([])
  const pushes = wake()
  const claimedWith = pushes.current()
  change(pushes, 'sealed')
  world.keys = ['claimed']
  pushes.noteClaimed('claimed', claimedWith)
  await pushes.runDue()
  expect(world.told).toEqual([{ key: 'claimed', version: pushes.current().version }])
})
