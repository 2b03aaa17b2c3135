import { lineOf, type Facts } from '#domain/runtime/log-line.ts'

/** An alarm that rings later than this was given up. */
const GIVEN_UP_MS = 60_000
const AFTER_FAILURE_MS = 30_000

interface AlarmStorage {
  getAlarm(): Promise<number | null>
  setAlarm(at: number): Promise<void>
}

/**
 * An object's one alarm. What it is set to is known without asking, so that a record and the alarm that it needs are
 * written in one go, and a row is written only when the alarm must come earlier than it would.
 */
export class AlarmClock {
  readonly #storage: AlarmStorage
  #setTo: number | null = null

  constructor(storage: AlarmStorage) {
    this.#storage = storage
  }

  /** Before anything else of a new object. */
  async read(): Promise<void> {
    this.#setTo = await this.#storage.getAlarm()
  }

  /**
   * The platform gives up an alarm that failed six times. Whoever wakes the object then finds none set and something long
   * overdue. While an alarm rings none is set either, but then nothing is late. What cannot be told now (a setting is
   * malformed) must not keep the object from waking: its alarm would be given up, too.
   */
  restore(dueAt: () => number): void {
    if (this.#setTo !== null) return
    try {
      const due = dueAt()
      if (due < Date.now() - GIVEN_UP_MS) this.setFor(due)
    } catch {
      return
    }
  }

  /** Never throws: the platform gives up an alarm that fails, and then slots or claims would never come back. */
  async ring(work: () => Promise<void>, about: () => Facts = () => ({})): Promise<void> {
    this.#setTo = null
    try {
      await work()
    } catch (error) {
      const { name } = error as Error
      console.error(lineOf('alarm_failed', about(), { name }).text)
      this.setFor(Date.now() + AFTER_FAILURE_MS)
    }
  }

  /** Never for this very moment: workerd may keep an alarm set in the millisecond in which it rings, and not ring it. */
  setFor(due: number): void {
    const at = Math.max(due, Date.now() + 1)
    if (this.#setTo !== null && this.#setTo <= at) return
    this.#setTo = at
    void this.#storage.setAlarm(at)
  }
}
