/**
 * The simulator's time. Everything that is compared, stored or shown is in simulated time, which the control API moves.
 * Waits (latency, synchronous answers, time limits of outgoing calls) are in real time.
 */
export class Clock {
  #offsetMs: number

  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs
  }

  /** Simulated time is real time plus this. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  now(): number {
    return Date.now() + this.#offsetMs
  }

  advance(ms: number): void {
    this.#offsetMs += ms
  }

  reset(): void {
    this.#offsetMs = 0
  }

  /** When, in real time, an alarm has to ring for a moment of simulated time. Never for this very millisecond. */
  toAlarmTime(at: number): number {
    return Math.max(at - this.#offsetMs, Date.now() + 1)
  }
}

export function pause(ms: number): Promise<void> {
  return scheduler.wait(ms)
}

export function timeLimit(ms: number): AbortSignal {
  return AbortSignal.timeout(ms)
}
