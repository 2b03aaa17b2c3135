/**
 * AccountSlots: one object per provider account. Holds its leases, ended jobs, parking, webhook and outbox, and a
 * sealed copy of the credential for the questions of its alarm. Load, decide (in `domain`), save, arm the alarm: it
 * decides nothing itself, and between load and save nothing is awaited. Methods only ever gain optional arguments: an
 * older Worker may talk to a newer object and the reverse.
 */
import { DurableObject } from 'cloudflare:workers'
import { makePorts } from '#composition/make-ports.ts'
import { holderOf, isHeldBy, mayClaim, type Account } from '#domain/accounts/account.ts'
import { LANES, sendAgain, type Delivery } from '#domain/events/delivery.ts'
import type { EventOutcome } from '#domain/events/incoming-event.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import {
  grant,
  nextDueAt,
  release,
  type JobReport,
  type JobStart,
  type LeaseAnswer,
  type LeaseAsk,
} from '#domain/slots/lease.ts'
import { fromLeaseMessage, type LeaseMessage } from '#domain/slots/lease-record.ts'
import { endAllAsLost, untrack } from '#domain/jobs/untrack-job.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder, Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Holder } from '#domain/accounts/account.ts'
import type {
  ClaimAnswer,
  DeliveryQuery,
  LookUpResult,
  ReceivedEvent,
  Room,
  SlotDesk,
  SlotsView,
} from '#domain/ports/slots.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import { reconcileActionOf } from '#domain/jobs/reconcile.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import { ASKED_AT_ONCE } from '#flows/jobs/status-checks.ts'
import { deliver } from '#flows/events/deliver.ts'
import { getProvider } from '#providers/index.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { resealAccount } from '#durable/account/resealing.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'
import { Retention } from '#durable/account/retention.ts'
import { WebhookRegistration } from '#durable/account/webhook-registration.ts'
import { RemovedAccount } from '#durable/account/removed-account.ts'
import { aboutAccount, logEnds, logGivenUp } from '#durable/account/log-results.ts'
import { StatusChecks } from '#durable/account/status-checks.ts'
import { Outbox } from '#durable/account/outbox.ts'
import { DeliveryTargetsCache } from '#durable/account/delivery-targets.ts'
import { AccountChecks } from '#durable/account/account-checks.ts'
import { IncomingEvents } from '#durable/account/incoming-events.ts'
import { Settlement } from '#durable/account/settlement.ts'
import { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { viewOf, viewOfOthers } from '#durable/account/slots-view.ts'
import { SlotWatchers } from '#durable/account/slot-watchers.ts'

export class AccountSlots extends DurableObject<Env> implements SlotDesk {
  readonly #tables: SlotsTables
  readonly #clock: AlarmClock
  readonly #targets: DeliveryTargetsCache
  readonly #outbox: Outbox
  readonly #settlement: Settlement
  readonly #statusChecks: StatusChecks
  readonly #webhook: WebhookRegistration
  readonly #removed: RemovedAccount
  readonly #retention: Retention
  readonly #watchers: SlotWatchers
  readonly #incoming: IncomingEvents
  readonly #about = () => aboutAccount(this.#tables.account())
  readonly #accountChecks: AccountChecks
  #isAsking = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const ports = () => this.#ports()
    const durations = () => this.#ports().durations
    const provider = () => this.#provider()
    const blame = (fault: Fault) => this.#accountChecks.blame(fault)
    this.#tables = new SlotsTables(ctx.storage)
    this.#clock = new AlarmClock(ctx.storage)
    this.#retention = new Retention(this.#tables, durations)
    this.#targets = new DeliveryTargetsCache(ports)
    this.#webhook = new WebhookRegistration(this.#tables, ports, () => this.#removed.isDone())
    this.#outbox = new Outbox(this.#tables.pendingDeliveries(), {
      durations,
      lanes: () => LANES - (this.#isAsking ? ASKED_AT_ONCE : 0),
      load: (id) => this.#tables.findDelivery(id),
      readTargets: (delivery) => this.#targets.forSending(delivery),
      send: (delivery, outlets) =>
        deliver(this.#ports(), delivery, outlets, this.#tables.account()?.publicOrigin ?? ''),
      save: (changed, dropped) => {
        this.#tables.saveDeliveries(changed, dropped)
        logGivenUp(this.#ports(), changed)
      },
      noteSaved: () => {
        this.#wipeWhenDone()
        this.#arm()
      },
    })
    this.#removed = new RemovedAccount(this.#tables, durations, () => this.#outbox.isEmpty)
    this.#settlement = new Settlement(this.#tables, this.#targets, {
      provider,
      durations,
      isAsking: () => this.#isAsking,
      lastEventAt: () => this.#incoming.lastEventAt,
      owe: (deliveries) => this.#owe(deliveries),
      noteEnded: (ended) => {
        logEnds(this.#ports(), ended)
        this.#wipeWhenDone()
      },
      noteFreed: () => this.#watchers.noteFreed(),
    })
    const common = { ports, provider, blame }
    const readTargets = (tenant: string) => this.#readTargets(tenant)
    this.#incoming = new IncomingEvents(this.#tables, this.#settlement, { ...common, readTargets })
    const settle = (reports: JobReport[]) => this.#settle(reports)
    this.#statusChecks = new StatusChecks(this.#tables, this.#settlement, { ...common, settle })
    this.#accountChecks = new AccountChecks(this.#tables, {
      ports,
      provider,
      isOthers: (tenant) => this.#isOthers(tenant),
      noteReturned: () => this.#watchers.noteReturned(),
      arm: () => this.#arm(),
    })
    this.#watchers = new SlotWatchers(this.#tables, () => this.#settlement.ledger(), ports)
    void ctx.blockConcurrencyWhile(async () => {
      await this.#clock.read()
      this.#clock.restore(() => this.#dueAt())
      this.#outbox.pump()
    })
  }

  async claim(account: Account, instead?: Holder): Promise<ClaimAnswer> {
    const held = this.#tables.account()
    if (held && !this.#tables.isRetired() && !mayClaim(held, account, instead)) {
      return { ok: false, holder: holderOf(held), provider: held.provider }
    }
    this.#tables.saveAccount(account)
    this.#webhook.wantFor(account, held)
    this.#arm()
    return { ok: true }
  }

  async renew(account: Account): Promise<void> {
    const held = this.#tables.account()
    if (!held || !isHeldBy(held, account) || this.#tables.isRetired()) return
    this.#tables.replaceAccount({ ...account, claimId: held.claimId })
  }

  async retire(isNow: boolean, holder?: Holder): Promise<void> {
    if (isNow) await this.#readTargets()
    if (this.#isOthers(holder?.tenant, holder?.email)) return
    this.#tables.retire(Date.now())
    if (isNow) {
      this.#settlement.save(endAllAsLost(this.#tables.leases(), Date.now()))
      this.ctx.waitUntil(this.#webhook.wipeNow())
    }
    this.#wipeWhenDone()
    this.#arm()
  }

  /** Another holds the account than who asks. */
  #isOthers(tenant: string | undefined, email?: string): boolean {
    const held = this.#tables.account()
    return Boolean(held && tenant && !isHeldBy(held, { tenant, email: email ?? held.email }))
  }

  async acquire(message: LeaseMessage | LeaseAsk): Promise<LeaseAnswer> {
    const ask = fromLeaseMessage(message)
    if (this.#isOthers(ask.tenant)) return { ok: false, reason: 'retired', maxJobs: 0 }
    const { answer, change } = grant(
      this.#settlement.ledger(),
      ask,
      Date.now(),
      this.#ports().durations
    )
    this.#settlement.save(change)
    if (answer.ok) this.#watchers.noteGranted()
    this.#arm()
    return answer
  }

  async lookNow(requestId: string): Promise<LookUpResult> {
    await this.#readTargets()
    return this.#statusChecks.lookNow(requestId).finally(() => this.#arm())
  }

  async bind(
    requestId: string,
    starts: JobStart[],
    again?: LeaseMessage | LeaseAsk
  ): Promise<void> {
    const isAwaited = this.#tables.earlyEvents().length > 0
    if (isAwaited) await this.#readTargets()
    this.#settlement.bind(requestId, starts, again && fromLeaseMessage(again))
    if (isAwaited) this.#settlement.applyEarlyEvents()
    this.#arm()
  }

  async release(requestId: string, fault?: Fault): Promise<Finding | undefined> {
    const isAwaited = this.#tables.earlyEvents().length > 0
    if (isAwaited) await this.#readTargets()
    this.#settlement.save(release(this.#settlement.ledger(), requestId))
    if (isAwaited) this.#settlement.applyEarlyEvents()
    this.#wipeWhenDone()
    return fault && this.#accountChecks.blame(fault)
  }

  async keepGuess(
    id: string,
    start: GuessedStart,
    again: LeaseMessage | LeaseAsk
  ): Promise<boolean> {
    const isKept = this.#settlement.keepGuess(id, start, fromLeaseMessage(again))
    this.#arm()
    return isKept
  }

  async settle(reports: JobReport[]): Promise<boolean> {
    if (this.#settlement.isEnding(reports)) await this.#readTargets()
    return this.#settle(reports)
  }

  /** The alarm has read the endpoints a moment ago; what is too old by now is read when it is due. */
  #settle(reports: JobReport[]): boolean {
    const isChanged = this.#settlement.applyReports(reports)
    this.#arm()
    return isChanged
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const became = await this.#incoming.receive(received)
    this.#arm()
    return became
  }

  async blame(fault: Fault): Promise<Finding> {
    return this.#accountChecks.blame(fault)
  }

  /** Asked by older Workers, which doubt nothing. */
  async park(order: ParkOrder, tenant?: string): Promise<Parking> {
    return this.#accountChecks.parkFor(order, tenant)
  }

  async hold(until: number): Promise<void> {
    this.#accountChecks.hold(until)
  }

  async unpark(tenant: string): Promise<void> {
    if (!this.#isOthers(tenant)) this.#accountChecks.unpark()
  }

  async untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean> {
    const change = untrack(this.#tables.leases(), tenant, jobId, isForced, Date.now())
    return this.#settlement.save(change)
  }

  async watch(until: number): Promise<Room> {
    return this.#watchers.watch(until)
  }

  async view(tenant: string): Promise<SlotsView> {
    if (this.#isOthers(tenant)) return viewOfOthers(this.#settlement.ledger(), tenant)
    return viewOf(this.#settlement.ledger(), tenant, this.#webhook.failure())
  }

  async reseal(key: string): Promise<ResealStep> {
    const step = await resealAccount(this.#ports(), this.#tables, key)
    this.#arm()
    return step
  }

  async findJob(tenant: string, name: JobName): Promise<JobRecord | undefined> {
    return this.#tables.findJob(tenant, name)
  }

  async listJobs(query: JobQuery): Promise<JobPage> {
    return this.#tables.listJobs(query)
  }

  async listDeliveries(query: DeliveryQuery): Promise<Delivery[]> {
    return this.#tables.listDeliveries(query)
  }

  async findDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    const found = this.#tables.findDelivery(id)
    return found?.tenant === tenant ? found : undefined
  }

  async retryDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    // Its endpoint may have been mended or switched on a moment ago for this very attempt.
    await this.#targets.read(this.#provider().name, [tenant])
    const found = await this.findDelivery(tenant, id)
    if (!found || this.#outbox.isSending(id)) return found
    const again = sendAgain(found, Date.now())
    this.#tables.sendAgain(again)
    this.#owe([again])
    return again
  }

  override alarm(): Promise<void> {
    return this.#clock.ring(() => this.#tend(), this.#about)
  }

  /** Asks the provider about every due lease, among others. */
  async #tend(): Promise<void> {
    this.#outbox.pump()
    await this.#loseWhenRetiredLong()
    await this.#accountChecks.tend()
    await this.#reconcile()
    if (this.#tables.earlyEvents().length > 0) await this.#readTargets()
    this.#settlement.applyEarlyEvents()
    await this.#webhook.tend()
    this.#retention.forget()
    this.#wipeWhenDone()
    this.#arm(true)
  }

  async #reconcile(): Promise<void> {
    const { durations } = this.#ports()
    const due = this.#tables
      .leases()
      .filter((lease) => reconcileActionOf(lease, Date.now(), durations))
    if (due.some((lease) => lease.kind === 'job')) await this.#readTargets()
    this.#isAsking = true
    try {
      await this.#statusChecks.reconcile()
    } finally {
      this.#isAsking = false
    }
  }

  /** Also of an account that is already wiped: the object is named after it. */
  #provider(): Provider {
    return getProvider(this.#tables.account()?.provider ?? this.ctx.id.name?.split(':')[0] ?? '')
  }

  #ports(): Ports {
    return makePorts(this.env, (work) => this.ctx.waitUntil(work), this.#about)
  }

  #owe(deliveries: Delivery[]): void {
    this.#outbox.add(deliveries)
    this.#arm()
  }

  /** A retired tenant's last jobs have endpoints of their own. */
  async #readTargets(...tenants: string[]): Promise<void> {
    const account = this.#tables.account()
    const ours = this.#tables.leases().map((lease) => lease.tenant)
    const all = new Set([...tenants, ...ours, ...(account ? [account.tenant] : [])])
    await this.#targets.read(this.#provider().name, all)
  }

  async #loseWhenRetiredLong(): Promise<void> {
    if (!this.#removed.isOverdue()) return
    await this.#readTargets()
    this.#settlement.save(endAllAsLost(this.#tables.leases(), Date.now()))
  }

  #wipeWhenDone(): void {
    if (this.#removed.isDone() && this.#webhook.wipe()) this.#arm()
  }

  /** `afterAlarm`: every attempt has an alarm behind it, so no other call has to look when deliveries are forgotten. */
  #arm(afterAlarm = false): void {
    const due = this.#dueAt(afterAlarm)
    if (due !== Infinity) this.#clock.setFor(due)
  }

  /** Infinity: never. */
  #dueAt(afterAlarm = false): number {
    const { earlyMs } = this.#ports().durations
    const early = this.#tables.earlyEvents().map((incoming) => incoming.at + earlyMs)
    const own = [nextDueAt(this.#settlement.ledger()), this.#outbox.dueAt(), this.#webhook.dueAt()]
    const others = [this.#removed.keepsUntil(), this.#accountChecks.dueAt()]
    const dues = [...own, ...early, ...others].filter((due) => due !== undefined)
    if (dues.length > 0) return Math.min(...dues)
    return this.#retention.dueAt({ withDeliveries: afterAlarm })
  }
}
