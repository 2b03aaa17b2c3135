/**
 * What the account can still spend, as the provider last said. The read is free, and is made only when somebody asks for a newer
 * balance: a page that is open, or an alert about a low balance.
 */
import type { Balance } from '#domain/live/pool-account.ts'
import { balanceOf } from '#flows/live/balance-of.ts'
import type { LiveContext } from './context.ts'

export class BalanceBook {
  readonly #context: LiveContext
  /** Null: there is no row. Undefined: the row was not read yet. */
  #known: Balance | null | undefined
  #askedAt = -Infinity
  #running: Promise<void> | undefined

  constructor(context: LiveContext) {
    this.#context = context
  }

  known(): Balance | undefined {
    this.#known ??= this.#context.tables.live.balance() ?? null
    return this.#known ?? undefined
  }

  /** Asks the provider if the balance is older than that. Never throws. A failed read is not repeated before that time either. */
  refreshIfOlderThan(ms: number): Promise<void> {
    const since = Math.max(this.known()?.at ?? -Infinity, this.#askedAt)
    if (this.#context.now() - since < ms) return Promise.resolve()
    this.#running ??= this.#ask().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #ask(): Promise<void> {
    const { tables, now, ports, provider } = this.#context
    const account = tables.account()
    if (!account || tables.isRetired()) return
    this.#askedAt = now()
    const read = await balanceOf(ports(), provider(), account)
    // The account may have been removed meanwhile, or have another credential.
    if (!read || tables.account()?.credential !== account.credential) return
    this.#known = { ...read, at: now() }
    tables.live.saveBalance(this.#known)
  }
}
