/**
 * The tables of AccountSlots (docs/storage.md). What is alive (the account, its leases, parkings, its webhook, early
 * events) is JSON in one column, read whole, and stands where every Worker so far has read it. What grows with time has
 * tables of its own (ended-jobs.ts, delivery-rows.ts). `WITHOUT ROWID`, so that one record costs one row written.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Delivery, Pending } from '#domain/events/delivery.ts'
import { nameOfIncoming, type IncomingEvent, type LateEnd } from '#domain/events/incoming-event.ts'
import type { Hook } from '#domain/events/webhook.ts'
import { hasName } from '#domain/jobs/untrack-job.ts'
import type { Change, EndedJob, Lease } from '#domain/slots/lease.ts'
import { fromLeaseRecord, toLeaseRecord, type LeaseRecord } from '#domain/slots/lease-record.ts'
import type { Standing } from '#domain/accounts/park-after-refusal.ts'
import type { Parking, ParkScope } from '#domain/accounts/parking.ts'
import { isListed, pageOf } from '#domain/jobs/list-jobs.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import { DeliveryRows, DELIVERIES_SCHEMA } from './delivery-rows.ts'
import { EndedJobs, ENDED_SCHEMA } from './ended-jobs.ts'
import { NewsRows, NEWS_SCHEMA } from './jobless-event-rows.ts'
import { moveOldRows } from './old-rows.ts'
import { migrate, type Step } from '#durable/lifecycle/schema.ts'

/** Append only. The first is what stood before there were versions; `ended`, `late` and `delivery` of it are emptied. */
const STEPS: Step[] = [
  (sql) =>
    void sql.exec(`
      CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT, retired_at INTEGER);
      CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS parking (scope TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS hook (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS early (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS late (watch TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, is_pending INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID`),
  (sql) => void sql.exec(ENDED_SCHEMA + DELIVERIES_SCHEMA + NEWS_SCHEMA),
  (sql) =>
    void sql.exec(
      'CREATE TABLE IF NOT EXISTS proof (part TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'
    ),
]

export interface Proof {
  at: number
  standing: Standing
}

export class SlotsTables {
  readonly #storage: DurableObjectStorage
  readonly #ended: EndedJobs
  readonly #deliveries: DeliveryRows
  readonly #news: NewsRows

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    migrate(storage, STEPS)
    this.#ended = new EndedJobs(storage.sql)
    this.#deliveries = new DeliveryRows(storage.sql)
    this.#news = new NewsRows(storage.sql)
    moveOldRows(storage, this.#ended, this.#deliveries)
  }

  account(): Account | undefined {
    return this.#records<Account>('SELECT record FROM account WHERE record IS NOT NULL')[0]
  }

  isRetired(): boolean {
    return this.retiredAt() !== undefined
  }

  retiredAt(): number | undefined {
    const sql = 'SELECT retired_at AS at FROM account WHERE retired_at IS NOT NULL'
    return this.#storage.sql.exec<{ at: number }>(sql).toArray()[0]?.at
  }

  /** A new credential or limit also ends what the account was parked for. */
  saveAccount(account: Account): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(
        'INSERT INTO account (id, record, retired_at) VALUES (1, ?, NULL) ON CONFLICT DO UPDATE SET record = excluded.record, retired_at = NULL',
        JSON.stringify(account)
      )
      this.#storage.sql.exec('DELETE FROM parking')
      this.#storage.sql.exec('DELETE FROM proof')
    })
  }

  replaceAccount(account: Account): void {
    this.#storage.sql.exec('UPDATE account SET record = ?', JSON.stringify(account))
  }

  retire(now: number): void {
    this.#storage.sql.exec('UPDATE account SET retired_at = ? WHERE retired_at IS NULL', now)
  }

  /** Keeps that there was an account, not its credential. */
  wipeAccount(): void {
    this.#storage.sql.exec('UPDATE account SET record = NULL WHERE record IS NOT NULL')
  }

  leases(): Lease[] {
    return this.#records<LeaseRecord>('SELECT record FROM lease').map(fromLeaseRecord)
  }

  parkings(): Parking[] {
    return this.#records<Parking>('SELECT record FROM parking')
  }

  saveParking(parking: Parking, needless: readonly ParkScope[] = []): void {
    for (const scope of needless) this.dropParking(scope)
    this.#storage.sql.exec(
      'INSERT INTO parking (scope, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      parking.scope,
      JSON.stringify(parking)
    )
  }

  dropParking(scope: ParkScope): void {
    this.#storage.sql.exec('DELETE FROM parking WHERE scope = ?', scope)
  }

  /** Whatever it was parked for, and what was last heard when the provider was asked about it. */
  unpark(): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('DELETE FROM parking')
      this.#storage.sql.exec('DELETE FROM proof')
    })
  }

  /** What the provider last said of the account; `part`: of that one of its credentials. */
  proof(part: string): Proof | undefined {
    return this.#records<Proof>('SELECT record FROM proof WHERE part = ?', part)[0]
  }

  saveProof(part: string, proof: Proof): void {
    this.#storage.sql.exec(
      'INSERT INTO proof (part, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      part,
      JSON.stringify(proof)
    )
  }

  /**
   * All of a change or nothing of it. `late`: names under which the event of an end may still come. Returns the deliveries
   * that were not there already.
   */
  apply(change: Change, deliveries: Delivery[] = [], late: LateEnd[] = []): Delivery[] {
    return this.#storage.transactionSync(() => {
      for (const lease of change.put) this.#putLease(lease)
      for (const id of change.drop) this.#dropLease(id)
      for (const end of change.ended) {
        this.#dropLease(end.lease.id)
        this.#ended.add(end, late)
      }
      return deliveries.filter((one) => this.#deliveries.add(one))
    })
  }

  #putLease(lease: Lease): void {
    this.#storage.sql.exec(
      'INSERT INTO lease (id, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      lease.id,
      JSON.stringify(toLeaseRecord(lease))
    )
  }

  #dropLease(id: string): void {
    this.#storage.sql.exec('DELETE FROM lease WHERE id = ?', id)
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

  /** Those that run are few; of those that ended at most a bounded number is looked at. */
  listJobs({ state, outcome, ...query }: JobQuery): JobPage {
    const isWithRunning = state !== 'ended' && outcome === undefined
    const running = isWithRunning ? this.leases().filter((lease) => isListed(lease, query)) : []
    const past =
      state === 'running'
        ? { ended: [] }
        : this.#ended.list({ ...query, ...(outcome === undefined ? {} : { outcome }) })
    return pageOf(running, past, query.limit)
  }

  /** Whether an id is a job's that we started, running or ended. */
  knowsJob(jobId: string): boolean {
    return this.knowsJobs([jobId]).size > 0
  }

  /**
   * Which of these ids are jobs that we started, or what such jobs are watched by; running or ended. What a creation was
   * only taken for does not count.
   */
  knowsJobs(ids: readonly string[]): Set<string> {
    const sure = this.leases().filter((lease) => lease.state !== 'suspect')
    const live = new Set(sure.flatMap((lease) => jobNamesOf(lease)))
    const left = ids.filter((id) => !live.has(id))
    return new Set([...ids.filter((id) => live.has(id)), ...this.#ended.known(left)])
  }

  /** What a creation started and is over. Seldom asked: where something is odd. */
  endedOf(requestId: string): EndedJob[] {
    return this.#ended.ofRequest(requestId)
  }

  /** Ends of jobs that were watched under one of these names. */
  endsOf(watches: readonly string[], since: number): { endedAt: number; isReused: boolean }[] {
    return this.#ended.ends(watches, since)
  }

  /** A bounded number of those that ended before. True when there may be more. */
  forgetEnded(before: number): boolean {
    return this.#ended.forget(before)
  }

  /** When the oldest ended job has been kept long enough. */
  oldestEndedAt(keepMs: number): number | undefined {
    const at = this.#ended.oldestAt()
    return at === undefined ? undefined : at + keepMs
  }

  hook(): Hook | undefined {
    return this.#records<Hook>('SELECT record FROM hook')[0]
  }

  saveHook(hook: Hook): void {
    this.#storage.sql.exec(
      'INSERT INTO hook (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(hook)
    )
  }

  dropHook(): void {
    this.#storage.sql.exec('DELETE FROM hook')
  }

  earlyEvents(): IncomingEvent[] {
    return this.#records<IncomingEvent>('SELECT record FROM early')
  }

  /** The first time that it is heard counts. */
  saveEarly(incoming: IncomingEvent): void {
    this.#storage.sql.exec(
      'INSERT INTO early (id, record) VALUES (?, ?) ON CONFLICT DO NOTHING',
      nameOfIncoming(incoming),
      JSON.stringify(incoming)
    )
  }

  dropEarly(incoming: IncomingEvent): void {
    // Under the first name an older Worker kept it.
    for (const id of [nameOfIncoming(incoming), `${incoming.via.kind} ${incoming.event.id}`])
      this.#storage.sql.exec('DELETE FROM early WHERE id = ?', id)
  }

  /** Since when: an event that is later than that is not waited for. */
  lateEnds(watches: readonly string[], since: number): LateEnd[] {
    return this.#ended.late(watches, since)
  }

  saveLate(end: LateEnd): void {
    this.#ended.saveLate(end)
  }

  /** Whether an event that is no job's is new within four days; from then on it is not. */
  isNewNews(name: string, now: number): boolean {
    return this.#news.isNew(name, now)
  }

  forgetNews(now: number): void {
    this.#news.forget(now)
  }

  pendingDeliveries(): Pending[] {
    return this.#deliveries.pending()
  }

  findDelivery(id: string): Delivery | undefined {
    return this.#deliveries.find(id)
  }

  listDeliveries(query: DeliveryQuery): Delivery[] {
    return this.#deliveries.list(query)
  }

  saveDeliveries(changed: readonly Delivery[], dropped: readonly string[] = []): void {
    this.#storage.transactionSync(() => {
      for (const id of dropped) this.#deliveries.drop(id)
      for (const one of changed) this.#deliveries.save(one)
    })
  }

  sendAgain(delivery: Delivery): void {
    this.#storage.transactionSync(() => this.#deliveries.sendAgain(delivery))
  }

  /** A bounded number of those that ended before. True when there may be more. */
  forgetDeliveries(before: number): boolean {
    return this.#deliveries.forget(before)
  }

  /** When the oldest delivery has been kept long enough. */
  oldestDeliveryAt(keepMs: number): number | undefined {
    const at = this.#deliveries.oldestAt()
    return at === undefined ? undefined : at + keepMs
  }

  #records<T>(sql: string, ...values: (string | number | null)[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}

function jobNamesOf({ jobId, watch }: Lease): string[] {
  const watched = watch.map((key) => key.slice(key.indexOf(':') + 1))
  return jobId === undefined ? watched : [jobId, ...watched]
}
