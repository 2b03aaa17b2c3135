/** Web sessions of a desk's accounts, logged in again: once however many ask, and not at every call when it failed. */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { logInAgain } from '#flows/accounts/log-in.ts'
import { getProvider } from '#providers/index.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

const LOG_IN_AGAIN_MS = 60_000

export class Renewals {
  readonly #tables: DeskTables
  readonly #ports: () => Ports
  readonly #publish: () => Promise<void>
  readonly #failedUntil = new Map<string, number>()
  readonly #running = new Map<string, Promise<void>>()

  constructor(tables: DeskTables, ports: () => Ports, publish: () => Promise<void>) {
    this.#tables = tables
    this.#ports = ports
    this.#publish = publish
  }

  /** It has a credential that was just proved. */
  allow(email: string): void {
    this.#failedUntil.delete(email)
  }

  /** `stale`: the end of the session that is no longer good. */
  async renew(email: string, stale: number): Promise<void> {
    const account = this.#tables.findAccount(email)
    if (!account || (account.session?.expiresAt ?? 0) !== stale) return
    if (Date.now() < (this.#failedUntil.get(account.email) ?? 0)) return
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
    const current = this.#tables.findAccount(account.email)
    if (!renewed) this.#failedUntil.set(account.email, Date.now() + LOG_IN_AGAIN_MS)
    if (!renewed || !current || current.updatedAt !== account.updatedAt) return
    this.#tables.saveAccount({ ...current, session: renewed })
    await ports.slots(current.key).renew({ ...current, session: renewed })
    await this.#publish()
  }
}
