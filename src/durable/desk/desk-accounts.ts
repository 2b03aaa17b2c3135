/**
 * Adds, changes and removes a desk's accounts. It claims and releases their objects, so that no two desks use the same object.
 */
import { mayBeSame, type Account } from '#domain/accounts/account.ts'
import { keepDrain } from '#domain/accounts/drained.ts'
import { besideBefore } from '#domain/accounts/sign-in.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import { claimAccount } from '#flows/accounts/claim-account.ts'
import { choiceOf, withChoice, type AccountChoiceChange } from '#domain/accounts/balancing.ts'
import type { AuditLog } from './audit-log.ts'
import type { AccountClaims } from './account-claims.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { TargetPushes } from '#durable/targets/target-pushes.ts'

export interface DeskAccountsDeps {
  ports(): Ports
  /** Sets the alarm, which completes the work that a crash interrupts. */
  armSoon(): void
  audit: AuditLog
  targets: TargetPushes
}

/** `busy`: jobs run in what may be the same provider account. Undefined: another tenant or email has the account. */
export type Saved = { isNew: boolean } | 'busy' | undefined

export class DeskAccounts {
  readonly #tables: DeskTables
  readonly #claims: AccountClaims
  readonly #deps: DeskAccountsDeps

  constructor(tables: DeskTables, claims: AccountClaims, deps: DeskAccountsDeps) {
    this.#tables = tables
    this.#claims = claims
    this.#deps = deps
  }

  holds(email: string, key: string): boolean {
    return this.#has(email, key) || this.#claims.isClaiming(email, key)
  }

  #has(email: string, key: string): boolean {
    return this.#tables.accounts.find(email)?.key === key
  }

  async save(account: Account, by?: Actor): Promise<Saved> {
    return this.#saveInTurn(account, () => account, by)
  }

  /** Adds an account if the desk has none with this email. */
  async add(account: Account, by?: Actor): Promise<Saved> {
    const absent = () => (this.#tables.accounts.find(account.email) ? undefined : account)
    return this.#saveInTurn(account, absent, by)
  }

  /** Ends the parking of an imported account. The caller writes the audit's line. */
  async endImport(account: Account): Promise<Saved> {
    const ended = () => {
      const current = this.#tables.accounts.find(account.email)
      return current?.key === account.key ? { ...current, isImported: false } : undefined
    }
    return this.#saveInTurn(account, ended)
  }

  /** The account takes no new jobs, or takes them again. The caller writes the audit's line. */
  async drain(account: Account, isDrained: boolean): Promise<Saved> {
    const drained = () => {
      const current = this.#tables.accounts.find(account.email)
      return current?.key === account.key ? { ...current, isDrained } : undefined
    }
    return this.#saveInTurn(account, drained)
  }

  /** The limit of the account as it is when its turn comes. Undefined: there is no such account any more. */
  async changeLimit(
    account: Account,
    limit: Pick<Account, 'maxJobs' | 'updatedAt'>,
    by?: Actor
  ): Promise<Saved> {
    const changed = () => {
      const current = this.#tables.accounts.find(account.email)
      return current?.key === account.key ? { ...current, ...limit } : undefined
    }
    return this.#saveInTurn(account, changed, by)
  }

  /** Weight and priority are for Workers alone, so the account's object is not asked. False: there is no such account. */
  async changeChoice(
    email: string,
    change: AccountChoiceChange,
    now: number,
    by?: Actor
  ): Promise<boolean> {
    const held = this.#tables.accounts.find(email)
    if (!held) return false
    return this.#inTurn(email, held.key, async () => {
      const current = this.#tables.accounts.find(email)
      if (!current) return false
      const changed = withChoice({ ...current, updatedAt: now }, change)
      this.#deps.audit.choice(by, changed, current)
      this.#tables.accounts.save(changed)
      return true
    })
  }

  async #saveInTurn(
    { key, tenant, email }: Account,
    read: () => Account | undefined,
    by?: Actor
  ): Promise<Saved> {
    let saved: Saved
    this.#deps.armSoon()
    await this.#inTurn(email, key, async () => {
      const account = read()
      if (!account) return
      const beside = () => {
        const before = this.#tables.accounts.find(account.email)
        return keepDrain(besideBefore(account, before), before)
      }
      const targets = this.#deps.targets.current()
      const claim = { key, tenant, email, isNow: false }
      await this.#claims.claim(
        claim,
        async () => {
          if (!(await this.#ask(beside(), targets))) return false
          if (await this.#vacate(account)) return true
          saved = 'busy'
          return false
        },
        () => {
          // Tokens may have been renewed during the claim, and endpoints changed.
          saved = { isNew: this.#saveClaimed(beside(), by) }
          this.#deps.targets.noteClaimed(key, targets)
        }
      )
      if (saved === 'busy') this.#claims.begin(claim)
    })
    await this.releaseLeftOver()
    return saved
  }

  /** Changes of one email come one after the other, and so does work on one object. Always in the same order, so that none waits for ever. */
  #inTurn<T>(email: string, key: string, work: () => Promise<T>): Promise<T> {
    const claims = this.#claims
    return claims.inTurn(email.toLowerCase(), () => {
      const held = this.#tables.accounts.find(email)?.key ?? key
      const [first, second] = [key, held].toSorted() as [string, string]
      if (first === second) return claims.inTurn(key, work)
      return claims.inTurn(first, () => claims.inTurn(second, work))
    })
  }

  #ask(account: Account, targets: PushedTargets): Promise<boolean> {
    return claimAccount(this.#deps.ports(), account, targets, (holder, what) =>
      this.#has(holder, what)
    )
  }

  /**
   * Closes the objects that the email has or had, if they may be of the same provider account. False: one of them still counts
   * jobs, which the account's new object would not know [I1].
   */
  async #vacate({ key, tenant, email }: Account): Promise<boolean> {
    const { accounts } = this.#tables
    const held = accounts.find(email)?.key
    if (held === key) return true
    // The one that the email has comes last.
    for (const one of accounts.keysOf(email).filter((other) => mayBeSame(other, key))) {
      // If a crash comes between, the alarm opens it again.
      if (one === held) this.#claims.begin({ key: one, tenant, email, isNow: false })
      if (await this.#deps.ports().slots(one).vacate({ tenant, email })) continue
      if (one === held) this.#claims.end(one)
      return false
    }
    return true
  }

  /** A different account under the same email takes the place of the one before. */
  #saveClaimed(account: Account, by: Actor | undefined): boolean {
    const before = this.#tables.accounts.find(account.email)
    const isSame = before?.key === account.key
    if (before && !isSame) this.#release(before, false)
    const kept = before
      ? {
          ...choiceOf(before),
          ...choiceOf(account),
          email: before.email,
          ...(isSame ? { createdAt: before.createdAt } : {}),
        }
      : {}
    this.#deps.audit.account(by, account, before)
    return this.#tables.accounts.save({ ...account, ...kept })
  }

  /** False: there is no such account. */
  async remove(email: string, isNow: boolean, by?: Actor): Promise<boolean> {
    const account = this.#tables.accounts.find(email)
    if (!account) return false
    this.#deps.armSoon()
    await this.#inTurn(email, account.key, async () => {
      if (!this.#has(email, account.key)) return
      this.#release(account, isNow)
      this.#tables.accounts.remove(account.email)
      this.#deps.audit.accountRemoved(by, account, isNow)
    })
    await this.releaseLeftOver()
    return true
  }

  /** Marks the account's object for release. It is released after the desk's record is gone, so that no two desks use it. */
  #release(account: Account, isNow: boolean): void {
    const { key, tenant, email } = account
    this.#claims.begin({ key, tenant, email, isNow })
    this.#tables.accounts.markFormer(account, this.#deps.ports().now())
  }

  /** Releases all objects that are marked for release. If one cannot be reached now, a later alarm releases it. */
  async releaseLeftOver(): Promise<void> {
    for (const claim of this.#claims.leftOver()) {
      await this.#claims
        .inTurn(claim.key, async () => {
          const ours = this.#tables.accounts.all.find(({ key }) => key === claim.key)
          // A change that a crash interrupted may have closed it.
          if (ours) await this.#ask(ours, this.#deps.targets.current())
          else await this.#deps.ports().slots(claim.key).retire(claim.isNow, claim)
          this.#claims.end(claim.key)
        })
        .catch(() => this.#deps.ports().log('retire_failed', { email: claim.email }))
    }
  }
}
