/**
 * What is known of which accounts of a pool are full, from the answers that isolates of the Worker have had. It only orders accounts
 * and is never a reason to refuse a call.
 */

/** How long an account that was full is tried after those that were not: about as long as a job takes. */
export const SEEN_MS = 5 * 60_000
/** In a smaller pool a search asks few accounts anyway. */
export const LARGE_POOL = 8

/** The answer of an account. `account`: its object's name. */
export interface SlotsSeen {
  account: string
  /** When the account was full, epoch ms. Absent: it had free slots. */
  fullAt?: number
}

export class SeenFull {
  readonly #fullAt = new Map<string, number>()

  note(seen: readonly SlotsSeen[]): void {
    for (const { account, fullAt } of seen) {
      if (fullAt === undefined) this.#fullAt.delete(account)
      else this.#fullAt.set(account, Math.max(fullAt, this.#fullAt.get(account) ?? 0))
    }
  }

  /** The accounts that were full lately. */
  list(now: number): { account: string; fullAt: number }[] {
    for (const [account, at] of this.#fullAt) {
      if (at + SEEN_MS <= now) this.#fullAt.delete(account)
    }
    return [...this.#fullAt].map(([account, fullAt]) => ({ account, fullAt }))
  }

  clear(): void {
    this.#fullAt.clear()
  }
}
