/** What pages see of an account: its summary, its last errors and its balance. */
import { isHeldByOther } from '#domain/accounts/account.ts'
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'
import { summaryOf } from '#domain/live/summary.ts'
import { DAY_MS } from '#domain/usage/job-end.ts'
import type { EndedJob, Ledger } from '#domain/slots/lease.ts'
import { isOpenable } from '#flows/access/missing-master-key.ts'
import { BalanceBook } from './balance.ts'
import type { LiveContext } from './context.ts'
import { LiveFeed } from './live-feed.ts'
import { RecentErrors } from './recent-errors.ts'

export interface AccountLiveDeps {
  ledger(): Ledger
  pendingDeliveries(tenant: string): { pending: number; failing: number }
}

export class AccountLive {
  readonly balance: BalanceBook
  readonly #context: LiveContext
  readonly #deps: AccountLiveDeps
  readonly #errors: RecentErrors
  readonly #feed: LiveFeed
  #usedAt: { at: number; credits: number | undefined } | undefined

  constructor(context: LiveContext, deps: AccountLiveDeps) {
    this.#context = context
    this.#deps = deps
    this.#errors = new RecentErrors(context.tables, context.now)
    this.balance = new BalanceBook(context)
    this.#feed = new LiveFeed(context, (tenant) => this.summary(tenant))
    context.tables.onWrite = () => this.#feed.changed()
  }

  get isObserved(): boolean {
    return this.#feed.isObserved
  }

  onFault(fault: SuspectedFault): void {
    this.#errors.noteFault(fault)
    this.#feed.changed()
  }

  onEnded(ended: readonly EndedJob[]): void {
    this.#errors.noteEnds(ended)
    const isFirst = this.#usedAt?.credits === undefined
    if (isFirst && ended.some(({ told }) => told?.credits !== undefined)) this.#usedAt = undefined
  }

  /** The balance is read while somebody looks, at most every ten minutes. */
  observe(hub: string, tenant: string, until: number): PoolAccount | undefined {
    const summary = this.#feed.observe(hub, tenant, until)
    const { ports, defer } = this.#context
    if (summary) defer(this.balance.refreshIfOlderThan(ports().durations.balanceEveryMs))
    return summary
  }

  /** Read anew as often as the balance. Without a balance nothing is read. */
  #used(): number | undefined {
    const { tables, now, ports } = this.#context
    if (!this.balance.known()) return undefined
    const { balanceEveryMs } = ports().durations
    if (!this.#usedAt || now() - this.#usedAt.at >= balanceEveryMs)
      this.#usedAt = { at: now(), credits: tables.usage.creditsSince(now() - DAY_MS) }
    return this.#usedAt.credits
  }

  /** Undefined: the tenant does not hold the account. */
  summary(tenant: string): PoolAccount | undefined {
    const { tables, now, ports } = this.#context
    const account = tables.account()
    if (!account || tables.isRetired() || isHeldByOther(account, tenant)) return undefined
    const { ledger, pendingDeliveries } = this.#deps
    const facts = {
      account,
      ledger: ledger(),
      isOpenable: isOpenable(ports(), account),
      hook: tables.hook(),
      errors: this.#errors.list(tenant),
      balance: this.balance.known(),
      used24h: this.#used(),
      deliveries: { ...pendingDeliveries(tenant), dead: tables.live.deadDeliveries(tenant) },
    }
    return summaryOf(facts, now())
  }
}
