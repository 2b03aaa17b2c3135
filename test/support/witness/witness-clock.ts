/** The witness's clock: the real one, or one that a test moves. */
export class WitnessClock {
  #due: { at: number; run: () => Promise<void> }[] = []
  #timer: NodeJS.Timeout | undefined
  #aheadMs = 0
  #stoppedAt: number | undefined

  now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#aheadMs
  }

  stopAt(now: number): void {
    this.#stoppedAt = now
    this.#aheadMs = 0
  }

  async advance(ms: number): Promise<void> {
    this.#aheadMs += ms
    await this.#runDue()
  }

  at(when: number, run: () => Promise<void>): void {
    this.#due.push({ at: when, run })
    this.#arm()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#due = []
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#due.length === 0) return
    const first = Math.min(...this.#due.map(({ at }) => at))
    if (this.#stoppedAt !== undefined && first > this.now()) return
    this.#timer = setTimeout(() => void this.#runDue(), Math.max(0, first - this.now()))
  }

  async #runDue(): Promise<void> {
    for (;;) {
      const now = this.now()
      const due = this.#due.filter(({ at }) => at <= now)
      if (due.length === 0) break
      this.#due = this.#due.filter(({ at }) => at > now)
      await Promise.all(due.map(({ run }) => run()))
    }
    this.#arm()
  }
}
