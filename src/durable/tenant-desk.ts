/**
 * TenantDesk: one object per tenant and provider, the only writer of its accounts; and one object more, the
 * registrar, for tokens and tenants. What it keeps in SQL is the truth, its KV copies are for reading far away. A
 * copy that could not be written (KV takes one write a second per key) is written again by the alarm.
 */
import type { Account, AccountSnapshot } from '#domain/account.ts'
import type { AddedRoute } from '#domain/added-route.ts'
import type { Endpoint, Outlets } from '#domain/endpoint.ts'
import type {
  Desk,
  EndpointChange,
  KeyEnd,
  Made,
  Owner,
  Ports,
  Registrar,
  SaveAnswer,
  TokenChange,
  Turn,
  UnknownCreation,
} from '#domain/ports.ts'
import type { TenantRecord, TokenRecord } from '#domain/token.ts'
import type { KeyTurn } from '#domain/idempotency.ts'
import type { Waiter } from '#domain/waiting-line.ts'
import { keys } from '#storage/keys.ts'
import { AddedRoutes } from './added-routes.ts'
import { AlarmClock } from './alarm-clock.ts'
import { Claims } from './claims.ts'
import { Copying } from './copying.ts'
import { DeskAccounts } from './desk-accounts.ts'
import { DeskTables } from './desk-tables.ts'
import { JoinBook } from './join-book.ts'
import { beginKey, endKey } from './key-turns.ts'
import { ListPlaces } from './list-places.ts'
import { Renewals } from './renewals.ts'
import { UploadDesk } from './upload-desk.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Each is told of every event. */
const ENDPOINTS_MAX = 50

export class TenantDesk extends UploadDesk implements Desk, Registrar {
  readonly #tables: DeskTables
  readonly #joins: JoinBook
  readonly #places: ListPlaces
  readonly #routes: AddedRoutes
  readonly #claims: Claims
  readonly #accounts: DeskAccounts
  readonly #waiting = new WaitingRoom(() => this.#ports())
  readonly #renewals: Renewals
  readonly #clock: AlarmClock
  readonly #ports = (): Ports => this.portsNow()
  /** When old rows are looked for again, as far as this object remembers. */
  #forgetAt = 0
  readonly #copying: Copying

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#joins = new JoinBook(ctx.storage)
    this.#tables = new DeskTables(ctx.storage, ctx.id.name ?? '', () => this.#joins.until())
    this.#places = new ListPlaces(ctx.storage)
    this.#routes = new AddedRoutes(ctx.storage, () => this.#tables.touch(keys.routes))
    this.#clock = new AlarmClock(ctx.storage)
    void ctx.blockConcurrencyWhile(() => this.#clock.read())
    this.#copying = new Copying(this.#tables, {
      kv: () => this.env.REGISTRY,
      valueOf: (key) => (key === keys.routes ? this.#routes.copy() : this.#tables.copyOf(key)),
      armSoon: () => this.#armSoon(),
    })
    this.#renewals = new Renewals(
      this.#tables,
      () => this.#ports(),
      () => this.#publish()
    )
    this.#claims = new Claims(ctx.storage)
    this.#accounts = new DeskAccounts(this.#tables, this.#claims, {
      ports: () => this.#ports(),
      armSoon: () => this.#armSoon(),
    })
  }

  /** Of a closed desk nothing shows, also while its accounts are still being let go. */
  async snapshot(): Promise<AccountSnapshot> {
    const snapshot = this.#tables.snapshot()
    return this.#tables.isClosed ? { version: snapshot.version, accounts: [] } : snapshot
  }

  async saveAccount(account: Account): Promise<SaveAnswer> {
    if (this.#tables.isClosed) return { ok: false, reason: 'closed' }
    const saved = await this.#accounts.save(account)
    if (!saved) return { ok: false, reason: 'exists' }
    // The tenant was removed while the claim was being answered.
    if (this.#tables.isClosed) {
      await this.#empty()
      return { ok: false, reason: 'closed' }
    }
    this.#renewals.allow(account.email)
    this.noteChanged(account.email)
    this.ctx.waitUntil(this.#waiting.lookAgain(account.key))
    return { ok: true, isNew: saved.isNew, snapshot: await this.#publishAccounts() }
  }

  async changeLimit(email: string, maxJobs: number, now: number): Promise<SaveAnswer> {
    const account = this.#tables.findAccount(email)
    if (!account) return { ok: false, reason: 'not_found' }
    return this.saveAccount({ ...account, maxJobs, updatedAt: now })
  }

  async removeAccount(email: string, isNow: boolean): Promise<AccountSnapshot | undefined> {
    const isRemoved = await this.#accounts.remove(email, isNow)
    return isRemoved ? this.#publishAccounts() : undefined
  }

  async formerKeys(): Promise<string[]> {
    return this.#tables.formerKeys(Date.now() - this.#ports().waits.keepEndedMs)
  }

  async refreshSession(email: string, stale: number): Promise<AccountSnapshot> {
    await this.#renewals.renew(email, stale)
    return this.snapshot()
  }

  async holds(email: string, key: string): Promise<boolean> {
    return this.#accounts.holds(email, key)
  }

  async learn(owners: Owner[]): Promise<string[]> {
    this.#tables.learn(owners)
    this.#clock.setFor(Date.now() + this.#ports().waits.keepOwnersMs)
    return this.noteLearnt(owners)
  }

  /** Asked by older Workers; newer ones ask madeBy. */
  async isMadeElsewhere(requestId: string, email: string): Promise<boolean> {
    const made = this.#tables.madeBy(requestId)
    return made !== undefined && made.email !== email
  }

  async noteMade(requestId: string, made: Made): Promise<void> {
    this.#tables.noteMade(requestId, made)
    this.#clock.setFor(Date.now() + this.#ports().waits.keepOwnersMs)
  }

  async madeBy(requestId: string): Promise<Made | undefined> {
    return this.#tables.madeBy(requestId)
  }

  async ownersOf(ids: string[]): Promise<Owner[]> {
    return this.#tables.ownersOf(ids)
  }

  async close(): Promise<void> {
    this.#tables.close(Date.now())
    await this.#empty()
  }

  async #empty(): Promise<void> {
    for (const account of this.#tables.snapshot().accounts)
      await this.removeAccount(account.email, false)
    this.#tables.forgetAll()
    this.#joins.forgetAll()
    this.forgetUploads()
    this.#places.clear()
    await this.#publish()
  }

  async beginKey(name: string, requestId: string): Promise<KeyTurn> {
    const turn = beginKey(this.#tables, name, requestId, this.#ports().waits)
    this.#clock.setFor(Date.now() + this.#ports().waits.keepOwnersMs)
    return turn
  }

  async endKey(name: string, requestId: string, end: KeyEnd): Promise<void> {
    endKey(this.#tables, name, requestId, end)
  }

  /** The KV copy of the accounts tells every isolate until when it is worth asking; it is written at most every ten minutes. */
  async noteUnknown(print: string, unknown: UnknownCreation): Promise<void> {
    const { joinMs } = this.#ports().waits
    if (!this.#joins.note(print, unknown, Date.now(), joinMs)) return
    this.#tables.touchAccounts()
    await this.#publish()
  }

  async unknownOf(print: string): Promise<UnknownCreation | undefined> {
    return this.#joins.find(print, Date.now(), this.#ports().waits.joinMs)
  }

  async forgetUnknown(print: string, requestId: string): Promise<void> {
    this.#joins.forget(print, requestId, Date.now(), this.#ports().waits.joinMs)
  }

  async requestsOfKey(key: string): Promise<string[]> {
    return this.#tables.requestsOfKey(key)
  }

  async addEndpoint(endpoint: Endpoint): Promise<boolean> {
    if (this.#tables.isClosed) return false
    const known = this.#tables.endpoints()
    // Asked again because the answer was lost: it is there already.
    if (known.some((one) => one.id === endpoint.id)) return true
    if (known.length >= ENDPOINTS_MAX) return false
    this.#tables.saveEndpoint(endpoint)
    return true
  }

  async endpoints(): Promise<Endpoint[]> {
    return this.#tables.endpoints()
  }

  async changeEndpoint(id: string, change: EndpointChange): Promise<Endpoint | undefined> {
    const before = this.#tables.endpoints().find((one) => one.id === id)
    if (!before) return undefined
    const after = { ...before, ...change }
    this.#tables.saveEndpoint(after)
    return after
  }

  async removeEndpoint(id: string): Promise<boolean> {
    return this.#tables.dropEndpoint(id)
  }

  async saveCallbackSecret(sealed: string, now: number): Promise<void> {
    if (this.#tables.isClosed) return
    const before = this.#tables.callbackSecret()
    if (before?.current === sealed) return
    const previous = before === undefined ? {} : { previous: before.current }
    this.#tables.saveCallbackSecret({ current: sealed, rotatedAt: now, ...previous })
  }

  async outlets(): Promise<Outlets> {
    const callbackSecret = this.#tables.callbackSecret()
    const endpoints = this.#tables.endpoints()
    return { endpoints, ...(callbackSecret === undefined ? {} : { callbackSecret }) }
  }

  async keepPlace(place: string): Promise<string> {
    const { keepPlaceMs } = this.#ports().waits
    const name = this.#places.keep(place, Date.now(), keepPlaceMs)
    this.#clock.setFor(Date.now() + keepPlaceMs)
    return name
  }

  async placeOf(name: string): Promise<string | undefined> {
    return this.#places.find(name, Date.now())
  }

  async takeUpload(tokenId: string, bytes: number): Promise<number | undefined> {
    return this.#tables.uploads.take(tokenId, bytes, Date.now())
  }

  async awaitTurn(waiter: Waiter, until: number): Promise<Turn> {
    return this.#waiting.awaitTurn(waiter, until)
  }

  async noteFreed(accountKey: string, slots?: number): Promise<void> {
    this.#waiting.noteFreed(accountKey, slots)
  }

  async saveToken(token: TokenRecord, tenant: TenantRecord, hasPast = false): Promise<TokenRecord> {
    const saved = this.#tables.saveToken(token, tenant, hasPast)
    await this.#publish()
    return saved
  }

  async findToken(hash: string): Promise<TokenRecord | undefined> {
    return this.#tables.findToken(hash)
  }

  async listTokens(): Promise<TokenRecord[]> {
    return this.#tables.tokens()
  }

  async changeToken(id: string, change: TokenChange): Promise<TokenRecord | undefined> {
    const token = this.#tables.changeToken(id, change)
    await this.#publish()
    return token
  }

  async removeToken(id: string): Promise<TokenRecord | undefined> {
    const token = this.#tables.removeToken(id)
    await this.#publish()
    return token
  }

  async listTenants(): Promise<TenantRecord[]> {
    return this.#tables.tenants()
  }

  async findTenant(id: string, isName = false): Promise<TenantRecord | undefined> {
    return isName ? this.#tables.tenantNamed(id) : this.#tables.findTenant(id)
  }

  async changeTenant(id: string, change: Parameters<Registrar['changeTenant']>[1]): Promise<void> {
    this.#tables.changeTenant(id, change)
    await this.#publish()
  }

  async removeTenant(id: string): Promise<TokenRecord[] | undefined> {
    const removed = this.#tables.removeTenant(id)
    await this.#publish()
    return removed
  }

  async listRoutes(): Promise<AddedRoute[]> {
    return this.#routes.all()
  }

  async addRoute(route: AddedRoute): Promise<'added' | 'taken' | 'full'> {
    const added = this.#routes.add(route)
    await this.#publish()
    return added
  }

  async removeRoute(id: string): Promise<boolean> {
    const removed = this.#routes.remove(id)
    await this.#publish()
    return removed !== undefined
  }

  override alarm(): Promise<void> {
    return this.#clock.ring(() => this.#tend())
  }

  async #tend(): Promise<void> {
    const { keepOwnersMs, forgetEveryMs, keepPlaceMs } = this.#ports().waits
    if (this.#places.forget(Date.now())) this.#clock.setFor(Date.now() + keepPlaceMs)
    if (Date.now() >= this.#forgetAt) {
      const due = this.#tables.forget(keepOwnersMs, forgetEveryMs)
      this.#forgetAt = Date.now() + forgetEveryMs
      this.forgetOldUploads()
      if (due !== undefined) this.#clock.setFor(due)
    } else this.#clock.setFor(this.#forgetAt)
    if (this.#tables.isClosed && this.#tables.snapshot().accounts.length > 0) await this.#empty()
    await this.#accounts.letGoLeftOvers()
    if (!this.#claims.isEmpty) this.#armSoon()
    await this.#publish()
  }

  async #publishAccounts(): Promise<AccountSnapshot> {
    await this.#publish()
    return this.#tables.snapshot()
  }

  #publish(): Promise<void> {
    return this.#copying.publish()
  }

  #armSoon(): void {
    this.#clock.setFor(Date.now() + 1500)
  }

  protected tables(): DeskTables {
    return this.#tables
  }
}
