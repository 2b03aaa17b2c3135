/** How a desk takes provider accounts and lets them go, so that no two desks ever have the same one. */
import type { Account } from '#domain/accounts/account.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { claimAccount } from '#flows/accounts/claim-account.ts'
import type { Audit } from './audit-log.ts'
import type { Claims } from './account-claims.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export interface DeskAccountsDeps {
  ports(): Ports
  /** The alarm ends what a crash leaves half done. */
  armSoon(): void
  audit: Audit
}

export class DeskAccounts {
  readonly #tables: DeskTables
  readonly #claims: Claims
  readonly #deps: DeskAccountsDeps

  constructor(tables: DeskTables, claims: Claims, deps: DeskAccountsDeps) {
    this.#tables = tables
    this.#claims = claims
    this.#deps = deps
  }

  holds(email: string, key: string): boolean {
    return this.#has(email, key) || this.#claims.isTaking(email, key)
  }

  #has(email: string, key: string): boolean {
    return this.#tables.findAccount(email)?.key === key
  }

  /** Undefined: the provider account is another's. */
  async save(account: Account, by?: Actor): Promise<{ isNew: boolean } | undefined> {
    const { key, tenant, email } = account
    const saved = { isNew: false }
    this.#deps.armSoon()
    const isTaken = await this.#claims.inTurn(key, () =>
      this.#claims.take(
        { key, tenant, email, isNow: false },
        () => claimAccount(this.#deps.ports(), account, (whose, what) => this.#has(whose, what)),
        () => (saved.isNew = this.#saveClaimed(account, by))
      )
    )
    await this.letGoLeftOvers()
    return isTaken ? saved : undefined
  }

  /** Another account under the same email leaves its object. */
  #saveClaimed(account: Account, by: Actor | undefined): boolean {
    const before = this.#tables.findAccount(account.email)
    const isSame = before?.key === account.key
    if (before && !isSame) this.#leave(before, false)
    const kept = before
      ? { email: before.email, ...(isSame ? { createdAt: before.createdAt } : {}) }
      : {}
    this.#deps.audit.account(by, account, before)
    return this.#tables.saveAccount({ ...account, ...kept })
  }

  /** False: there is no such account. */
  async remove(email: string, isNow: boolean, by?: Actor): Promise<boolean> {
    const account = this.#tables.findAccount(email)
    if (!account) return false
    this.#deps.armSoon()
    await this.#claims.inTurn(account.key, async () => {
      if (!this.#has(email, account.key)) return
      this.#leave(account, isNow)
      this.#tables.removeAccount(account.email)
      this.#deps.audit.accountRemoved(by, account, isNow)
    })
    await this.letGoLeftOvers()
    return true
  }

  /** Its object is let go once the desk's own record is gone, so that no two ever have it. */
  #leave({ key, tenant, email }: Account, isNow: boolean): void {
    this.#claims.begin({ key, tenant, email, isNow })
    this.#tables.noteFormer(key, Date.now())
  }

  /** What cannot be reached now is let go by the alarm. */
  async letGoLeftOvers(): Promise<void> {
    for (const claim of this.#claims.leftOver()) {
      await this.#claims
        .inTurn(claim.key, async () => {
          const isOurs = this.#tables.snapshot().accounts.some(({ key }) => key === claim.key)
          const ports = this.#deps.ports()
          if (!isOurs) await ports.slots(claim.key).retire(claim.isNow, claim)
          this.#claims.end(claim.key)
        })
        .catch(() => this.#deps.ports().log('retire_failed', { email: claim.email }))
    }
  }
}
