/**
 * TenantDesk: one object per tenant and provider, the only writer of its accounts; and one object more, the
 * registrar (registrar-desk.ts). What it keeps in SQL is the truth, its KV copies are for reading far away.
 */
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Endpoint, DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type {
  Desk,
  EndpointChange,
  KeyEnd,
  Made,
  SaveAnswer,
  Turn,
  UnknownCreation,
} from '#domain/ports/desk.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import type { KeyTurn } from '#domain/creations/idempotency.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import { Claims } from '#durable/desk/account-claims.ts'
import { DeskAccounts } from '#durable/desk/save-accounts.ts'
import { KeyBook } from '#durable/desk/idempotency-keys.ts'
import { ListPlaces } from '#durable/desk/page-positions.ts'
import { RefusedBook } from '#durable/desk/refused-accounts.ts'
import { Renewals } from '#durable/desk/session-renewals.ts'
import { UploadDesk } from '#durable/desk/upload-desk.ts'
import { WaitingRoom } from '#durable/desk/waiting-room.ts'

/** Each is told of every event. */
const ENDPOINTS_MAX = 50

export class TenantDesk extends UploadDesk implements Desk {
  readonly #places: ListPlaces
  readonly #refused: RefusedBook
  readonly #claims: Claims
  readonly #accounts: DeskAccounts
  readonly #waiting = new WaitingRoom(this.ports)
  readonly #renewals: Renewals
  readonly #keys: KeyBook
  /** When old rows are looked for again, as far as this object remembers. */
  #forgetAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#places = new ListPlaces(ctx.storage)
    this.#refused = new RefusedBook(ctx.storage)
    this.#renewals = new Renewals(this.tables, this.ports, this.publish)
    this.#claims = new Claims(ctx.storage)
    const { ports, armSoon, audit } = this
    this.#accounts = new DeskAccounts(this.tables, this.#claims, { ports, armSoon, audit })
    this.#keys = new KeyBook(this.tables, () => this.ports().durations)
  }

  /** Of a closed desk nothing shows, also while its accounts are still being let go. */
  async snapshot(): Promise<AccountSnapshot> {
    const snapshot = this.tables.snapshot()
    return this.tables.isClosed ? { version: snapshot.version, accounts: [] } : snapshot
  }

  async saveAccount(account: Account, by?: Actor): Promise<SaveAnswer> {
    if (this.tables.isClosed) return { ok: false, reason: 'closed' }
    const saved = await this.#accounts.save(account, by)
    if (!saved) return { ok: false, reason: 'exists' }
    // The tenant was removed while the claim was being answered.
    if (this.tables.isClosed) {
      await this.#empty()
      return { ok: false, reason: 'closed' }
    }
    this.#renewals.allow(account.email)
    this.noteChanged(account.email)
    this.ctx.waitUntil(this.#waiting.lookAgain(account.key))
    return { ok: true, isNew: saved.isNew, snapshot: await this.#publishAccounts() }
  }

  async changeLimit(email: string, maxJobs: number, now: number, by?: Actor): Promise<SaveAnswer> {
    const account = this.tables.findAccount(email)
    if (!account) return { ok: false, reason: 'not_found' }
    return this.saveAccount({ ...account, maxJobs, updatedAt: now }, by)
  }

  async removeAccount(
    email: string,
    isNow: boolean,
    by?: Actor
  ): Promise<AccountSnapshot | undefined> {
    const isRemoved = await this.#accounts.remove(email, isNow, by)
    return isRemoved ? this.#publishAccounts() : undefined
  }

  async formerKeys(): Promise<string[]> {
    return this.tables.formerKeys(Date.now() - this.ports().durations.keepEndedMs)
  }

  async refreshSession(email: string, stale: number): Promise<AccountSnapshot> {
    await this.#renewals.renew(email, stale)
    return this.snapshot()
  }

  async holds(email: string, key: string): Promise<boolean> {
    return this.#accounts.holds(email, key)
  }

  async learn(owners: Owner[]): Promise<string[]> {
    this.tables.learn(owners)
    this.clock.setFor(Date.now() + this.ports().durations.keepOwnersMs)
    return this.noteLearnt(owners)
  }

  /** Asked by older Workers; newer ones ask madeBy. */
  async isMadeElsewhere(requestId: string, email: string): Promise<boolean> {
    const made = this.tables.madeBy(requestId)
    return made !== undefined && made.email !== email
  }

  async noteMade(requestId: string, made: Made): Promise<void> {
    this.tables.noteMade(requestId, made)
    this.clock.setFor(Date.now() + this.ports().durations.keepOwnersMs)
  }

  async madeBy(requestId: string): Promise<Made | undefined> {
    return this.tables.madeBy(requestId)
  }

  async ownersOf(ids: string[]): Promise<Owner[]> {
    return this.tables.ownersOf(ids)
  }

  async close(): Promise<void> {
    this.tables.close(Date.now())
    await this.#empty()
  }

  async #empty(): Promise<void> {
    for (const account of this.tables.snapshot().accounts)
      await this.removeAccount(account.email, false)
    this.tables.forgetAll()
    this.joins.forgetAll()
    this.forgetUploads()
    this.#places.clear()
    await this.publish()
  }

  async beginKey(name: string, requestId: string): Promise<KeyTurn> {
    const turn = this.#keys.begin(name, requestId)
    if (turn.kind === 'fresh') this.clock.setFor(Date.now() + this.ports().durations.keepOwnersMs)
    return turn
  }

  async endKey(name: string, requestId: string, end: KeyEnd): Promise<void> {
    this.#keys.end(name, requestId, end)
  }

  /** The KV copy of the accounts tells every isolate until when it is worth asking; it is written at most every ten minutes. */
  async noteUnknown(print: string, unknown: UnknownCreation): Promise<void> {
    const { joinMs } = this.ports().durations
    if (!this.joins.note(print, unknown, Date.now(), joinMs)) return
    this.tables.touchAccounts()
    await this.publish()
  }

  async unknownOf(print: string): Promise<UnknownCreation | undefined> {
    return this.joins.find(print, Date.now(), this.ports().durations.joinMs)
  }

  async forgetUnknown(print: string, requestId: string): Promise<void> {
    this.joins.forget(print, requestId, Date.now(), this.ports().durations.joinMs)
  }

  async requestsOfKey(key: string): Promise<string[]> {
    return this.tables.requestsOfKey(key)
  }

  async addEndpoint(endpoint: Endpoint, by?: Actor): Promise<boolean> {
    if (this.tables.isClosed) return false
    const known = this.tables.outlets.endpoints()
    // Asked again because the answer was lost: it is there already.
    if (known.some((one) => one.id === endpoint.id)) return true
    if (known.length >= ENDPOINTS_MAX) return false
    this.tables.outlets.saveEndpoint(endpoint)
    this.audit.endpoint(by, 'endpoint.added', endpoint)
    return true
  }

  async endpoints(): Promise<Endpoint[]> {
    return this.tables.outlets.endpoints()
  }

  async changeEndpoint(
    id: string,
    change: EndpointChange,
    by?: Actor
  ): Promise<Endpoint | undefined> {
    const before = this.tables.outlets.find(id)
    if (!before) return undefined
    const after = { ...before, ...change }
    this.tables.outlets.saveEndpoint(after)
    const isRotated = change.secret !== undefined
    this.audit.endpoint(by, isRotated ? 'endpoint.secret_rotated' : 'endpoint.changed', after)
    return after
  }

  async removeEndpoint(id: string, by?: Actor): Promise<boolean> {
    const endpoint = this.tables.outlets.find(id)
    if (endpoint) this.audit.endpoint(by, 'endpoint.removed', endpoint)
    return this.tables.outlets.dropEndpoint(id)
  }

  async saveCallbackSecret(sealed: string, now: number, by?: Actor): Promise<void> {
    if (this.tables.isClosed) return
    const before = this.tables.outlets.callbackSecret()
    if (before?.current === sealed) return
    const previous = before === undefined ? {} : { previous: before.current }
    this.tables.outlets.saveCallbackSecret({ current: sealed, rotatedAt: now, ...previous })
    this.audit.callbackSecret(by)
  }

  async outlets(): Promise<DeliveryTargets> {
    return this.tables.outlets.all()
  }

  async keepPlace(place: string): Promise<string> {
    const { keepPlaceMs } = this.ports().durations
    const name = this.#places.keep(place, Date.now(), keepPlaceMs)
    this.clock.setFor(Date.now() + keepPlaceMs)
    return name
  }

  async placeOf(name: string): Promise<string | undefined> {
    return this.#places.find(name, Date.now())
  }

  async takeUpload(tokenId: string, bytes: number): Promise<number | undefined> {
    return this.tables.uploads.take(tokenId, bytes, Date.now())
  }

  async awaitTurn(waiter: Waiter, until: number): Promise<Turn> {
    return this.#waiting.awaitTurn(waiter, until)
  }

  async noteFreed(accountKey: string, slots?: number): Promise<void> {
    this.#waiting.noteFreed(accountKey, slots)
  }

  async noteRefused(accountKey: string, until: number): Promise<boolean> {
    const pool = this.tables.snapshot().accounts.map(({ key }) => key)
    return this.#refused.note(this.ports(), pool, { account: accountKey, until })
  }

  async reseal(key: string, from?: string): Promise<ResealStep> {
    return this.resealing.desk(key, from)
  }

  override alarm(): Promise<void> {
    return this.clock.run(() => this.#tend())
  }

  async #tend(): Promise<void> {
    const { keepOwnersMs, keepAuditMs, forgetEveryMs, keepPlaceMs } = this.ports().durations
    if (this.#places.forget(Date.now())) this.clock.setFor(Date.now() + keepPlaceMs)
    if (Date.now() >= this.#forgetAt) {
      const due = this.tables.forget({ keepOwnersMs, keepAuditMs, everyMs: forgetEveryMs })
      this.#forgetAt = Date.now() + forgetEveryMs
      this.forgetOldUploads()
      if (due !== undefined) this.clock.setFor(due)
    } else this.clock.setFor(this.#forgetAt)
    if (this.tables.isClosed && this.tables.snapshot().accounts.length > 0) await this.#empty()
    await this.#accounts.letGoLeftOvers()
    if (!this.#claims.isEmpty) this.armSoon()
    await this.publish()
  }

  async #publishAccounts(): Promise<AccountSnapshot> {
    await this.publish()
    return this.tables.snapshot()
  }
}
