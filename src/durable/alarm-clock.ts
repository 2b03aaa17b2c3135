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

  noteFired(): void {
    this.#setTo = null
  }

  /** Never for this very moment: workerd may keep an alarm set in the millisecond in which it rings, and not ring it. */
  setFor(due: number): void {
    const at = Math.max(due, Date.now() + 1)
    if (this.#setTo !== null && this.#setTo <= at) return
    this.#setTo = at
    void this.#storage.setAlarm(at)
  }
}
