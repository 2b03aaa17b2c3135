/** What the alarm of an account's object does when one of its parts fails. */
import { afterEach, expect, test, vi } from 'vitest'
import { durationsAt } from '#domain/runtime/durations.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

/** The parts used here of a file that has the Worker's types, not those of these tests. */
const file: string = '../../src/durable/account-alarm.ts'
const { AccountAlarm } = (await import(file)) as {
  AccountAlarm: new (context: object, parts: object, clock: AlarmClock) => { run(): Promise<void> }
}

afterEach(() => vi.useRealTimers())

const NOW = Date.UTC(2026, 10, 1)
const PARTS = [
  'startDue',
  'recheckDue',
  'reconcile',
  'maintain',
  'probeDue',
  'removeOld',
  'wipeWhenDone',
  'runDue',
  'pullIfMore',
] as const

/** The parts of an object of which that one fails each time. `done`: those that had their turn. */
function partsWhere(failing: (typeof PARTS)[number], done: string[]) {
  const turn = (name: (typeof PARTS)[number]) => () => {
    done.push(name)
    if (name === failing) throw new Error('it fails')
  }
  const dueAt = () => undefined
  return {
    outbox: { startDue: turn('startDue'), dueAt },
    removed: { isOverdue: () => false, keepsUntil: dueAt },
    accountChecks: { recheckDue: turn('recheckDue'), dueAt },
    statusChecks: { reconcile: turn('reconcile'), isReconciling: false },
    webhook: { maintain: turn('maintain'), dueAt },
    legacy: { probeDue: turn('probeDue'), dueAt },
    retention: { removeOld: turn('removeOld'), dueAt: () => NOW + 86_400_000 },
    wipeWhenDone: turn('wipeWhenDone'),
    alerts: { runDue: turn('runDue'), dueAt },
    sender: { pullIfMore: turn('pullIfMore'), dueAt, isAwake: false },
    settlement: { ledger: () => ({ leases: [] }) },
    incoming: { dueAt: () => [] },
  }
}

for (const failing of PARTS)
  test(`${failing} of an account that fails each time keeps nothing else from its turn, and is tried again soon [I2]`, async () => {
    vi.useFakeTimers({ now: NOW })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let alarmAt: number | null = null
    const storage = {
      getAlarm: async () => alarmAt,
      setAlarm: async (at: number) => {
        alarmAt = at
      },
    }
    const done: string[] = []
    const context = {
      now: () => Date.now(),
      durations: () => durationsAt(1),
      tables: { account: () => undefined },
    }
    const clock = new AlarmClock(storage, () => Date.now())
    await new AccountAlarm(context, partsWhere(failing, done), clock).run()
    expect(done).toEqual(PARTS)
    expect(alarmAt).toBe(NOW + 30_000)
    vi.restoreAllMocks()
  })
