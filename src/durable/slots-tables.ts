/**
 * The tables of AccountSlots (docs/storage.md). Records are JSON in one column, so that a field can be added without
 * a migration; `WITHOUT ROWID`, so that one record costs one row written.
 */
import type { Account } from '#domain/account.ts'
import { answersTo } from '#domain/job.ts'
import type { Change, EndedJob, Lease } from '#domain/lease.ts'
import type { Parking } from '#domain/parking.ts'
import type { JobName, JobRecord } from '#domain/ports.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT, retired_at INTEGER);
  CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parking (scope TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
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

  /** All of a change or nothing of it. */
  apply(change: Change): void {
    this.#storage.transactionSync(() => {
      for (const lease of change.put) this.#putLease(lease)
      for (const id of change.drop) this.#dropLease(id)
      for (const end of change.ended) this.#putEnded(end)
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

  #putEnded(end: EndedJob): void {
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

  /** Whether an id is a job's that we started, running or ended. */
  knowsJob(jobId: string): boolean {
    if (this.leases().some((lease) => lease.jobId === jobId)) return true
    return this.#records(FIND_ENDED, jobId).length > 0
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

  #records<T>(sql: string, ...values: string[]): T[] {
    const rows = this.#storage.sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}

/** A scan: thirty days of one account's jobs, asked for seldom. */
const FIND_ENDED =
  "SELECT record FROM ended WHERE ?1 IN (json_extract(record, '$.lease.jobId'), json_extract(record, '$.lease.requestId'))"
