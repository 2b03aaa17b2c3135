/**
 * AccountSlots: one object per provider account. It holds the account's leases, ended jobs, parkings, webhook and deliveries,
 * and a sealed copy of the credential for its alarm's status checks. Each method loads, decides (in `domain`), saves and
 * sets the alarm. It awaits nothing between load and save. Public methods are RPC (domain/ports/slots.ts). Their names stay and
 * they only gain optional arguments, because an older Worker may call a newer object and the reverse.
 */
import { DurableObject } from 'cloudflare:workers'
import { durationsOf, makePorts } from '#composition/make-ports.ts'
import { platform } from '#composition/platform.ts'
import { holderOf, isHeldBy, isHeldByOther, mayClaim } from '#domain/accounts/account.ts'
import { isGood, TEST_VALID_MS, type AccountTest } from '#domain/accounts/account-test.ts'
import { withRenewedSession } from '#domain/accounts/sign-in.ts'
import { sendAgain, type Delivery } from '#domain/events/delivery.ts'
import type { EventOutcome } from '#domain/events/incoming-event.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import {
  grant,
  nextDueAt,
  type JobReport,
  type JobStart,
  type Lease,
  type LeaseAnswer,
  type LeaseAsk,
} from '#domain/slots/lease.ts'
import { slotsShown, slotsShownToFormerHolder } from '#domain/slots/free-slots.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'
import type { ThroughputHour, ThroughputQuery } from '#domain/live/throughput.ts'
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import { fromLeaseMessage, type LeaseMessage } from '#domain/slots/lease-record.ts'
import { isOnlySpaced, ringsAt } from '#domain/jobs/when-asked.ts'
import { endAllAsLost, untrack } from '#domain/jobs/untrack-job.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
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
import { getProvider } from '#providers/index.ts'
import type { AccountContext } from '#durable/account/context.ts'
import { aboutAccount } from '#durable/account/log-results.ts'
import { makeParts, type Parts } from '#durable/account/parts.ts'
import { resealAccount } from '#durable/account/resealing.ts'
import { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

/** Pages get at most one change of an account in this time (RFC 0006). */
const PUSH_EVERY_MS = 1000

export class AccountSlots extends DurableObject<Env> implements SlotDesk {
  readonly #tables: SlotsTables
  readonly #context: AccountContext
  readonly #alarm: AlarmClock
  readonly #parts: Parts
  readonly #about = () => aboutAccount(this.#tables.account())

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new SlotsTables(ctx.storage)
    this.#alarm = new AlarmClock(ctx.storage, platform.now)
    this.#context = this.#makeContext()
    this.#tables.leaseRows.isOnlySpaced = (row, lease) =>
      isOnlySpaced(row, lease, this.#context.durations())
    this.#parts = makeParts(this.#context, () => this.#setAlarm())
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.read()
      // Checks whose alarm was given up run after the next call.
      this.#alarm.restore(() => this.#dueAt({ isCovered: true }))
      this.#parts.outbox.startDue()
    })
  }

  #makeContext(): AccountContext {
    const ports = (): Ports => makePorts(this.env, (work) => this.ctx.waitUntil(work), this.#about)
    return {
      tables: this.#tables,
      now: platform.now,
      random: platform.random,
      ports,
      durations: () => durationsOf(this.env),
      defer: (work) => this.ctx.waitUntil(work),
      pause: () => platform.after(PUSH_EVERY_MS),
      // The object's name contains its provider and account, so both are known even after a wipe.
      provider: () =>
        getProvider(this.#tables.account()?.provider ?? this.ctx.id.name?.split(':')[0] ?? ''),
    }
  }

  async claim(account: Account, instead?: Holder, targets?: PushedTargets): Promise<ClaimAnswer> {
    const held = this.#tables.account()
    if (held && !this.#tables.isRetired() && !mayClaim(held, account, instead)) {
      return { ok: false, holder: holderOf(held), provider: held.provider }
    }
    this.#tables.saveAccount(account)
    if (held?.tenant !== account.tenant) this.#tables.targets.drop()
    if (targets) this.#parts.targets.take(account.tenant, targets)
    // Nothing is asked at the provider for an imported account until it is unparked, which claims it again.
    if (account.isImported !== true) {
      this.#parts.webhook.request(account, held)
      this.#parts.legacy.request(account)
      this.#parts.alerts.lookSoon()
    }
    this.#setAlarm()
    return { ok: true }
  }

  async takeTargets(tenant: string, targets: PushedTargets): Promise<void> {
    this.#parts.targets.take(tenant, targets)
  }

  async renew(account: Account): Promise<void> {
    const held = this.#tables.account()
    if (!held || !isHeldBy(held, account) || this.#tables.isRetired()) return
    this.#tables.replaceAccount(withRenewedSession(held, account))
  }

  async retire(isNow: boolean, holder?: Holder): Promise<void> {
    await this.#parts.settlement.recall.read()
    if (isNow) await this.#parts.targets.read()
    if (this.#isHeldByOther(holder?.tenant, holder?.email)) return
    this.#tables.retire(this.#context.now())
    // The desk forgets its jobs if its tenant was removed.
    this.#tables.saveBound()
    this.#parts.targets.keepInMemory()
    if (isNow) {
      this.#loseAll()
      this.ctx.waitUntil(this.#parts.webhook.wipeNow())
    }
    this.#parts.wipeWhenDone()
    this.#parts.alerts.lookSoon()
    this.#setAlarm()
  }

  #isHeldByOther(tenant: string | undefined, email?: string): boolean {
    return isHeldByOther(this.#tables.account(), tenant, email)
  }

  async acquire(message: LeaseMessage | LeaseAsk): Promise<LeaseAnswer> {
    const ask = fromLeaseMessage(message)
    if (this.#isHeldByOther(ask.tenant)) return { ok: false, reason: 'retired', maxJobs: 0 }
    const { now, durations } = this.#context
    const { answer, change } = grant(this.#parts.settlement.ledger(), ask, now(), durations())
    this.#parts.settlement.save(change)
    if (answer.ok) this.#parts.watchers.onGranted()
    else this.#tables.noteRefused()
    this.#lookIfDue()
    this.#setAlarm()
    return answer
  }

  async lookNow(requestId: string): Promise<LookUpResult> {
    await this.#parts.targets.read()
    return this.#parts.statusChecks.lookNow(requestId).finally(() => this.#setAlarm())
  }

  async bind(
    requestId: string,
    starts: JobStart[],
    message?: LeaseMessage | LeaseAsk,
    { isKept }: { isKept?: boolean } = {}
  ): Promise<void> {
    const again = message && fromLeaseMessage(message)
    await this.#parts.incoming.applyDeferredAfter(
      () => this.#parts.settlement.bind(requestId, starts, { again, isKept }),
      () => this.#setAlarm()
    )
  }

  async release(requestId: string, fault?: SuspectedFault): Promise<CheckResult | undefined> {
    await this.#parts.settlement.recall.read()
    await this.#parts.incoming.applyDeferredAfter(
      () => this.#parts.settlement.release(requestId),
      () => this.#parts.wipeWhenDone()
    )
    return fault && this.#parts.accountChecks.judge(fault)
  }

  async keepGuess(
    id: string,
    start: GuessedStart,
    message: LeaseMessage | LeaseAsk
  ): Promise<boolean> {
    const isKept = this.#parts.settlement.keepGuess(id, start, fromLeaseMessage(message))
    this.#setAlarm()
    return isKept
  }

  async settle(reports: JobReport[]): Promise<boolean> {
    await this.#parts.settlement.recall.read()
    if (this.#parts.settlement.isEnding(reports)) await this.#parts.targets.read()
    this.#lookIfDue()
    return this.#parts.settle(reports)
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const outcome = await this.#parts.incoming.receive(received)
    this.#lookIfDue({ isPressing: outcome === 'asked' })
    this.#setAlarm()
    return outcome
  }

  async blame(fault: SuspectedFault): Promise<CheckResult> {
    return this.#parts.accountChecks.judge(fault)
  }

  /** Called by older Workers only: newer ones call `blame`. */
  async park(order: ParkOrder, tenant?: string): Promise<Parking> {
    return this.#parts.accountChecks.parkUnchecked(order, tenant)
  }

  async hold(until: number): Promise<void> {
    this.#parts.accountChecks.recheckBy(until)
  }

  async unpark(tenant: string): Promise<void> {
    if (!this.#isHeldByOther(tenant)) this.#parts.accountChecks.unpark()
  }

  async test(tenant: string): Promise<AccountTest | undefined> {
    if (this.#isHeldByOther(tenant)) return undefined
    const tested = await this.#parts.accountChecks.test()
    if (!tested) return undefined
    const { balance } = this.#parts.live
    if (isGood(tested)) await balance.refreshIfOlderThan(TEST_VALID_MS)
    const known = balance.known()
    return { ...tested, ...(known === undefined ? {} : { balance: known }) }
  }

  async checkLegacy(tenant: string): Promise<void> {
    if (this.#isHeldByOther(tenant)) return
    this.#parts.legacy.requestNow()
    this.#setAlarm()
  }

  async untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean> {
    await this.#parts.settlement.recall.read()
    const now = this.#context.now()
    return this.#parts.settlement.save(untrack(this.#tables.leases(), tenant, jobId, isForced, now))
  }

  async watch(until: number): Promise<Room> {
    const room = this.#parts.watchers.watch(until)
    this.#lookIfDue()
    this.#setAlarm()
    return room
  }

  async view(tenant: string): Promise<SlotsView> {
    await this.#parts.settlement.recall.read()
    await this.#parts.statusChecks.lookFirst()
    const now = this.#context.now()
    const ledger = this.#parts.settlement.ledger()
    if (this.#isHeldByOther(tenant)) return slotsShownToFormerHolder(ledger, tenant, now)
    const hookFailure = this.#parts.webhook.failure()
    return { ...slotsShown(ledger, tenant, now), ...(hookFailure && { hookFailure }) }
  }

  async summary(tenant: string): Promise<PoolAccount | undefined> {
    await this.#parts.settlement.recall.read()
    await this.#parts.statusChecks.lookFirst()
    return this.#parts.live.summary(tenant)
  }

  async observe(hub: string, tenant: string, until: number): Promise<PoolAccount | undefined> {
    await this.#parts.settlement.recall.read()
    const summary = this.#parts.live.observe(hub, tenant, until)
    this.#lookIfDue()
    this.#setAlarm()
    return summary
  }

  async notePool(tenant: string, since?: number): Promise<void> {
    this.#parts.alerts.notePool(tenant, since)
  }

  async reseal(key: string): Promise<ResealStep> {
    const step = await resealAccount(this.#context.ports(), this.#tables, key)
    this.#setAlarm()
    return step
  }

  async findJob(tenant: string, name: JobName): Promise<JobRecord | undefined> {
    await this.#parts.settlement.recall.read()
    await this.#parts.statusChecks.lookFirst()
    return this.#tables.findJob(tenant, name)
  }

  async throughput(query: ThroughputQuery): Promise<ThroughputHour[]> {
    return this.#tables.throughput(query)
  }

  async listJobs(query: JobQuery): Promise<JobPage> {
    await this.#parts.settlement.recall.read()
    await this.#parts.statusChecks.lookFirst()
    return this.#tables.listJobs(query)
  }

  async listDeliveries(query: DeliveryQuery): Promise<Delivery[]> {
    return this.#tables.deliveries.list(query)
  }

  async findDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    const found = this.#tables.deliveries.find(id)
    return found?.tenant === tenant ? found : undefined
  }

  async retryDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    // A push may be late: the client may have just corrected or enabled the endpoint for this attempt.
    await this.#parts.targets.readAnew(tenant)
    const found = await this.findDelivery(tenant, id)
    if (!found || this.#parts.outbox.isSending(id)) return found
    const again = sendAgain(found, this.#context.now())
    this.#tables.sendAgain(again)
    this.#parts.queueDeliveries([again])
    return again
  }

  override alarm(): Promise<void> {
    return this.#alarm.run(() => this.#runDue(), this.#about)
  }

  async #runDue(): Promise<void> {
    this.#parts.outbox.startDue()
    await this.#loseOverdue()
    await this.#parts.accountChecks.recheckDue()
    await this.#parts.statusChecks.reconcile()
    await this.#parts.incoming.applyDeferredNow()
    await this.#parts.webhook.maintain()
    await this.#parts.legacy.probeDue()
    this.#parts.retention.removeOld()
    this.#parts.wipeWhenDone()
    await this.#parts.alerts.runDue()
    this.#setAlarm({ isAfterAlarm: true })
  }

  /** Ends the last jobs of a removed account as lost, once its object may no longer keep the credential. */
  async #loseOverdue(): Promise<void> {
    if (!this.#parts.removed.isOverdue()) return
    await this.#parts.settlement.recall.read()
    await this.#parts.targets.read()
    this.#loseAll()
  }

  #loseAll(): void {
    this.#parts.settlement.save(endAllAsLost(this.#tables.leases(), this.#context.now()))
  }

  /** Called by calls that show or need the account's state. It must never fail them. */
  #lookIfDue(how: { isPressing?: boolean } = {}): void {
    try {
      this.#parts.statusChecks.lookIfDue(how)
    } catch {
      // The settings are malformed.
    }
  }

  /**
   * `isAfterAlarm`: also counts checks that became due while the alarm ran, which no alarm is set for, and deliveries that are
   * old enough to be removed. Every delivery sets an alarm, so it is enough to look then.
   */
  #setAlarm({ isAfterAlarm = false } = {}): void {
    const isCovered = this.#alarm.isSet || this.#parts.statusChecks.isReconciling
    const due = this.#dueAt({ isAfterAlarm, isCovered: isCovered && !isAfterAlarm })
    if (due !== Infinity) this.#alarm.setFor(due)
  }

  /** Whether somebody waits for the end of the lease's job: clients in line for a slot, a page that is open, or a receiver. */
  #isAwaited(lease: Lease): boolean {
    const { watchers, live, targets } = this.#parts
    return watchers.isWatched || live.isObserved || targets.mayWantEndOf(lease)
  }

  /** When the next alarm is due, epoch ms. Infinity: never. */
  #dueAt({ isAfterAlarm = false, isCovered = false }): number {
    const isAwaited = (lease: Lease) => this.#isAwaited(lease)
    const { now, durations } = this.#context
    const facts = { isCovered, isAwaited, now: now(), durations: durations() }
    const dues = [
      nextDueAt(this.#parts.settlement.ledger(), (lease) => ringsAt(lease, facts)),
      this.#parts.outbox.dueAt(),
      this.#parts.webhook.dueAt(),
      ...this.#parts.incoming.dueAt(),
      this.#parts.removed.keepsUntil(),
      this.#parts.accountChecks.dueAt(),
      this.#parts.alerts.dueAt(),
    ].filter((due) => due !== undefined)
    const daily = this.#parts.legacy.dueAt() ?? Infinity
    if (dues.length > 0) return Math.min(...dues, daily)
    return Math.min(this.#parts.retention.dueAt({ withDeliveries: isAfterAlarm }), daily)
  }
}
