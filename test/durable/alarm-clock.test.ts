import { afterEach, expect, test, vi } from 'vitest'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

afterEach(() => vi.useRealTimers())

/** As workerd was seen to do: while an alarm rings, setting it to that same moment changes nothing. */
function storageOf() {
  let at: number | null = null
  let ringing: number | null = null
  return {
    getAlarm: async () => at,
    setAlarm: async (next: number) => {
      if (next !== ringing) at = next
    },
    ring: () => {
      ringing = at
      at = null
    },
  }
}

test('an alarm that is set anew while it rings rings again', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  clock.setFor(Date.now() + 50)
  vi.advanceTimersByTime(50)
  storage.ring()
  await clock.run(async () => clock.setFor(Date.now() - 10))
  expect(await storage.getAlarm()).toBeGreaterThan(Date.now())
})

test('while an alarm runs no later one takes its place, in case the object dies in it; at its end the earliest is set [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  const now = Date.now()
  const during: (number | null)[] = []
  await clock.run(async () => {
    clock.setFor(now + 86_400_000)
    during.push(await storage.getAlarm())
    clock.setFor(now + 5000)
    during.push(await storage.getAlarm())
  })
  expect(during).toEqual([null, null])
  expect(await storage.getAlarm()).toBe(now + 5000)
})

test('an alarm that the platform has cut off keeps no later one from being set [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  void clock.run(() => new Promise(() => {}))
  vi.advanceTimersByTime(900_000)
  clock.setFor(Date.now() + 5000)
  expect(await storage.getAlarm()).toBe(Date.now() + 5000)
})

test('an alarm that the platform gave up is set again when the object wakes, whenever it is due [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const wakeWith = async (set: number | null, due: number) => {
    const storage = storageOf()
    if (set !== null) await storage.setAlarm(set)
    const clock = new AlarmClock(storage, () => Date.now())
    await clock.read()
    clock.restore(() => due)
    return storage.getAlarm()
  }
  const now = Date.now()
  expect(await wakeWith(null, now - 61_000)).toBe(now + 1)
  expect(await wakeWith(null, now - 5000)).toBe(now + 1)
  expect(await wakeWith(null, now + 5000)).toBe(now + 5000)
  expect(await wakeWith(null, Infinity)).toBeNull()
  expect(await wakeWith(now + 9000, now - 61_000)).toBe(now + 9000)
})

test('an object wakes, and its alarm rings, although nobody can tell what is due: settings are mended later [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  await clock.read()
  const unreadable = () => {
    throw new Error('MASTER_KEYS is malformed')
  }
  expect(() => clock.restore(unreadable)).not.toThrow()
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  await clock.run(async () => unreadable())
  expect(log.mock.calls).toEqual([[expect.stringContaining('alarm_failed')]])
  log.mockRestore()
  expect(await storage.getAlarm()).toBe(Date.now() + 30_000)
})

test('a part of an alarm’s work that fails each time keeps no later part from its turn, and the alarm rings again [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const done: string[] = []
  const fails = () => Promise.reject(new Error('this part is broken'))
  const stillDue = () => clock.setFor(Date.now())
  const parts = [() => done.push('first'), fails, stillDue, async () => done.push('last')]
  await clock.run(() => clock.runEach(parts))
  expect(done).toEqual(['first', 'last'])
  expect(log.mock.calls).toEqual([[expect.stringContaining('alarm_failed')]])
  log.mockRestore()
  expect(await storage.getAlarm()).toBe(Date.now() + 30_000)
})

test('an alarm that the platform gave up while the object was awake rings at once after the next call, whatever that call sets [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const day = 86_400_000
  const wakes = [
    (clock: AlarmClock) => clock.check(),
    (clock: AlarmClock) => clock.setFor(Date.now() + day),
  ]
  for (const wake of wakes) {
    const storage = storageOf()
    const clock = new AlarmClock(storage, () => Date.now())
    const due = Date.now() + 1000
    clock.setFor(due)
    vi.advanceTimersByTime(50_000)
    wake(clock)
    expect(await storage.getAlarm()).toBe(due)
    vi.advanceTimersByTime(20_000)
    expect(clock.isSet).toBe(false)
    wake(clock)
    expect(await storage.getAlarm()).toBe(Date.now() + 1)
  }
})

test('an alarm whose work fails is set again, although the failure cannot be told [I2]', async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const storage = storageOf()
  const clock = new AlarmClock(storage, () => Date.now())
  const broken = () => {
    throw new Error('SQLITE_FULL')
  }
  await expect(clock.run(async () => broken(), broken)).rejects.toThrow('SQLITE_FULL')
  expect(await storage.getAlarm()).toBe(Date.now() + 30_000)
  clock.setFor(Date.now() + 5000)
  expect(await storage.getAlarm()).toBe(Date.now() + 5000)
})
