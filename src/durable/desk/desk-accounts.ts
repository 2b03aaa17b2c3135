/**
 * Adds, changes and removes a desk's accounts. It claims and releases their objects, so that no two desks use the same object.
 */
import type { Account } from '#domain/accounts/account.ts'
import { besideBefore } from '#domain/accounts/sign-in.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { claimAccount } from '#flows/accounts/claim-account.ts'
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

  /** Undefined: another tenant or email has this provider account. */
  async save(account: Account, by?: Actor): Promise<{ isNew: boolean } | undefined> {
    return this.#saveInTurn(account, () => account, by)
  }

  /** Adds an account if the desk has none with this email. Undefined: another tenant or email has the provider account. */
  async add(account: Account, by?: Actor): Promise<{ isNew: boolean } | undefined> {
    const absent = () => (this.#tables.accounts.find(account.email) ? undefined : account)
    return this.#saveInTurn(account, absent, by)
  }

  /** Ends the parking of an imported account. The caller writes the audit's line. */
  async endImport(account: Account): Promise<{ isNew: boolean } | undefined> {
    const ended = () => {
      const current = this.#tables.accounts.find(account.email)
      return current?.key === account.key ? { ...current, isImported: false } : undefined
    }
    return this.#saveInTurn(account, ended)
  }

  /** The limit of the account as it is when its turn comes. Undefined: there is no such account any more. */
  async changeLimit(
    account: Account,
    limit: Pick<Account, 'maxJobs' | 'updatedAt'>,
    by?: Actor
  ): Promise<{ isNew: boolean } | undefined> {
    const changed = () => {
      const current = this.#tables.accounts.find(account.email)
      return current?.key === account.key ? { ...current, ...limit } : undefined
    }
    return this.#saveInTurn(account, changed, by)
  }

  async #saveInTurn(
    { key, tenant, email }: Account,
    read: () => Account | undefined,
    by?: Actor
  ): Promise<{ isNew: boolean } | undefined> {
    const saved = { isNew: false }
    this.#deps.armSoon()
    const isClaimed = await this.#claims.inTurn(key, async () => {
      const account = read()
      if (!account) return false
      const beside = () => besideBefore(account, this.#tables.accounts.find(account.email))
      const targets = this.#deps.targets.current()
      return this.#claims.claim(
        { key, tenant, email, isNow: false },
        () =>
          claimAccount(this.#deps.ports(), beside(), targets, (holder, what) =>
            this.#has(holder, what)
          ),
        () => {
          // Tokens may have been renewed during the claim, and endpoints changed.
          saved.isNew = this.#saveClaimed(beside(), by)
          this.#deps.targets.noteClaimed(key, targets)
        }
      )
    })
    await this.releaseLeftOver()
    return isClaimed ? saved : undefined
  }

  /** A different account under the same email takes the place of the one before. */
  #saveClaimed(account: Account, by: Actor | undefined): boolean {
    const before = this.#tables.accounts.find(account.email)
    const isSame = before?.key === account.key
    if (before && !isSame) this.#release(before, false)
    const kept = before
      ? { email: before.email, ...(isSame ? { createdAt: before.createdAt } : {}) }
      : {}
    this.#deps.audit.account(by, account, before)
    return this.#tables.accounts.save({ ...account, ...kept })
  }

  /** False: there is no such account. */
  async remove(email: string, isNow: boolean, by?: Actor): Promise<boolean> {
    const account = this.#tables.accounts.find(email)
    if (!account) return false
    this.#deps.armSoon()
    await this.#claims.inTurn(account.key, async () => {
      if (!this.#has(email, account.key)) return
      this.#release(account, isNow)
      this.#tables.accounts.remove(account.email)
      this.#deps.audit.accountRemoved(by, account, isNow)
    })
    await this.releaseLeftOver()
    return true
  }

  /** Marks the account's object for release. It is released after the desk's record is gone, so that no two desks use it. */
  #release({ key, tenant, email }: Account, isNow: boolean): void {
    this.#claims.begin({ key, tenant, email, isNow })
    this.#tables.accounts.markFormer(key, this.#deps.ports().now())
  }

  /** Releases all objects that are marked for release. If one cannot be reached now, a later alarm releases it. */
  async releaseLeftOver(): Promise<void> {
    for (const claim of this.#claims.leftOver()) {
      await this.#claims
        .inTurn(claim.key, async () => {
          const isOurs = this.#tables.accounts
            .snapshot()
            .accounts.some(({ key }) => key === claim.key)
          const ports = this.#deps.ports()
          if (!isOurs) await ports.slots(claim.key).retire(claim.isNow, claim)
          this.#claims.end(claim.key)
        })
        .catch(() => this.#deps.ports().log('retire_failed', { email: claim.email }))
    }
  }
}
