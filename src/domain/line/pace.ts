/**
 * How fast the line moves, from the last ends of jobs. Accounts bring them with each question for work. It is kept in memory, and a
 * short record of it is stored now and then, so that a restart loses little.
 */
const SEEN_MAX = 64
/** Rows of the table are few. More than this could only be rows that an operator adds and removes. */
const ROUTES_MAX = 200

export interface EndOfJob {
  route: string
  /** From the acquiring of its slot to its end. */
  tookMs: number
}

/** By row: how many of its last ends are known, and what they took on average. */
export type PaceRecord = Record<string, { count: number; meanMs: number }>

export class Pace {
  readonly #took = new Map<string, number[]>()
  #endedAt: number[] = []
  readonly #typicalMs: number

  /** `typicalMs`: how long a job is thought to take before the first has ended. `record`: as it was stored. */
  constructor(typicalMs: number, record: PaceRecord = {}) {
    this.#typicalMs = typicalMs
    for (const [route, { count, meanMs }] of Object.entries(record))
      this.#took.set(
        route,
        Array.from({ length: Math.min(count, SEEN_MAX) }, () => meanMs)
      )
  }

  noteEnds(ends: readonly EndOfJob[], now: number): void {
    for (const { route, tookMs } of ends) {
      const took = [...(this.#took.get(route) ?? []), Math.max(0, tookMs)].slice(-SEEN_MAX)
      // Anew, so that the row that was quiet for longest stands first.
      this.#took.delete(route)
      this.#took.set(route, took)
      const [oldest] = this.#took.keys()
      if (this.#took.size > ROUTES_MAX && oldest !== undefined) this.#took.delete(oldest)
      this.#endedAt = [...this.#endedAt, now].slice(-SEEN_MAX)
    }
  }

  /** The mean of the last 64 jobs of the row. */
  meanOf(route: string): number {
    const took = this.#took.get(route) ?? []
    return took.length === 0 ? this.#typicalMs : meanOf(took)
  }

  /**
   * Starts in a second: while items wait, each end is followed by a start. It counts up to now, so it falls where nothing ends any
   * more. After a restart it is thought to be what so many slots can do, until two jobs have ended.
   */
  startsASecond(slots: number, now: number): number {
    const [first] = this.#endedAt
    const most = (1000 * slots) / this.usualMs
    if (first === undefined || this.#endedAt.length < 2) return most
    // A few jobs that end at once are not many starts in a second.
    return Math.min(most, ((this.#endedAt.length - 1) * 1000) / Math.max(1, now - first))
  }

  get usualMs(): number {
    const all = [...this.#took.values()].flat()
    return Math.max(1, all.length === 0 ? this.#typicalMs : meanOf(all))
  }

  toRecord(): PaceRecord {
    return Object.fromEntries(
      Array.from(this.#took, ([route, took]) => [
        route,
        { count: took.length, meanMs: Math.round(meanOf(took)) },
      ])
    )
  }
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}
