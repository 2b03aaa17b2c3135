/**
 * The tables of AccountSlots (docs/storage.md). Records in use (the account, its leases, parkings, webhook, deferred events) are
 * JSON in one column, read whole. Records that grow in number have tables of their own. Every table is `WITHOUT ROWID`, so that
 * one record costs one row written. Table names stay, because older Workers read them.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Proof } from '#domain/accounts/account-checks.ts'
import type { Delivery, EndNews } from '#domain/events/delivery.ts'
import type { Pending } from '#domain/events/delivery-queue.ts'
import { packOwed, unpackOwed } from '#domain/events/owed-deliveries.ts'
import type { IncomingEvent, UnmatchedEnd } from '#domain/events/incoming-event.ts'
import type { PastEnd } from '#domain/events/unmatched-end.ts'
import type { Hook } from '#domain/events/webhook.ts'
import type { LegacyProbe } from '#domain/legacy/probe.ts'
import { hasName } from '#domain/jobs/untrack-job.ts'
import type { Change, EndedJob, Lease } from '#domain/slots/lease.ts'
import type { Parking, ParkScope } from '#domain/accounts/parking.ts'
import { isListed, pageOf } from '#domain/jobs/list-jobs.ts'
import { hoursOf, type ThroughputHour, type ThroughputQuery } from '#domain/live/throughput.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import { AccountRow } from './account-row.ts'
import { AlertStateRows } from './alert-state-rows.ts'
import { DeliveryRows } from './delivery-rows.ts'
import { EndedJobs } from './ended-jobs.ts'
import { DeferredEventRows } from './deferred-event-rows.ts'
import { ForwardedEventRows } from './forwarded-event-rows.ts'
import { jobNamesOf, LeaseRows } from './lease-rows.ts'
import { LiveRows } from './live-rows.ts'
import { moveOldRows } from './old-rows.ts'
import { OneRow } from '#durable/lifecycle/remembered.ts'
import { TargetRow } from './target-row.ts'
import { watchWrites } from './watched-storage.ts'
import { migrate } from '#durable/lifecycle/schema.ts'
import { UsageRows } from '#durable/usage/usage-rows.ts'
import { stepsAt } from './steps.ts'

export class SlotsTables {
  readonly alertStates: AlertStateRows
  readonly #storage: DurableObjectStorage
  readonly #account: AccountRow
  readonly #hook: OneRow<Hook>
  readonly #legacy: OneRow<LegacyProbe>
  readonly #ended: EndedJobs
  readonly leaseRows: LeaseRows
  readonly deliveries: DeliveryRows
  readonly #deferred: DeferredEventRows
  readonly #forwarded: ForwardedEventRows
  /** The delivery targets of the account's holder. */
  readonly targets: TargetRow
  /** What is needed only while somebody looks or waits. */
  readonly live: LiveRows
  readonly usage: UsageRows
  #refused = 0
  /** Called after each write. */
  onWrite: () => void = () => {}

  constructor(plain: DurableObjectStorage, now: () => number) {
    const storage = watchWrites(plain, () => this.onWrite())
    this.#storage = storage
    migrate(storage, stepsAt(now))
    this.#account = new AccountRow(storage)
    this.#hook = new OneRow(storage.sql, 'hook')
    this.#legacy = new OneRow(storage.sql, 'legacy')
    this.#ended = new EndedJobs(storage.sql)
    this.leaseRows = new LeaseRows(storage.sql, this.#ended, () => this.onWrite())
    this.deliveries = new DeliveryRows(storage.sql)
    // After a restart, what is owed is found by these rows.
    this.leaseRows.mayReuse = (id) => !this.deliveries.isOwedBy(id)
    this.#deferred = new DeferredEventRows(storage.sql)
    this.#forwarded = new ForwardedEventRows(storage.sql)
    this.targets = new TargetRow(storage, this.#ended, this.deliveries)
    this.live = new LiveRows(storage.sql)
    this.alertStates = new AlertStateRows(storage.sql)
    this.usage = new UsageRows(plain)
    moveOldRows(storage, this.#ended, this.deliveries)
    // An older Worker removed the account and left what was pushed to it.
    if (this.isRetired()) this.targets.drop()
  }

  account(): Account | undefined {
    return this.#account.account
  }

  /** Whether the account's tenant removed it. Such an account takes no new lease. */
  isRetired(): boolean {
    return this.retiredAt() !== undefined
  }

  retiredAt(): number | undefined {
    return this.#account.retiredAt
  }

  saveAccount(account: Account): void {
    // The desk of a tenant that leaves the account may forget its jobs.
    if (this.account()?.tenant !== account.tenant) this.saveBound()
    this.#account.save(account)
  }

  replaceAccount(account: Account): void {
    this.#account.replace(account)
  }

  retire(now: number): void {
    this.#account.retire(now)
  }

  /** What stays: that there was an account, its ended jobs and its deliveries. */
  wipeAccount(): void {
    this.#account.wipe()
    this.dropLegacyProbe()
    this.live.forgetAll()
    this.#forwarded.forgetAll()
    this.targets.drop()
  }

  leases(): Lease[] {
    return this.leaseRows.all()
  }

  parkings(): Parking[] {
    return this.#account.parkings
  }

  /** What was under way when the account was wiped saves nothing: nobody would remove it. So with the next two. */
  saveParking(parking: Parking, needless: readonly ParkScope[] = []): void {
    if (this.account()) this.#account.saveParking(parking, needless)
  }

  dropParking(scope: ParkScope): void {
    this.#account.dropParking(scope)
  }

  unpark(): void {
    this.#account.unpark()
  }

  proof(part: string): Proof | undefined {
    return this.#account.proof(part)
  }

  saveProof(part: string, proof: Proof): void {
    this.#account.saveProof(part, proof)
  }

  /**
   * Saves a whole change in one transaction. `ofEnds`: the deliveries about the end of each lease. `others`: deliveries about no job.
   * `unmatched`: ends whose events may still come. Returns the deliveries that were not there already.
   */
  apply(
    change: Change,
    ofEnds: ReadonlyMap<string, EndNews> = new Map(),
    others: readonly Delivery[] = [],
    unmatched: UnmatchedEnd[] = []
  ): Delivery[] {
    const owed = new Map<string, readonly Delivery[]>()
    const { put, drop, ended } = change
    const isOneRow = put.length === 1 && drop.length + ended.length + others.length === 0
    const added = this.#inTransaction(isOneRow, () => {
      for (const lease of put) this.leaseRows.put(lease)
      for (const id of drop) this.leaseRows.drop(id)
      const withRows = ended.flatMap((end) => {
        const news = ofEnds.get(end.lease.id) ?? { deliveries: [] }
        const { deliveries } = news
        const count = [...owed.values()].flat().length + deliveries.length
        const mayOwe = this.deliveries.hasRoomToOwe(count)
        if (!this.#endJob(end, unmatched, news, mayOwe)) return deliveries
        owed.set(end.lease.id, deliveries)
        return []
      })
      return [...withRows, ...others].filter((one) => this.deliveries.add(one))
    })
    for (const [leaseId, deliveries] of owed) this.deliveries.owe(leaseId, deliveries)
    return [...[...owed.values()].flat(), ...added]
  }

  /** True: the ended job's row owes this. It is found again by the lease's row, so the lease must have one. */
  #endJob(end: EndedJob, unmatched: UnmatchedEnd[], news: EndNews, mayOwe: boolean): boolean {
    const hasRow = this.leases().some(({ id }) => id === end.lease.id)
    const { text, isOwing } = packOwed(hasRow && mayOwe ? news : { ...news, deliveries: [] })
    const isNew = this.#ended.add(end, unmatched, this.#refused, text)
    if (isNew) this.usage.note(end)
    this.leaseRows.end(end, isNew)
    this.#refused = 0
    return isNew && isOwing
  }

  /** Writes the leases that are bound in memory only. `requestId`: only those of this creation. */
  saveBound(requestId?: string): void {
    this.#inTransaction(false, () => this.leaseRows.saveBound(requestId))
  }

  /** One row needs no transaction, which costs as much as the row. */
  #inTransaction<T>(isOneRow: boolean, work: () => T): T {
    try {
      return isOneRow ? work() : this.#storage.transactionSync(work)
    } catch (error) {
      this.leaseRows.forget()
      throw error
    }
  }

  findJob(tenant: string, name: JobName): JobRecord | undefined {
    const [wanted] = Object.values(name) as [string]
    const live = this.leases().find((lease) => lease.tenant === tenant && hasName(lease, wanted))
    if (live) return { lease: live }
    const ended = this.#ended.find(wanted).find((end) => end.lease.tenant === tenant)
    return (
      ended && { lease: ended.lease, ended: { endedAt: ended.endedAt, outcome: ended.outcome } }
    )
  }

  /** Lists jobs, newest first. All running jobs are read, since they are few, and a bounded number of ended ones. */
  listJobs({ state, outcome, jobIds, ...query }: JobQuery): JobPage {
    if (jobIds) return { jobs: this.#jobsNamed(jobIds, query) }
    const isWithRunning = state !== 'ended' && outcome === undefined
    const running = isWithRunning ? this.leases().filter((lease) => isListed(lease, query)) : []
    const past =
      state === 'running'
        ? { ended: [] }
        : this.#ended.list({ ...query, ...(outcome === undefined ? {} : { outcome }) })
    return pageOf(running, past, query.limit)
  }

  #jobsNamed(ids: string[], { tenant, ownToken }: Pick<JobQuery, 'tenant' | 'ownToken'>) {
    const jobs = [...this.knowsJobs(ids)].flatMap((jobId) => this.findJob(tenant, { jobId }) ?? [])
    return jobs.filter(({ lease }) => ownToken === undefined || lease.ownToken === ownToken)
  }

  /** Whether this is the id of a running or ended job that we started. */
  knowsJob(jobId: string): boolean {
    return this.knowsJobs([jobId]).size > 0
  }

  /**
   * Which of these ids belong to running or ended jobs that we started, or are watched for such jobs. A job that may have belonged
   * to a creation, without proof, does not count.
   */
  knowsJobs(ids: readonly string[]): Set<string> {
    const sure = this.leases().filter((lease) => lease.state !== 'suspect')
    const live = new Set(sure.flatMap((lease) => jobNamesOf(lease)))
    const left = ids.filter((id) => !live.has(id))
    return new Set([...ids.filter((id) => live.has(id)), ...this.#ended.known(left)])
  }

  /** The ended jobs of one creation. */
  endedOf(requestId: string): EndedJob[] {
    return this.#ended.ofRequest(requestId)
  }

  refusalOf(leaseId: string): string | undefined {
    return this.#ended.refusalOf(leaseId)
  }

  dropRefusal(leaseId: string): void {
    this.#ended.dropRefusal(leaseId)
  }

  /** Jobs that ended under one of these names. */
  pastEnds(watches: readonly string[], since: number): PastEnd[] {
    return this.#ended.ends(watches, since)
  }

  hasUntracedOfOthers(tenant: string, since: number): boolean {
    return this.#ended.hasUntracedOfOthers(tenant, since)
  }

  /** Removes a bounded number of jobs that ended before `time`. True when there may be more. */
  removeEndedBefore(time: number): boolean {
    return this.#inTransaction(false, () => {
      // A row that is over is known by its ended job.
      this.leaseRows.removeOverBefore(time)
      return this.#ended.removeBefore(time)
    })
  }

  /** Counts a refused creation. The count is stored with the next end of a job. */
  noteRefused(): void {
    this.#refused += 1
  }

  /** The jobs of each hour. */
  throughput(query: ThroughputQuery): ThroughputHour[] {
    const running = this.leases()
      .filter((lease) => isListed(lease, query) && lease.state !== 'suspect')
      .map(({ requestId, acquiredAt, item }) => ({
        requestId,
        acquiredAt,
        ...(item && { askedAt: item.askedAt }),
      }))
    return hoursOf([...running, ...this.#ended.times(query)], query)
  }

  /** When the oldest ended job will have been kept for `keepMs`. */
  oldestEndedAt(keepMs: number): number | undefined {
    const at = this.#ended.oldestAt()
    return at === undefined ? undefined : at + keepMs
  }

  legacyProbe(): LegacyProbe | undefined {
    return this.#legacy.value
  }

  saveLegacyProbe(probe: LegacyProbe): void {
    if (this.account()) this.#legacy.save(probe)
  }

  dropLegacyProbe(): void {
    this.#legacy.drop()
  }

  hook(): Hook | undefined {
    return this.#hook.value
  }

  saveHook(hook: Hook): void {
    if (this.account()) this.#hook.save(hook)
  }

  dropHook(): void {
    this.#hook.drop()
  }

  deferredEvents(): readonly IncomingEvent[] {
    return this.#deferred.all()
  }

  deferEvent(incoming: IncomingEvent): void {
    this.#deferred.add(incoming)
  }

  removeDeferred(incoming: IncomingEvent): void {
    this.#deferred.remove(incoming)
  }

  /** The unmatched ends at `since` or later. Events of older ends are no longer expected. */
  unmatchedEnds(watches: readonly string[], since: number): UnmatchedEnd[] {
    return this.#ended.unmatched(watches, since)
  }

  saveUnmatchedEnd(end: UnmatchedEnd): void {
    this.#ended.saveUnmatched(end)
  }

  /** Marks an event as forwarded. True: it was not forwarded within the last four days. */
  isFirstForward(eventId: string, now: number): boolean {
    return this.#forwarded.add(eventId, now)
  }

  removeOldForwards(now: number): void {
    this.#forwarded.removeOld(now)
  }

  /** Called once, when the object wakes up. */
  pendingDeliveries(): Pending[] {
    const withRows = this.deliveries.pending()
    const owed = this.leaseRows
      .owedOfOver()
      .flatMap(({ leaseId, owed: text }) =>
        this.deliveries.oweAgain(leaseId, unpackOwed(text).deliveries)
      )
    return [...withRows, ...owed]
  }

  saveDeliveries(changed: readonly Delivery[], removed: readonly string[] = []): void {
    this.#storage.transactionSync(() => {
      for (const id of removed) this.deliveries.remove(id)
      for (const one of changed) this.deliveries.save(one)
    })
  }

  sendAgain(delivery: Delivery): void {
    this.#storage.transactionSync(() => this.deliveries.sendAgain(delivery))
  }

  /** Removes a bounded number of deliveries that ended before `time`. True when there may be more. */
  removeDeliveriesBefore(time: number): boolean {
    return this.#inTransaction(false, () => {
      // What an ended job owes is told by the rows of its deliveries. So it must not be asked for when these are gone.
      this.leaseRows.removeOverBefore(time)
      return this.deliveries.removeBefore(time)
    })
  }

  /** When the oldest delivery will have been kept for `keepMs`. */
  oldestDeliveryAt(keepMs: number): number | undefined {
    const at = this.deliveries.oldestAt()
    return at === undefined ? undefined : at + keepMs
  }
}
