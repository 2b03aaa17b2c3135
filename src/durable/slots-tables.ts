/**
 * The tables of AccountSlots (docs/storage.md). Records are JSON in one column, so that a field can be added without
 * a migration; `WITHOUT ROWID`, so that one record costs one row written.
 */
import type { Account } from '#domain/account.ts'
import type { Delivery } from '#domain/delivery.ts'
import { nameOfHearing, type Hearing, type LateEnd } from '#domain/event.ts'
import type { Hook } from '#domain/hook.ts'
import { answersTo } from '#domain/job.ts'
import type { Change, EndedJob, Lease } from '#domain/lease.ts'
import type { Parking } from '#domain/parking.ts'
import type { DeliveryQuery, JobName, JobRecord } from '#domain/ports.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT, retired_at INTEGER);
  CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parking (scope TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hook (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS early (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS late (watch TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, is_pending INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
`

export class SlotsTables {
  readonly #storage: DurableObjectStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    storage.sql.exec(SCHEMA)
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
        'INSERT INTO account VALUES (1, ?, NULL) ON CONFLICT DO UPDATE SET record = excluded.record, retired_at = NULL',
        JSON.stringify(account)
      )
      this.#storage.sql.exec('DELETE FROM parking')
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
    return this.#records<Lease>('SELECT record FROM lease')
  }

  parkings(): Parking[] {
    return this.#records<Parking>('SELECT record FROM parking')
  }

  saveParking(parking: Parking): void {
    this.#storage.sql.exec(
      'INSERT INTO parking VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      parking.scope,
      JSON.stringify(parking)
    )
  }

  /** All of a change or nothing of it. Returns the deliveries that were not there already. */
  apply(change: Change, deliveries: Delivery[] = [], late: LateEnd[] = []): Delivery[] {
    return this.#storage.transactionSync(() => {
      for (const lease of change.put) this.#putLease(lease)
      for (const id of change.drop) this.#dropLease(id)
      for (const end of change.ended) this.#putEnded(end)
      for (const end of late) this.saveLate(end)
      return deliveries.filter((one) => this.#addDelivery(one))
    })
  }

  #putLease(lease: Lease): void {
    this.#storage.sql.exec(
      'INSERT INTO lease VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      lease.id,
      JSON.stringify(lease)
    )
  }

  #dropLease(id: string): void {
    this.#storage.sql.exec('DELETE FROM lease WHERE id = ?', id)
  }

  /** How it was heard is not kept. */
  #putEnded({ lease, endedAt, outcome }: EndedJob): void {
    const end = { lease, endedAt, outcome }
    this.#dropLease(end.lease.id)
    this.#storage.sql.exec(
      'INSERT INTO ended VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      end.lease.id,
      end.endedAt,
      JSON.stringify(end)
    )
  }

  findJob(tenant: string, name: JobName): JobRecord | undefined {
    const [wanted] = Object.values(name) as [string]
    const live = this.leases().find((lease) => lease.tenant === tenant && answersTo(lease, wanted))
    if (live) return { lease: live }
    const sql = 'leaseId' in name ? 'SELECT record FROM ended WHERE id = ?' : FIND_ENDED
    const ended = this.#records<EndedJob>(sql, wanted).find((end) => end.lease.tenant === tenant)
    return (
      ended && { lease: ended.lease, ended: { endedAt: ended.endedAt, outcome: ended.outcome } }
    )
  }

  /** What a request started and is over. */
  endedOf(requestId: string): EndedJob[] {
    return this.#records<EndedJob>(FIND_ENDED, requestId).filter(
      (end) => end.lease.requestId === requestId
    )
  }

  /** Whether an id is a job's that we started, running or ended. */
  knowsJob(jobId: string): boolean {
    const isNamed = (lease: Lease) => lease.jobId === jobId && lease.state !== 'suspect'
    if (this.leases().some(isNamed)) return true
    return this.#records<EndedJob>(FIND_ENDED, jobId).some((end) => isNamed(end.lease))
  }

  /** When a job that is watched under one of these names ended last. A scan, for events that nobody waits for. */
  lastEndOf(watches: string[], since: number): number | undefined {
    const rows = this.#storage.sql.exec<{ at: number | null }>(
      LAST_END,
      since,
      JSON.stringify(watches)
    )
    return rows.one().at ?? undefined
  }

  forgetEnded(before: number): void {
    this.#storage.sql.exec('DELETE FROM ended WHERE ended_at < ?', before)
  }

  /** When the oldest ended job has been kept long enough. */
  oldestEndedAt(keepMs: number): number | undefined {
    const row = this.#storage.sql
      .exec<{ at: number | null }>('SELECT MIN(ended_at) AS at FROM ended')
      .one()
    return row.at === null ? undefined : row.at + keepMs
  }

  hook(): Hook | undefined {
    return this.#records<Hook>('SELECT record FROM hook')[0]
  }

  saveHook(hook: Hook): void {
    this.#storage.sql.exec(
      'INSERT INTO hook VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(hook)
    )
  }

  dropHook(): void {
    this.#storage.sql.exec('DELETE FROM hook')
  }

  earlyEvents(): Hearing[] {
    return this.#records<Hearing>('SELECT record FROM early')
  }

  /** The first time that it is heard counts. */
  saveEarly(hearing: Hearing): void {
    this.#storage.sql.exec(
      'INSERT INTO early VALUES (?, ?) ON CONFLICT DO NOTHING',
      nameOfHearing(hearing),
      JSON.stringify(hearing)
    )
  }

  dropEarly(hearing: Hearing): void {
    // Under the first name an older Worker kept it.
    for (const id of [nameOfHearing(hearing), `${hearing.via.kind} ${hearing.event.id}`])
      this.#storage.sql.exec('DELETE FROM early WHERE id = ?', id)
  }

  lateEnds(watches: string[]): LateEnd[] {
    const sql = 'SELECT record FROM late WHERE watch = ?'
    return watches.flatMap((watch) => this.#records<LateEnd>(sql, watch))
  }

  saveLate(end: LateEnd): void {
    this.#storage.sql.exec(
      'INSERT INTO late VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ended_at = excluded.ended_at, record = excluded.record',
      end.watch,
      end.endedAt,
      JSON.stringify(end)
    )
  }

  forgetLate(before: number): void {
    this.#storage.sql.exec('DELETE FROM late WHERE ended_at < ?', before)
  }

  /** A scan of a week's deliveries, once in an object's life. */
  pendingDeliveries(): Delivery[] {
    return this.#records<Delivery>('SELECT record FROM delivery WHERE is_pending = 1')
  }

  findDelivery(id: string): Delivery | undefined {
    return this.#records<Delivery>('SELECT record FROM delivery WHERE id = ?', id)[0]
  }

  /** A scan, asked for by people. Without bodies: a page of large ones would be more than an answer may hold. */
  listDeliveries(query: DeliveryQuery): Delivery[] {
    const { tenant, state, job, since, until, before, limit } = query
    return this.#records<Delivery>(
      LIST_DELIVERIES,
      tenant,
      state ?? null,
      job ?? null,
      since ?? null,
      until ?? null,
      before?.createdAt ?? null,
      before?.id ?? null,
      limit
    )
  }

  saveDeliveries(deliveries: readonly Delivery[], dropped: readonly string[] = []): Delivery[] {
    return this.#storage.transactionSync(() => {
      for (const id of dropped) this.#storage.sql.exec('DELETE FROM delivery WHERE id = ?', id)
      for (const one of deliveries) this.#putDelivery(one)
      return [...deliveries]
    })
  }

  #addDelivery(delivery: Delivery): boolean {
    const { rowsWritten } = this.#storage.sql.exec(
      'INSERT INTO delivery VALUES (?, 1, ?) ON CONFLICT DO NOTHING',
      delivery.id,
      JSON.stringify(delivery)
    )
    return rowsWritten > 0
  }

  #putDelivery(delivery: Delivery): void {
    this.#storage.sql.exec(
      `INSERT INTO delivery VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET is_pending = excluded.is_pending, record = excluded.record`,
      delivery.id,
      delivery.state === 'pending' ? 1 : 0,
      JSON.stringify(delivery)
    )
  }

  forgetDeliveries(before: number): void {
    const sql =
      "DELETE FROM delivery WHERE is_pending = 0 AND json_extract(record, '$.endedAt') < ?"
    this.#storage.sql.exec(sql, before)
  }

  /** When the oldest delivery that has ended has been kept long enough. A scan. */
  oldestDeliveryAt(keepMs: number): number | undefined {
    const sql =
      "SELECT MIN(json_extract(record, '$.endedAt')) AS at FROM delivery WHERE is_pending = 0"
    const { at } = this.#storage.sql.exec<{ at: number | null }>(sql).one()
    return at === null ? undefined : at + keepMs
  }

  #records<T>(sql: string, ...values: (string | number | null)[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}

const LIST_DELIVERIES = `
  SELECT json_set(record, '$.event.body', '') AS record, json_extract(record, '$.createdAt') AS at FROM delivery
  WHERE json_extract(record, '$.tenant') = ?1
    AND (?2 IS NULL OR json_extract(record, '$.state') = ?2)
    AND (?3 IS NULL OR ?3 IN (json_extract(record, '$.jobId'), json_extract(record, '$.requestId')))
    AND (?4 IS NULL OR at >= ?4) AND (?5 IS NULL OR at < ?5)
    AND (?6 IS NULL OR at < ?6 OR (at = ?6 AND id < ?7))
  ORDER BY at DESC, id DESC LIMIT ?8`

const LAST_END = `
  SELECT MAX(ended_at) AS at FROM ended WHERE ended_at >= ?1 AND EXISTS (
    SELECT 1 FROM json_each(ended.record, '$.lease.watch') AS watched
    WHERE watched.value IN (SELECT value FROM json_each(?2)))`

/** A scan: thirty days of one account's jobs, asked for seldom. */
const FIND_ENDED =
  "SELECT record FROM ended WHERE ?1 IN (json_extract(record, '$.lease.jobId'), json_extract(record, '$.lease.requestId'))"
