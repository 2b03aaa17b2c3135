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
  /** An alarm runs. `due`: for when the next one is set when it has ended, but not before `earliest`. */
  #run: { until: number; due: number; earliest: number } | undefined

  constructor(storage: AlarmStorage, now: () => number) {
    this.#storage = storage
    this.#now = now
  }

  get isSet(): boolean {
    return this.#setTo !== null && !this.#isGivenUp
  }

  /** The platform gives up an alarm after six failures, so what is set here may be set no more. */
  get #isGivenUp(): boolean {
    return this.#setTo !== null && this.#setTo < this.#now() - GIVEN_UP_MS
  }

  /** Reads what the alarm is set to. Must be called first when an object wakes up. */
  async read(): Promise<void> {
    this.#setTo = await this.#storage.getAlarm()
  }

  /**
   * When the object wakes up: sets the alarm if none is set, because the platform gave it up. An alarm that wakes the object still
   * stands while the object wakes. An error in `dueAt` (a malformed setting) must not keep the object from waking up, or the
   * platform would give up its alarm, too. Infinity: nothing is due.
   */
  restore(dueAt: () => number): void {
    if (this.#setTo !== null) return
    try {
      const due = dueAt()
      if (due !== Infinity) this.setFor(due)
    } catch {
      return
    }
  }

  /** While the object is awake: sets the alarm again if the platform gave it up. Costs nothing else. */
  check(): void {
    if (this.#isGivenUp) this.setFor(this.#now())
  }

  /** Runs the work of an alarm and never throws: the platform gives up an alarm that fails, and slots would stay taken. */
  async run(work: () => Promise<void>, about: () => Facts = () => ({})): Promise<void> {
    this.#setTo = null
    const run = { until: this.#now() + RUN_MAX_MS, due: Infinity, earliest: 0 }
    this.#run = run
    try {
      await work()
    } catch (error) {
      run.due = Math.min(run.due, this.#now() + AFTER_FAILURE_MS)
      logFailed(error, about)
    } finally {
      if (this.#run === run) this.#run = undefined
      if (run.due !== Infinity) this.setFor(Math.max(run.due, run.earliest))
    }
  }

  /** The parts of an alarm's work, one after the other. One that fails keeps no later one from its turn, and all are tried again soon. */
  async runEach(parts: readonly (() => unknown)[], about: () => Facts = () => ({})): Promise<void> {
    for (const part of parts) {
      try {
        await part()
      } catch (error) {
        const again = this.#now() + AFTER_FAILURE_MS
        // What it left undone is still due, and would be tried without a pause.
        if (this.#run) this.#run.earliest = again
        this.setFor(again)
        logFailed(error, about)
      }
    }
  }

  /**
   * At least 1 ms ahead: workerd may never run an alarm that is set in the same millisecond in which it runs. What an alarm that was
   * given up had to do is still due, so it rings at once. Infinity: nothing is due.
   */
  setFor(due: number): void {
    if (due === Infinity) return
    const now = this.#now()
    if (this.#run && now < this.#run.until) {
      this.#run.due = Math.min(this.#run.due, due)
      return
    }
    const at = Math.max(this.#isGivenUp ? now : due, now + 1)
    if (this.isSet && this.#setTo !== null && this.#setTo <= at) return
    this.#setTo = at
    void this.#storage.setAlarm(at)
  }
}

function logFailed(error: unknown, about: () => Facts): void {
  const { name } = error as Error
  console.error(lineOf('alarm_failed', about(), { name }).text)
}
