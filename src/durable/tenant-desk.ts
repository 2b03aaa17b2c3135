/**
 * TenantDesk: one object for each tenant and provider; the registrar, which keeps tokens and tenants; and hubs, which open pages look at. Its tables
 * are the truth. KV has copies for reading. This class only names the RPC methods. The parts in `desk/` do the work.
 */
import { durationsOf, makePorts } from '#composition/make-ports.ts'
import { platform } from '#composition/platform.ts'
import type { Actor, AuditEntry, AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { DeskRows, Imported } from '#domain/backup/exported.ts'
import type { SignIn, SignInWish } from '#domain/accounts/sign-in.ts'
import type { Families } from '#domain/legacy/probe.ts'
import type { DeliveryTargets, Endpoint } from '#domain/events/endpoint.ts'
import type {
  Desk,
  EndpointChange,
  Registrar,
  SaveAnswer,
  SignInAnswer,
  Turn,
} from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotsSeen } from '#domain/accounts/seen-full.ts'
import type { ClientWish } from '#domain/queue/waiting-clients.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { Saved } from '#durable/desk/desk-accounts.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'
import { makeDeskParts, SOON_MS, type DeskParts } from './desk-parts.ts'
import { LineMethods } from './line-methods.ts'

/** Tokens of a removed tenant live on for a minute elsewhere, and calls that were under way for longer. */
const STRAGGLERS_MS = 10 * 60_000
/** The alarm of that time may come late. */
const EMPTIED_WITHIN_MS = 2 * 3_600_000

export class TenantDesk extends LineMethods implements Desk, Registrar {
  readonly #parts: DeskParts
  readonly #clock: AlarmClock
  /** A closed desk has removed, since this object woke up, what late calls left. */
  #isEmptied = false
  /** The object does not look for old rows again before this time (epoch ms). */
  #forgetAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#clock = new AlarmClock(ctx.storage, platform.now)
    this.#parts = makeDeskParts({
      storage: ctx.storage,
      name: ctx.id.name ?? '',
      kv: env.REGISTRY,
      ports: () => this.#ports(),
      armIn: (ms) => this.armIn(ms),
      saveAccount: (account, by) => this.saveAccount(account, by),
      // A socket that is closing stands in the list for some seconds more.
      sockets: () =>
        ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.READY_STATE_OPEN),
      accept: (socket) => this.acceptSocket(socket),
    })
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.read()
      // The alarm itself finds out what is due.
      this.#clock.restore(() => (this.#hasWork() ? platform.now() + SOON_MS : Infinity))
      this.parts.signIns.resume()
      this.parts.targets.resume()
    })
  }

  /** Every call comes by here. It sets an alarm again that the platform gave up while the object was awake. */
  protected get parts(): DeskParts {
    this.#clock.check()
    return this.#parts
  }

  // Accounts

  /** A closed desk shows no accounts, even while they are still being released. */
  async snapshot(): Promise<AccountSnapshot> {
    const snapshot = this.#tables.accounts.snapshot()
    return this.#isClosed ? { version: snapshot.version, accounts: [] } : snapshot
  }

  async saveAccount(account: Account, by?: Actor): Promise<SaveAnswer> {
    return this.#save(account, () => this.parts.accounts.save(account, by))
  }

  async #save(account: Account, work: () => Promise<Saved>): Promise<SaveAnswer> {
    if (this.#isClosed) return { ok: false, reason: 'closed' }
    const saved = await work()
    if (!saved || saved === 'busy') return { ok: false, reason: saved ?? 'exists' }
    // The tenant may have been removed during the claim.
    if (this.#isClosed) {
      await this.#empty()
      return { ok: false, reason: 'closed' }
    }
    this.parts.renewals.allow(account.email)
    this.#tables.uploadAccounts.forgetParking(account.email)
    this.ctx.waitUntil(this.parts.waiting.lookAgain(account.key))
    this.parts.full.note([{ account: account.key }])
    this.parts.line.accountsChanged()
    if (saved.isNew) this.ctx.waitUntil(this.refreshAlerts().catch(() => {}))
    await this.parts.kv.write()
    return { ok: true, isNew: saved.isNew, snapshot: this.#tables.accounts.snapshot() }
  }

  async changeLimit(email: string, maxJobs: number, now: number, by?: Actor): Promise<SaveAnswer> {
    const account = this.#tables.accounts.find(email)
    if (!account) return { ok: false, reason: 'not_found' }
    const limit = { maxJobs, updatedAt: now }
    return this.#save(account, () => this.parts.accounts.changeLimit(account, limit, by))
  }

  async endImport(email: string): Promise<SaveAnswer> {
    const account = this.#tables.accounts.find(email)
    if (!account) return { ok: false, reason: 'not_found' }
    return this.#save(account, () => this.parts.accounts.endImport(account))
  }

  drainAccount(email: string, isDrained: boolean, by?: Actor): Promise<SaveAnswer> {
    return this.once(by, async () => {
      const account = this.#tables.accounts.find(email)
      if (!account) return { ok: false, reason: 'not_found' }
      return this.#save(account, () => this.parts.accounts.drain(account, isDrained))
    })
  }

  async exportRows(): Promise<DeskRows> {
    return this.parts.backup.rows()
  }

  async importRows(rows: DeskRows, by?: Actor): Promise<Imported> {
    const imported = await this.parts.backup.take(rows, by)
    // The tenant may have been removed meanwhile.
    if (this.#isClosed) await this.#empty()
    else await this.parts.alerts.refresh().catch(() => {})
    await this.parts.targets.push()
    await this.parts.kv.write()
    return imported
  }

  async removeAccount(
    email: string,
    isNow: boolean,
    by?: Actor
  ): Promise<AccountSnapshot | undefined> {
    if (!(await this.parts.accounts.remove(email, isNow, by))) return undefined
    this.parts.line.accountsChanged()
    await this.parts.kv.write()
    return this.#tables.accounts.snapshot()
  }

  async refreshSession(email: string, stale: number): Promise<AccountSnapshot> {
    await this.parts.renewals.renew(email, stale)
    return this.snapshot()
  }

  async beginSignIn(wish: SignInWish, by?: Actor): Promise<SignInAnswer> {
    return this.parts.signIns.begin(wish, by)
  }

  async findSignIn(id: string): Promise<SignIn | undefined> {
    return this.parts.signIns.find(id)
  }

  async cancelSignIn(id: string, by?: Actor): Promise<SignIn | undefined> {
    return this.parts.signIns.cancel(id, by)
  }

  async noteLegacy(email: string, key: string, legacy: Families): Promise<boolean> {
    const account = this.#tables.accounts.find(email)
    if (account?.key !== key) return false
    this.#tables.accounts.save({ ...account, legacy })
    await this.parts.kv.write()
    return true
  }

  async holds(email: string, key: string): Promise<boolean> {
    return this.parts.accounts.holds(email, key)
  }

  async formerKeys(): Promise<string[]> {
    return this.#tables.accounts.formerKeys(platform.now() - this.durations.keepEndedMs)
  }

  async noteRefused(accountKey: string, until: number): Promise<boolean> {
    const pool = this.#tables.accounts.all.map(({ key }) => key)
    return this.parts.refused.add(this.#ports(), pool, accountKey, until)
  }

  /** Called when the tenant was removed. Releases every account and deletes everything but the audit. */
  async close(): Promise<void> {
    this.#tables.accounts.close(platform.now())
    this.armIn(STRAGGLERS_MS)
    await this.#empty()
  }

  // Waiting and lists

  async fullAccounts(seen: SlotsSeen[]): Promise<Required<SlotsSeen>[]> {
    this.parts.full.note(seen)
    return this.parts.full.list()
  }

  async awaitTurn(waiter: Waiter & Partial<ClientWish>, until: number): Promise<Turn> {
    return this.parts.waiting.awaitTurn(waiter, until)
  }

  async noteFreed(accountKey: string, slots?: number): Promise<void> {
    this.parts.waiting.addFree(accountKey, slots)
  }

  async keepPlace(place: string): Promise<string> {
    const { keepPlaceMs } = this.durations
    this.armIn(keepPlaceMs)
    return this.parts.pageTokens.keep(place, keepPlaceMs)
  }

  async placeOf(name: string): Promise<string | undefined> {
    return this.parts.pageTokens.find(name)
  }

  // Webhook endpoints

  async addEndpoint(endpoint: Endpoint, by?: Actor): Promise<boolean> {
    return this.parts.targets.pushedAfter(this.parts.endpoints.add(endpoint, by))
  }

  async endpoints(): Promise<Endpoint[]> {
    return this.#tables.endpoints.endpoints()
  }

  async changeEndpoint(
    id: string,
    change: EndpointChange,
    by?: Actor
  ): Promise<Endpoint | undefined> {
    return this.parts.targets.pushedAfter(this.parts.endpoints.change(id, change, by))
  }

  async removeEndpoint(id: string, by?: Actor): Promise<boolean> {
    return this.parts.targets.pushedAfter(this.parts.endpoints.remove(id, by))
  }

  async saveCallbackSecret(sealed: string, now: number, by?: Actor): Promise<void> {
    this.parts.endpoints.saveCallbackSecret(sealed, now, by)
    await this.parts.targets.push()
  }

  async saveTokenSecret(token: string, sealed: string, now: number, by?: Actor): Promise<void> {
    this.parts.endpoints.saveTokenSecret(token, sealed, now, by)
    await this.parts.targets.push()
  }

  async outlets(): Promise<DeliveryTargets> {
    return this.parts.targets.current()
  }

  // Alerts

  async noteFull(): Promise<void> {
    return this.parts.alerts.noteFull()
  }

  async refreshAlerts(): Promise<void> {
    await this.parts.alerts.refresh()
    await this.parts.targets.push()
  }

  // Audit and re-sealing, in desks and in the registrar

  async noteAudit(entry: AuditEntry, by: Actor): Promise<void> {
    this.parts.audit.write(by, entry)
  }

  async listAudit(query: AuditQuery): Promise<AuditLine[]> {
    return this.#tables.audit.list(query)
  }

  async reseal(key: string, from?: string): Promise<ResealStep> {
    return this.parts.resealing.desk(key, from)
  }

  // The alarm

  override alarm(): Promise<void> {
    return this.#clock.run(() => this.#maintain())
  }

  /** Whether the alarm has something to do, now or later. */
  #hasWork(): boolean {
    const { hub, claims, targets, alerts, signIns, pageTokens, line } = this.parts
    if (hub) return hub.hasWork
    if (line.hasWork) return true
    const isClosing = this.#isClosed && this.#tables.accounts.all.length > 0
    const isOwed = !claims.isEmpty || targets.unconfirmed > 0 || alerts.isFaultNoted
    if (isClosing || isOwed || signIns.nextAt() !== undefined || pageTokens.forget()) return true
    return this.#tables.hasWork(this.durations, platform.now())
  }

  async #maintain(): Promise<void> {
    if (this.parts.hub) return this.parts.hub.runDue()
    const { accounts, claims, kv, targets, alerts, signIns, line } = this.parts
    const now = platform.now()
    await this.#clock.runEach([
      () => this.#forgetOld(now),
      () => this.#emptyAgain(now),
      () => accounts.releaseLeftOver(),
      () => {
        if (!claims.isEmpty) this.armIn(SOON_MS)
      },
      () => kv.write(),
      () => targets.runDue(),
      () => alerts.runDue(),
      () => signIns.runDue(),
      () => this.#clock.setFor(signIns.nextAt() ?? Infinity),
      () => line.runDue(),
      () => {
        const { keepOwnersMs, forgetEveryMs } = this.durations
        this.#clock.setFor(line.nextAt(keepOwnersMs, forgetEveryMs) ?? Infinity)
      },
    ])
  }

  #forgetOld(now: number): void {
    const { keepPlaceMs, forgetEveryMs, keepOwnersMs } = this.durations
    if (this.parts.pageTokens.forget()) this.armIn(keepPlaceMs)
    if (now < this.#forgetAt) return this.#clock.setFor(this.#forgetAt)
    const dueAt = this.#tables.forgetOld(this.durations, now)
    this.#forgetAt = now + forgetEveryMs
    this.parts.refused.forget(now)
    this.parts.line.forget(now, keepOwnersMs)
    this.parts.shares.forgetOld(now)
    if (dueAt !== undefined) this.#clock.setFor(dueAt)
  }

  /** Removes what a removal has left, because a crash or a late call of the tenant's came between. */
  async #emptyAgain(now: number): Promise<void> {
    const { closedAt } = this.#tables.accounts
    if (closedAt === undefined) return
    const lastAt = closedAt + STRAGGLERS_MS
    if (now < lastAt) this.#clock.setFor(lastAt)
    const hasAccounts = this.#tables.accounts.all.length > 0
    // To empty it writes to KV, which sets the alarm. So it is not done at every alarm, or the desk would never sleep.
    const isLast = now >= lastAt && now < lastAt + EMPTIED_WITHIN_MS && !this.#isEmptied
    if (!hasAccounts && !isLast) return
    await this.#empty()
    this.#isEmptied = isLast
  }

  async #empty(): Promise<void> {
    for (const account of this.#tables.accounts.all) await this.removeAccount(account.email, false)
    this.#tables.forgetAll()
    this.parts.line.forgetAll()
    this.parts.unknown.forgetAll()
    this.parts.pageTokens.clear()
    this.parts.full.clear()
    this.parts.refused.forgetAll()
    this.parts.shares.forgetAll()
    this.parts.signIns.forgetAll()
    await this.parts.alerts.close()
    this.parts.targets.forget()
    await this.parts.kv.write()
  }

  get #tables(): DeskParts['tables'] {
    return this.parts.tables
  }

  get #isClosed(): boolean {
    return this.#tables.accounts.isClosed
  }

  protected get durations(): Ports['durations'] {
    return durationsOf(this.env)
  }

  #ports(): Ports {
    return makePorts(this.env, (work) => this.ctx.waitUntil(work))
  }

  protected armIn(ms: number): void {
    this.#clock.setFor(platform.now() + ms)
  }
}
