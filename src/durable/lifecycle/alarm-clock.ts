/**
 * Sets the one alarm of an object. The class remembers what the alarm is set to. So it sets the alarm without an await, in the
 * same step as the record that needs it, and only if it must come earlier. While an alarm runs, none is set before its end: the
 * platform runs it again if the object dies in it, but only if no later one was set.
 */
import { lineOf, type Facts } from '#domain/runtime/log-line.ts'

/** The platform has given up an alarm that is late by this much. */
const GIVEN_UP_MS = 60_000
const AFTER_FAILURE_MS = 30_000
/** The platform ends an alarm that runs for this long. */
const RUN_MAX_MS = 900_000

interface AlarmStorage {
  getAlarm(): Promise<number | null>
  setAlarm(at: number): Promise<void>
}

export class AlarmClock {
  readonly #storage: AlarmStorage
  readonly #now: () => number
  #setTo: number | null = null
  /** An alarm runs. `due`: for when the next one is set when it has ended. */
  #run: { until: number; due: number } | undefined

  constructor(storage: AlarmStorage, now: () => number) {
    this.#storage = storage
    this.#now = now
  }

  get isSet(): boolean {
    return this.#setTo !== null
  }

  /** Reads what the alarm is set to. Must be called first when an object wakes up. */
  async read(): Promise<void> {
    this.#setTo = await this.#storage.getAlarm()
  }

  /**
   * Sets an alarm again that the platform gave up, which it does after six failures. Then no alarm is set, and something is long
   * overdue. While an alarm runs, no alarm is set either, but nothing is overdue. An error in `dueAt` (a malformed setting) must
   * not keep the object from waking up, or the platform would give up its alarm, too.
   */
  restore(dueAt: () => number): void {
    if (this.#setTo !== null) return
    try {
      const due = dueAt()
      if (due < this.#now() - GIVEN_UP_MS) this.setFor(due)
    } catch {
      return
    }
  }

  /** Runs the work of an alarm and never throws: the platform gives up an alarm that fails, and slots would stay taken. */
  async run(work: () => Promise<void>, about: () => Facts = () => ({})): Promise<void> {
    this.#setTo = null
    const run = { until: this.#now() + RUN_MAX_MS, due: Infinity }
    this.#run = run
    try {
      await work()
    } catch (error) {
      const { name } = error as Error
      console.error(lineOf('alarm_failed', about(), { name }).text)
      this.setFor(this.#now() + AFTER_FAILURE_MS)
    }
    this.#run = undefined
    if (run.due !== Infinity) this.setFor(run.due)
  }

  /** At least 1 ms ahead: workerd may never run an alarm that is set in the same millisecond in which it runs. */
  setFor(due: number): void {
    if (this.#run && this.#now() < this.#run.until) {
      this.#run.due = Math.min(this.#run.due, due)
      return
    }
    const at = Math.max(due, this.#now() + 1)
    if (this.#setTo !== null && this.#setTo <= at) return
    this.#setTo = at
    void this.#storage.setAlarm(at)
  }
}
