/**
 * When a job whose end an event should have told is asked about, while more waits for its slot. An event that was lost would
 * otherwise keep the slot until `toldAskMs`, which is many jobs long. Pure, and in memory: after a restart nothing is usual yet.
 */
import type { Lease } from '#domain/slots/lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

const SEEN_MAX = 16

/** How long the last jobs of each row took on one account. */
export class UsualTimes {
  readonly #took = new Map<string, number[]>()

  /**
   * Only ends that an event told are noted. An end that was asked for was seen late, and would make the next question later still:
   * where most events are lost, twice as late each time.
   */
  note(route: string, tookMs: number): void {
    const took = [...(this.#took.get(route) ?? []), Math.max(0, tookMs)]
    this.#took.set(route, took.slice(-SEEN_MAX))
  }

  of(route: string): readonly number[] {
    return this.#took.get(route) ?? []
  }
}

/**
 * Twice as old as the last jobs of its row took. Before the first of them, as a job that nobody waits for. Undefined: not for this
 * lease, or it was asked about already. So a lost event costs one question, and a job that only takes longer costs one too.
 */
export function lateAt(
  lease: Lease,
  tookMs: readonly number[],
  { quietAskMs, toldAskMs }: Durations
): number | undefined {
  const { state, expectsEvent, asks, acquiredAt } = lease
  if (state !== 'running' || !expectsEvent || asks > 0) return undefined
  const sum = tookMs.reduce((all, one) => all + one, 0)
  const lateMs = tookMs.length === 0 ? quietAskMs : (2 * sum) / tookMs.length
  return acquiredAt + Math.min(lateMs, toldAskMs)
}
