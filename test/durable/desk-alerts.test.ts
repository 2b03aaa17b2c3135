/** What a desk tells the object of an account about its pool, whose answers may be lost. */
import { expect, test } from 'vitest'
import { durationsAt } from '#domain/runtime/durations.ts'
import { openSql } from '../support/sql/sqlite.ts'

/** The parts used here of a file that has the Worker's types, not those of these tests. */
interface Alerts {
  noteFull(): Promise<void>
  runDue(): Promise<void>
  isFaultNoted: boolean
}
const file: string = '../../src/durable/alerts/desk-alerts.ts'
const { DeskAlerts } = (await import(file)) as {
  DeskAlerts: new (storage: object, deps: object) => Alerts
}

const WAITS = durationsAt(1)
const never = () => new Promise<void>(() => {})

test('an object that was told that the pool is full, whose answer was lost, is told that it is not', async () => {
  let now = 1_000_000
  let keys = ['a', 'b']
  const told: string[] = []
  const slots = (key: string) => ({
    notePool: async (_: string, since?: number) => {
      told.push(`${key} ${since === undefined ? 'free' : 'full'}`)
      if (told.length === 1) throw new Error('the answer was lost')
    },
  })
  const alerts = new DeskAlerts(
    { sql: openSql('') },
    {
      ports: () => ({ now: () => now, durations: WAITS, slots, after: never }),
      armIn: () => {},
      tenant: 't',
      accountKeys: () => keys,
      oldSince: () => undefined,
    }
  )
  const refuse = () => alerts.noteFull().catch(() => {})
  while (told.length === 0) {
    await refuse()
    now += WAITS.poolNoteMs
  }
  expect(told).toEqual(['a full'])
  keys = ['b']
  now += WAITS.poolFreeMs
  await alerts.runDue()
  expect([told, alerts.isFaultNoted]).toEqual([['a full', 'a free'], false])
})

test('that something queued waits for too long is told once, again where an answer was lost, and so is its end', async () => {
  let since: number | undefined
  let fails = true
  const told: string[] = []
  const slots = (key: string) => ({
    noteQueue: async (_: string, at?: number) => {
      told.push(`${key} ${at === undefined ? 'over' : 'old'}`)
      if (fails) throw new Error('the answer was lost')
    },
  })
  const alerts = new DeskAlerts(
    { sql: openSql('') },
    {
      ports: () => ({ now: () => 1_000_000, durations: WAITS, slots, after: never }),
      armIn: () => {},
      tenant: 't',
      accountKeys: () => ['a', 'b'],
      oldSince: () => since,
    }
  )
  await alerts.runDue()
  expect([told, alerts.isFaultNoted]).toEqual([[], false])
  since = 1
  await alerts.runDue()
  fails = false
  await alerts.runDue()
  await alerts.runDue()
  expect(told.splice(0)).toEqual(['a old', 'a old'])
  since = undefined
  fails = true
  await alerts.runDue()
  fails = false
  await alerts.runDue()
  await alerts.runDue()
  expect([told, alerts.isFaultNoted]).toEqual([['a over', 'a over'], false])
})

test('an account that never answers does not keep the alarm of the desk from going on', async () => {
  const asked: string[] = []
  const slots = () => ({
    noteQueue: () => {
      asked.push('queue')
      return never()
    },
  })
  const alerts = new DeskAlerts(
    { sql: openSql('') },
    {
      ports: () => ({ now: () => 1_000_000, durations: WAITS, slots, after: async () => {} }),
      armIn: () => {},
      tenant: 't',
      accountKeys: () => ['a'],
      oldSince: () => 1,
    }
  )
  await alerts.runDue()
  await alerts.runDue()
  expect(asked).toHaveLength(2)
})
