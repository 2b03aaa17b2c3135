/**
 * Renews the web sessions of a desk's accounts, and the tokens of their sign-ins. It does so once, however many calls ask, and not
 * within a minute of a failure. New tokens are stored before anybody gets them. A sign-in that cannot be renewed parks its account.
 */
import type { Account, StoredSession } from '#domain/accounts/account.ts'
import type { ParkOrder } from '#domain/accounts/parking.ts'
import { isJustObtained, isSameSession } from '#domain/accounts/sign-in.ts'
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
    const { now, durations } = this.#ports()
    if (now() < (this.#failedUntil.get(account.email) ?? 0)) return
    const { session } = account
    if (session?.grant !== undefined && isJustObtained(session, now(), durations)) return
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
    if (renewed.kind !== 'renewed') this.#failedUntil.set(account.email, ports.now() + RETRY_MS)
    if (!current || !isSameSession(current, account)) return
    if (renewed.kind === 'renewed') return this.#save(current, renewed.session)
    const { session } = current
    if (session?.grant === undefined) return
    if (renewed.kind === 'ended') {
      await this.#save(current, { ...session, refused: renewed.message })
      return this.#park(current, { detail: trimmed(renewed.message) })
    }
    if (session.expiresAt > ports.now()) return
    const until = this.#failedUntil.get(account.email) ?? ports.now()
    await this.#park(current, { detail: 'its sign-in could not be renewed just now', until })
  }

  /** Stored here first. The account's object and KV get copies. */
  async #save(current: Account, session: StoredSession): Promise<void> {
    const ports = this.#ports()
    this.#tables.accounts.save({ ...current, session })
    const copying = ports.slots(current.key).renew({ ...current, session })
    // Without its copy the object asks this desk again.
    await copying.catch(() => ports.log('session_copy_failed', { email: current.email }))
    await this.#kv.write()
  }

  /** A key beside the sign-in stays in use for its own paths. */
  async #park(
    { key, tenant, email, provider, credentialKind }: Account,
    order: Pick<ParkOrder, 'detail' | 'until'>
  ): Promise<void> {
    const ports = this.#ports()
    const part = getProvider(provider).accounts.signIn?.kind
    const isOnly = !credentialKind.includes(' ') || part === undefined
    const where = isOnly ? { scope: 'all' as const } : { scope: `key:${part}` as const, part }
    // Without an end of its own, the object asks again at longer and longer pauses.
    const isProved = order.until === undefined ? { isProved: true as const } : {}
    const parking = { reason: 'credential' as const, ...order, ...where, ...isProved }
    const fault = { order: parking, tenant, mayPark: true }
    const result = await ports
      .slots(key)
      .blame(fault)
      .catch(() => undefined)
    if (result?.kind !== 'parked') return
    const { scope, reason, until } = result.parking
    const at = new Date(until).toISOString()
    ports.log('parked', { provider, tenant, email, scope, reason, until: at })
  }
}

/** Details of parkings are parts of sentences. */
function trimmed(sentence: string): string {
  return sentence.replace(/\.$/, '')
}
