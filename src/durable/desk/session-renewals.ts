/**
 * Renews the web sessions of a desk's accounts. It logs in once, however many calls ask, and not within a minute of a failure.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { logInAgain } from '#flows/accounts/log-in.ts'
import { getProvider } from '#providers/index.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { KvCopies } from './kv-copies.ts'

const RETRY_MS = 60_000

export class SessionRenewals {
  readonly #tables: DeskTables
  readonly #ports: () => Ports
  readonly #kv: KvCopies
  readonly #failedUntil = new Map<string, number>()
  readonly #running = new Map<string, Promise<void>>()

  constructor(tables: DeskTables, ports: () => Ports, kv: KvCopies) {
    this.#tables = tables
    this.#ports = ports
    this.#kv = kv
  }

  /** Allows a renewal at once, because the account has a credential that was just checked. */
  allow(email: string): void {
    this.#failedUntil.delete(email)
  }

  /** `stale`: the expiry of the session that is no longer valid. */
  async renew(email: string, stale: number): Promise<void> {
    const account = this.#tables.accounts.find(email)
    if (!account || (account.session?.expiresAt ?? 0) !== stale) return
    if (this.#ports().now() < (this.#failedUntil.get(account.email) ?? 0)) return
    await (this.#running.get(account.email) ?? this.#start(account))
  }

  #start(account: Account): Promise<void> {
    const work = this.#refresh(account).finally(() => this.#running.delete(account.email))
    this.#running.set(account.email, work)
    return work
  }

  async #refresh(account: Account): Promise<void> {
    const ports = this.#ports()
    const renewed = await logInAgain(ports, getProvider(account.provider), account)
    const current = this.#tables.accounts.find(account.email)
    if (!renewed) this.#failedUntil.set(account.email, ports.now() + RETRY_MS)
    if (!renewed || !current || current.updatedAt !== account.updatedAt) return
    this.#tables.accounts.save({ ...current, session: renewed })
    await ports.slots(current.key).renew({ ...current, session: renewed })
    await this.#kv.write()
  }
}
