/**
 * AccountSlots: one object per provider account. It holds the account's leases, ended jobs, parkings, webhook and deliveries,
 * and a sealed copy of the credential for its alarm's status checks. Each method loads, decides (in `domain`), saves and
 * sets the alarm; nothing is awaited between load and save. Public methods are RPC (domain/ports/slots.ts): their names stay and
 * they only gain optional arguments, because an older Worker may talk to a newer object and the reverse.
 */
import { DurableObject } from 'cloudflare:workers'
import { makePorts } from '#composition/make-ports.ts'
import { platform } from '#composition/platform.ts'
import { holderOf, isHeldBy, isHeldByOther, mayClaim } from '#domain/accounts/account.ts'
import { sendAgain, type Delivery } from '#domain/events/delivery.ts'
import { CONNECTIONS_MAX } from '#domain/events/delivery-queue.ts'
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
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import { fromLeaseMessage, type LeaseMessage } from '#domain/slots/lease-record.ts'
import { endAllAsLost, untrack } from '#domain/jobs/untrack-job.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import type { ParkOrder, Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Account, Holder } from '#domain/accounts/account.ts'
import type {
  ClaimAnswer,
  DeliveryQuery,
  ReceivedEvent,
  Room,
  SlotDesk,
  SlotsView,
} from '#domain/ports/slots.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import { ASKED_AT_ONCE } from '#flows/jobs/status-checks.ts'
import { deliver } from '#flows/events/deliver.ts'
import { getProvider } from '#providers/index.ts'
import { AccountChecks } from '#durable/account/account-checks.ts'
import type { AccountContext } from '#durable/account/context.ts'
import { DeliveryTargetsCache } from '#durable/account/delivery-targets.ts'
import { IncomingEvents } from '#durable/account/incoming-events.ts'
import { aboutAccount, logEnds, logGivenUp } from '#durable/account/log-results.ts'
import { Outbox } from '#durable/account/outbox.ts'
import { RemovedAccount } from '#durable/account/removed-account.ts'
import { resealAccount } from '#durable/account/resealing.ts'
import { Retention } from '#durable/account/retention.ts'
import { Settlement } from '#durable/account/settlement.ts'
import { viewOf, viewOfFormerHolder } from '#durable/account/slots-view.ts'
import { SlotWatchers } from '#durable/account/slot-watchers.ts'
import { StatusChecks } from '#durable/account/status-checks.ts'
import { WebhookRegistration } from '#durable/account/webhook-registration.ts'
import { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

export class AccountSlots extends DurableObject<Env> implements SlotDesk {
  readonly #tables: SlotsTables
  readonly #context: AccountContext
  readonly #alarm: AlarmClock
  readonly #targets: DeliveryTargetsCache
  readonly #outbox: Outbox
  readonly #settlement: Settlement
  readonly #statusChecks: StatusChecks
  readonly #webhook: WebhookRegistration
  readonly #removed: RemovedAccount
  readonly #retention: Retention
  readonly #watchers: SlotWatchers
  readonly #incoming: IncomingEvents
  readonly #accountChecks: AccountChecks
  readonly #about = () => aboutAccount(this.#tables.account())

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new SlotsTables(ctx.storage)
    this.#alarm = new AlarmClock(ctx.storage, platform.now)
    this.#context = this.#makeContext()
    this.#retention = new Retention(this.#context)
    this.#targets = new DeliveryTargetsCache(this.#context)
    this.#outbox = this.#makeOutbox()
    this.#removed = new RemovedAccount(this.#context, () => this.#outbox.isEmpty)
    this.#webhook = new WebhookRegistration(this.#context, () => this.#removed.isDone())
    this.#watchers = new SlotWatchers(this.#context, () => this.#settlement.ledger())
    this.#accountChecks = new AccountChecks(this.#context, {
      onUnparked: () => this.#watchers.onUnparked(),
      setAlarm: () => this.#setAlarm(),
    })
    const judgeFault = (fault: Fault) => this.#accountChecks.judge(fault)
    this.#settlement = this.#makeSettlement()
    this.#incoming = new IncomingEvents(this.#context, this.#settlement, this.#targets, judgeFault)
    this.#statusChecks = new StatusChecks(this.#context, {
      settlement: this.#settlement,
      incoming: this.#incoming,
      targets: this.#targets,
      settle: (reports) => this.#settle(reports),
      judgeFault,
    })
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.read()
      this.#alarm.restore(() => this.#dueAt())
      this.#outbox.startDue()
    })
  }

  #makeContext(): AccountContext {
    const ports = (): Ports => makePorts(this.env, (work) => this.ctx.waitUntil(work), this.#about)
    return {
      tables: this.#tables,
      now: platform.now,
      ports,
      durations: () => ports().durations,
      // The object is named after its provider and account, so this is known after a wipe too.
      provider: () =>
        getProvider(this.#tables.account()?.provider ?? this.ctx.id.name?.split(':')[0] ?? ''),
    }
  }

  #makeOutbox(): Outbox {
    const { now, ports, durations } = this.#context
    return new Outbox(this.#tables.pendingDeliveries(), {
      now,
      random: platform.random,
      durations,
      connections: () => CONNECTIONS_MAX - (this.#statusChecks.isReconciling ? ASKED_AT_ONCE : 0),
      load: (id) => this.#tables.findDelivery(id),
      readTargets: (delivery) => this.#targets.forSending(delivery),
      send: (delivery, targets) =>
        deliver(ports(), delivery, targets, this.#tables.account()?.publicOrigin ?? ''),
      save: (changed, removed) => {
        this.#tables.saveDeliveries(changed, removed)
        logGivenUp(ports(), changed)
      },
      onSaved: () => {
        this.#wipeWhenDone()
        this.#setAlarm()
      },
    })
  }

  #makeSettlement(): Settlement {
    return new Settlement(this.#context, this.#targets, {
      isAlarmChecking: () => this.#statusChecks.isReconciling,
      lastEventAt: () => this.#incoming.lastEventAt,
      queueDeliveries: (deliveries) => this.#queueDeliveries(deliveries),
      onEnded: (ended) => {
        logEnds(this.#context.ports(), ended)
        this.#wipeWhenDone()
      },
      onSlotsChanged: () => this.#watchers.onSlotsChanged(),
    })
  }

  async claim(account: Account, instead?: Holder): Promise<ClaimAnswer> {
    const held = this.#tables.account()
    if (held && !this.#tables.isRetired() && !mayClaim(held, account, instead)) {
      return { ok: false, holder: holderOf(held), provider: held.provider }
    }
    this.#tables.saveAccount(account)
    this.#webhook.request(account, held)
    this.#setAlarm()
    return { ok: true }
  }

  async renew(account: Account): Promise<void> {
    const held = this.#tables.account()
    if (!held || !isHeldBy(held, account) || this.#tables.isRetired()) return
    this.#tables.replaceAccount({ ...account, claimId: held.claimId })
  }

  async retire(isNow: boolean, holder?: Holder): Promise<void> {
    if (isNow) await this.#targets.read()
    if (this.#isHeldByOther(holder?.tenant, holder?.email)) return
    this.#tables.retire(this.#context.now())
    if (isNow) {
      this.#endAllAsLost()
      this.ctx.waitUntil(this.#webhook.wipeNow())
    }
    this.#wipeWhenDone()
    this.#setAlarm()
  }

  #isHeldByOther(tenant: string | undefined, email?: string): boolean {
    return isHeldByOther(this.#tables.account(), tenant, email)
  }

  async acquire(message: LeaseMessage | LeaseAsk): Promise<LeaseAnswer> {
    const ask = fromLeaseMessage(message)
    if (this.#isHeldByOther(ask.tenant)) return { ok: false, reason: 'retired', maxJobs: 0 }
    const { now, durations } = this.#context
    const { answer, change } = grant(this.#settlement.ledger(), ask, now(), durations())
    this.#settlement.save(change)
    if (answer.ok) this.#watchers.onGranted()
    this.#setAlarm()
    return answer
  }

  async lookNow(requestId: string): Promise<LookUpResult> {
    await this.#targets.read()
    return this.#statusChecks.lookNow(requestId).finally(() => this.#setAlarm())
  }

  async bind(
    requestId: string,
    starts: JobStart[],
    message?: LeaseMessage | LeaseAsk
  ): Promise<void> {
    const ask = message && fromLeaseMessage(message)
    await this.#incoming.applyDeferredAfter(
      () => this.#settlement.bind(requestId, starts, ask),
      () => this.#setAlarm()
    )
  }

  async release(requestId: string, fault?: Fault): Promise<Finding | undefined> {
    await this.#incoming.applyDeferredAfter(
      () => this.#settlement.save(release(this.#settlement.ledger(), requestId)),
      () => this.#wipeWhenDone()
    )
    return fault && this.#accountChecks.judge(fault)
  }

  async keepGuess(
    id: string,
    start: GuessedStart,
    message: LeaseMessage | LeaseAsk
  ): Promise<boolean> {
    const isKept = this.#settlement.keepGuess(id, start, fromLeaseMessage(message))
    this.#setAlarm()
    return isKept
  }

  async settle(reports: JobReport[]): Promise<boolean> {
    if (this.#settlement.isEnding(reports)) await this.#targets.read()
    return this.#settle(reports)
  }

  /** The caller has read the delivery targets. Where they are too old, they are read when the delivery is due. */
  #settle(reports: JobReport[]): boolean {
    const isChanged = this.#settlement.applyReports(reports)
    this.#setAlarm()
    return isChanged
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const outcome = await this.#incoming.receive(received)
    this.#setAlarm()
    return outcome
  }

  async blame(fault: Fault): Promise<Finding> {
    return this.#accountChecks.judge(fault)
  }

  /** Called by older Workers only: newer ones call `blame`. */
  async park(order: ParkOrder, tenant?: string): Promise<Parking> {
    return this.#accountChecks.parkUnchecked(order, tenant)
  }

  async hold(until: number): Promise<void> {
    this.#accountChecks.recheckBy(until)
  }

  async unpark(tenant: string): Promise<void> {
    if (!this.#isHeldByOther(tenant)) this.#accountChecks.unpark()
  }

  async untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean> {
    const now = this.#context.now()
    return this.#settlement.save(untrack(this.#tables.leases(), tenant, jobId, isForced, now))
  }

  async watch(until: number): Promise<Room> {
    return this.#watchers.watch(until)
  }

  async view(tenant: string): Promise<SlotsView> {
    const now = this.#context.now()
    const ledger = this.#settlement.ledger()
    if (this.#isHeldByOther(tenant)) return viewOfFormerHolder(ledger, tenant, now)
    return viewOf(ledger, tenant, this.#webhook.failure(), now)
  }

  async reseal(key: string): Promise<ResealStep> {
    const step = await resealAccount(this.#context.ports(), this.#tables, key)
    this.#setAlarm()
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
    // The client may have just mended or enabled the endpoint for this attempt.
    await this.#targets.readOf([tenant])
    const found = await this.findDelivery(tenant, id)
    if (!found || this.#outbox.isSending(id)) return found
    const again = sendAgain(found, this.#context.now())
    this.#tables.sendAgain(again)
    this.#queueDeliveries([again])
    return again
  }

  override alarm(): Promise<void> {
    return this.#alarm.run(() => this.#runDue(), this.#about)
  }

  async #runDue(): Promise<void> {
    this.#outbox.startDue()
    await this.#loseOverdue()
    await this.#accountChecks.recheckDue()
    await this.#statusChecks.reconcile()
    await this.#incoming.applyDeferredNow()
    await this.#webhook.maintain()
    this.#retention.removeOld()
    this.#wipeWhenDone()
    this.#setAlarm({ isAfterAlarm: true })
  }

  #queueDeliveries(deliveries: Delivery[]): void {
    this.#outbox.add(deliveries)
    this.#setAlarm()
  }

  /** The last jobs of a removed account. */
  async #loseOverdue(): Promise<void> {
    if (!this.#removed.isOverdue()) return
    await this.#targets.read()
    this.#endAllAsLost()
  }

  #endAllAsLost(): void {
    this.#settlement.save(endAllAsLost(this.#tables.leases(), this.#context.now()))
  }

  #wipeWhenDone(): void {
    if (this.#removed.isDone() && this.#webhook.wipe()) this.#setAlarm()
  }

  /** `isAfterAlarm`: also looks when old deliveries are due for removal. Each delivery has an alarm, so this is enough. */
  #setAlarm({ isAfterAlarm = false } = {}): void {
    const due = this.#dueAt(isAfterAlarm)
    if (due !== Infinity) this.#alarm.setFor(due)
  }

  /** Infinity: never. */
  #dueAt(isAfterAlarm = false): number {
    const dues = [
      nextDueAt(this.#settlement.ledger()),
      this.#outbox.dueAt(),
      this.#webhook.dueAt(),
      ...this.#incoming.dueAt(),
      this.#removed.keepsUntil(),
      this.#accountChecks.dueAt(),
    ].filter((due) => due !== undefined)
    if (dues.length > 0) return Math.min(...dues)
    return this.#retention.dueAt({ withDeliveries: isAfterAlarm })
  }
}
