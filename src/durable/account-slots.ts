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
import { mayAsk } from '#domain/accounts/imported.ts'
import { withRenewedSession } from '#domain/accounts/sign-in.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { EventOutcome } from '#domain/events/incoming-event.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import type { JobReport, JobStart, LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import { slotsShown, slotsShownToFormerHolder } from '#domain/slots/free-slots.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'
import type { ThroughputHour, ThroughputQuery } from '#domain/live/throughput.ts'
import type { UsageOfAccount, UsageQuery } from '#domain/usage/usage.ts'
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import { limitedShares } from '#domain/slots/queued-lease.ts'
import { fromLeaseMessage, type LeaseMessage } from '#domain/slots/lease-record.ts'
import { isOnlySpaced } from '#domain/jobs/when-asked.ts'
import { untrack } from '#domain/jobs/untrack-job.ts'
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
import type { UnstartedEnd, WorkTold } from '#domain/ports/line.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import { getProvider } from '#providers/index.ts'
import type { AccountContext } from '#durable/account/context.ts'
import { aboutAccount } from '#durable/account/log-results.ts'
import { makeParts, type Parts } from '#durable/account/parts.ts'
import { resealAccount } from '#durable/account/resealing.ts'
import { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { AccountAlarm } from './account-alarm.ts'
import { AlarmClock } from '#durable/lifecycle/alarm-clock.ts'

/** Pages get at most one change of an account in this time (RFC 0006). */
const PUSH_EVERY_MS = 1000

export class AccountSlots extends DurableObject<Env> implements SlotDesk {
  readonly #tables: SlotsTables
  readonly #context: AccountContext
  readonly #alarm: AccountAlarm
  readonly #parts: Parts
  readonly #about = () => aboutAccount(this.#tables.account())

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new SlotsTables(ctx.storage, platform.now)
    this.#context = this.#makeContext()
    this.#tables.leaseRows.isOnlySpaced = (row, lease) =>
      isOnlySpaced(row, lease, this.#context.durations())
    const clock = new AlarmClock(ctx.storage, platform.now)
    this.#parts = makeParts(this.#context, () => this.#alarm.set())
    this.#alarm = new AccountAlarm(this.#context, this.#parts, clock)
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.resume()
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
      key: () => this.#tables.account()?.key ?? this.ctx.id.name ?? '',
      self: () => this,
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
    // Unparking an imported account claims it again.
    if (!mayAsk(account)) this.#parts.webhook.dropOf(held, account.tenant)
    else {
      this.#parts.webhook.request(account, held)
      this.#parts.legacy.request(account)
      this.#parts.alerts.lookSoon()
    }
    // The limit may have grown.
    this.#parts.sender.pullIfMore()
    this.#alarm.set()
    return { ok: true }
  }

  async takeTargets(tenant: string, targets: PushedTargets): Promise<void> {
    this.#alarm.check()
    this.#parts.targets.take(tenant, targets)
  }

  async renew(account: Account): Promise<void> {
    this.#alarm.check()
    const held = this.#tables.account()
    if (!held || !isHeldBy(held, account) || this.#tables.isRetired()) return
    this.#tables.replaceAccount(withRenewedSession(held, account))
  }

  async retire(isNow: boolean, holder?: Holder): Promise<void> {
    await this.#recall()
    if (isNow) await this.#parts.targets.read()
    if (!this.#isHeldByOther(holder?.tenant, holder?.email)) this.#retire(isNow)
  }

  async vacate({ tenant, email }: Holder): Promise<boolean> {
    await this.#recall()
    if (this.#tables.leases().length > 0) return false
    if (this.#tables.isRetired()) return true
    if (this.#isHeldByOther(tenant, email)) return false
    this.#retire(false)
    return true
  }

  #retire(isNow: boolean): void {
    this.#tables.retire(this.#context.now())
    // The desk forgets its jobs if its tenant was removed.
    this.#tables.saveBound()
    this.#parts.targets.keepInMemory()
    if (isNow) {
      this.#parts.settlement.loseAll()
      this.ctx.waitUntil(this.#parts.webhook.wipeNow())
    }
    this.#parts.wipeWhenDone()
    this.#parts.alerts.lookSoon()
    this.#alarm.set()
  }

  #isHeldByOther(tenant: string | undefined, email?: string): boolean {
    return isHeldByOther(this.#tables.account(), tenant, email)
  }

  async acquire(message: LeaseMessage | LeaseAsk): Promise<LeaseAnswer> {
    const { sender, watchers } = this.#parts
    const ask = fromLeaseMessage(message)
    const answer = await this.#parts.acquire(ask)
    if (this.#isHeldByOther(ask.tenant)) return answer
    if (answer.ok) watchers.onGranted()
    else this.#tables.noteRefused()
    this.#lookIfDue()
    this.#alarm.set()
    const isFull = !answer.ok && answer.reason === 'full'
    return isFull && sender.isAwake ? { ...answer, isQueued: true } : answer
  }

  async lookNow(requestId: string): Promise<LookUpResult> {
    await this.#parts.targets.read()
    return this.#parts.statusChecks.lookNow(requestId).finally(() => this.#alarm.set())
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
      () => this.#alarm.set()
    )
  }

  async release(requestId: string, fault?: SuspectedFault): Promise<CheckResult | undefined> {
    await this.#recall()
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
    this.#alarm.set()
    return isKept
  }

  async settle(reports: JobReport[]): Promise<boolean> {
    await this.#recall()
    if (this.#parts.settlement.isEnding(reports)) await this.#parts.targets.read()
    this.#lookIfDue()
    return this.#parts.settle(reports)
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const outcome = await this.#parts.incoming.receive(received)
    this.#lookIfDue({ isPressing: outcome === 'asked' })
    this.#alarm.set()
    return outcome
  }

  async blame(fault: SuspectedFault): Promise<CheckResult> {
    this.#alarm.check()
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
    this.#alarm.check()
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
    this.#alarm.set()
  }

  async untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean> {
    await this.#recall()
    const now = this.#context.now()
    return this.#parts.settlement.save(untrack(this.#tables.leases(), tenant, jobId, isForced, now))
  }

  async watch(until: number): Promise<Room> {
    const room = this.#parts.watchers.watch(until)
    this.#lookIfDue()
    this.#alarm.set()
    return room
  }

  async view(tenant: string): Promise<SlotsView> {
    await this.#recall()
    await this.#parts.statusChecks.lookFirst()
    const now = this.#context.now()
    const ledger = this.#parts.settlement.ledger()
    if (this.#isHeldByOther(tenant)) return slotsShownToFormerHolder(ledger, tenant, now)
    const hookFailure = this.#parts.webhook.failure()
    return { ...slotsShown(ledger, tenant, now), ...(hookFailure && { hookFailure }) }
  }

  async limitedLeases(tenant: string): Promise<string[]> {
    return limitedShares(this.#tables.leases(), tenant)
  }

  async summary(tenant: string): Promise<PoolAccount | undefined> {
    await this.#recall()
    await this.#parts.statusChecks.lookFirst()
    return this.#parts.live.summary(tenant)
  }

  async observe(hub: string, tenant: string, until: number): Promise<PoolAccount | undefined> {
    await this.#recall()
    const summary = this.#parts.live.observe(hub, tenant, until)
    this.#lookIfDue()
    this.#alarm.set()
    return summary
  }

  async notePool(tenant: string, since?: number): Promise<void> {
    this.#alarm.check()
    this.#parts.alerts.notePool('pool_full', tenant, since)
  }

  async noteQueue(tenant: string, since?: number): Promise<void> {
    this.#alarm.check()
    this.#parts.alerts.notePool('queue_old', tenant, since)
  }

  async reseal(key: string): Promise<ResealStep> {
    const resealing = resealAccount(this.#context.ports(), this.#tables, key)
    return resealing.finally(() => this.#alarm.set())
  }

  async findJob(tenant: string, name: JobName): Promise<JobRecord | undefined> {
    await this.#recall()
    await this.#parts.statusChecks.lookFirst()
    return this.#tables.findJob(tenant, name)
  }

  async throughput(query: ThroughputQuery): Promise<ThroughputHour[]> {
    this.#alarm.check()
    return this.#tables.throughput(query)
  }

  async usage(query: UsageQuery): Promise<UsageOfAccount[]> {
    this.#alarm.check()
    return this.#tables.usage.list(query)
  }

  async listJobs(query: JobQuery): Promise<JobPage> {
    await this.#recall()
    await this.#parts.statusChecks.lookFirst()
    return this.#tables.listJobs(query)
  }

  async listDeliveries(query: DeliveryQuery): Promise<Delivery[]> {
    this.#alarm.check()
    return this.#tables.deliveries.list(query)
  }

  async findDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    this.#alarm.check()
    const found = this.#tables.deliveries.find(id)
    return found?.tenant === tenant ? found : undefined
  }

  async retryDelivery(tenant: string, id: string): Promise<Delivery | undefined> {
    // A push may be late: the client may have just corrected or enabled the endpoint for this attempt.
    await this.#parts.targets.readAnew(tenant)
    const found = await this.findDelivery(tenant, id)
    return found && this.#parts.sendAgain(found)
  }

  async work(tenant: string, until: number, isOwed = false): Promise<WorkTold> {
    this.#alarm.check()
    const told = await this.#parts.sender.work(tenant, until, isOwed)
    this.#lookIfDue()
    this.#alarm.set()
    return told
  }

  async endUnstarted(tenant: string, ends: UnstartedEnd[]): Promise<string[]> {
    this.#alarm.check()
    return this.#parts.sender.endUnstarted(tenant, ends)
  }

  override alarm(): Promise<void> {
    return this.#alarm.run()
  }

  /**
   * Called first by calls that need the jobs of leases. Events that came before a job was known here are applied once it is. An
   * alarm that the platform gave up is set again.
   */
  async #recall(): Promise<void> {
    this.#alarm.check()
    await this.#parts.settlement.recall.read()
  }

  /** Called by calls that show or need the account's state. It must never fail them. */
  #lookIfDue(how: { isPressing?: boolean } = {}): void {
    try {
      this.#parts.statusChecks.lookIfDue(how)
    } catch {
      // The settings are malformed.
    }
  }
}
