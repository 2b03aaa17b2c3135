/** Web sessions of a desk's accounts: logged in again once however many ask, and not at every call after a failure. */
import type { Account } from '#domain/account.ts'
import type { Ports } from '#domain/ports.ts'
import { logInAgain } from '#flows/log-in.ts'
import { getProvider } from '#providers/index.ts'
import type { DeskTables } from './desk-tables.ts'

const LOG_IN_AGAIN_MS = 60_000

/** The object's side. */
export interface SessionHands {
  ports(): Ports
  publish(): Promise<void>
}

export class DeskSessions {
  readonly #tables: DeskTables
  readonly #hands: SessionHands
  /** A log-in that failed is not tried again at every call. */
  readonly #failedUntil = new Map<string, number>()
  readonly #refreshing = new Map<string, Promise<void>>()

  constructor(tables: DeskTables, hands: SessionHands) {
    this.#tables = tables
    this.#hands = hands
  }

  /** `stale`: the end of the session that is no longer good. */
  async refresh(email: string, stale: number): Promise<void> {
    const account = this.#tables.findAccount(email)
    if (!account || (account.session?.expiresAt ?? 0) !== stale) return
    if (Date.now() < (this.#failedUntil.get(account.email) ?? 0)) return
    await (this.#refreshing.get(account.email) ?? this.#start(account))
  }

  /** Another credential may do better. */
  forgetFailure(email: string): void {
    this.#failedUntil.delete(email)
  }

  #start(account: Account): Promise<void> {
    const work = this.#logIn(account).finally(() => this.#refreshing.delete(account.email))
    this.#refreshing.set(account.email, work)
    return work
  }

  async #logIn(account: Account): Promise<void> {
    const ports = this.#hands.ports()
    const renewed = await logInAgain(ports, getProvider(account.provider), account)
    const current = this.#tables.findAccount(account.email)
    if (!renewed) this.#failedUntil.set(account.email, Date.now() + LOG_IN_AGAIN_MS)
    if (!renewed || !current || current.updatedAt !== account.updatedAt) return
    this.#tables.saveAccount({ ...current, session: renewed })
    await ports.slots(current.key).renew({ ...current, session: renewed })
    await this.#hands.publish()
  }
}
