/**
 * An account that was removed: its object keeps a sealed copy of the credential for its last jobs and deliveries, but
 * not for ever.
 */
import type { Durations } from '#domain/runtime/durations.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

export class RemovedAccount {
  readonly #tables: SlotsTables
  readonly #durations: () => Durations
  /** Nothing is owed to clients any more. */
  readonly #isAllTold: () => boolean

  constructor(tables: SlotsTables, durations: () => Durations, isAllTold: () => boolean) {
    this.#tables = tables
    this.#durations = durations
    this.#isAllTold = isAllTold
  }

  /** How long the credential is kept at most; undefined: the account was not removed, or is wiped. */
  keepsUntil(): number | undefined {
    const retiredAt = this.#tables.account() && this.#tables.retiredAt()
    return retiredAt === undefined ? undefined : retiredAt + this.#durations().lostMs
  }

  /** Nothing is waited for. What is still to be delivered after 48 h is delivered without a credential. */
  isDone(): boolean {
    if (!this.#tables.isRetired() || this.#tables.leases().length > 0) return false
    return this.#isAllTold() || this.#isLongGone()
  }

  /** Its last jobs were waited for long enough, or nobody can ask about them any more. */
  isOverdue(): boolean {
    const isOver = this.#isLongGone() || !this.#tables.account()
    return isOver && this.#tables.leases().length > 0
  }

  #isLongGone(): boolean {
    return Date.now() >= (this.keepsUntil() ?? Infinity)
  }
}
