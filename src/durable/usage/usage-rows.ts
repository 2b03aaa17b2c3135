/**
 * The usage of an account: a row for each day, token, route and outcome. Ends are not counted one by one. From time to time a fold
 * adds those of the rows of ended jobs that ended since the fold before (`until`). A question adds what is not folded yet. So a job
 * costs no row here, and is counted once:
 * - an end after `until` is found by the next fold, which moves `until` in the same transaction;
 * - an end that no fold will find, since the clock went back or the job began long ago, is added together with its row.
 */
import type { EndedJob } from '#domain/slots/lease.ts'
import { fromLeaseRecord, SPAN_MS, type EndedRecord } from '#domain/slots/lease-record.ts'
import {
  DAY_MS,
  dayOf,
  earliestBegin,
  isCountedAtOnce,
  jobEndOf,
  type JobEnd,
} from '#domain/usage/job-end.ts'
import { addEnd, mergeSums, NO_SUMS, type Sums } from '#domain/usage/sums.ts'
import type { UsageOfAccount, UsageQuery } from '#domain/usage/usage.ts'

export const USAGE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage (day INTEGER NOT NULL, tenant TEXT NOT NULL, token TEXT NOT NULL, route TEXT NOT NULL,
    outcome TEXT NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (day, tenant, token, route, outcome)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS usage_mark (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL);
`

const ENDED_AFTER = `SELECT ended_at AS endedAt, record FROM ended_job
  WHERE span >= ?1 AND ended_at > ?2 AND ended_at <= ?3 AND record IS NOT NULL`

type EndedRow = { endedAt: number; record: string }

interface Row extends Record<string, SqlStorageValue> {
  day: number
  token: string
  route: string
  outcome: UsageOfAccount['outcome']
  sums: string
}

/** Usage begins with the day on which the object got its tables: a fold of all ended jobs at once would take too long. */
export function beginUsage(sql: SqlStorage, now: number): void {
  const hasJobs =
    sql.exec('SELECT span FROM ended_job WHERE span >= 0 LIMIT 1').toArray().length > 0
  const until = hasJobs ? dayOf(now) * DAY_MS - 1 : now - 1
  sql.exec('INSERT INTO usage_mark (id, until) VALUES (1, ?)', until)
}

export class UsageRows {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
  }

  /** Up to when ends have been folded. */
  get until(): number {
    return this.#sql.exec<{ until: number }>('SELECT until FROM usage_mark WHERE id = 1').one()
      .until
  }

  /** Call it in the transaction in which the end's row is written for the first time. */
  note(end: EndedJob): void {
    const counted = isCountedAtOnce(end, this.until) ? jobEndOf(end) : undefined
    if (counted) this.#add(counted.tenant, addTo(new Map(), counted))
  }

  /** Folds if the fold before is that long ago. */
  fold(now: number, everyMs: number): void {
    const since = this.until
    if (now - since < everyMs) return
    this.#storage.transactionSync(() => {
      const byTenant = new Map<string, Groups>()
      for (const end of this.#endsBetween(since, now)) {
        const groups = byTenant.get(end.tenant) ?? new Map()
        byTenant.set(end.tenant, addTo(groups, end))
      }
      for (const [tenant, groups] of byTenant) this.#add(tenant, groups)
      if (byTenant.size > 0) this.#sql.exec('UPDATE usage_mark SET until = ? WHERE id = 1', now)
    })
  }

  list({ tenant, since, until, token }: UsageQuery): UsageOfAccount[] {
    const kept = this.#rows(tenant, since, until)
    const fresh: Groups = new Map()
    // What is not folded yet. An end can lie ahead of the clock.
    for (const end of this.#endsBetween(this.until, Number.MAX_SAFE_INTEGER))
      if (end.tenant === tenant && end.day >= since && end.day <= until) addTo(fresh, end)
    const all = [...merged(kept, fresh).values()]
    return token === undefined ? all : all.filter((one) => one.token === token)
  }

  /** What jobs that completed since then took off the balance. Undefined: none completed, or one did not tell it. */
  creditsSince(since: number): number | undefined {
    const first = Math.floor((since - DAY_MS) / SPAN_MS)
    let sum: number | undefined
    let isUnknown = false
    for (const { outcome, told } of this.#recordsAfter(first, since)) {
      if (outcome.status !== 'completed') continue
      if (told?.credits === undefined) isUnknown = true
      else sum = (sum ?? 0) + told.credits
    }
    return isUnknown ? undefined : sum
  }

  removeBefore(day: number): void {
    this.#sql.exec('DELETE FROM usage WHERE day < ?', day)
  }

  /** Undefined: there is no row. */
  oldestDay(): number | undefined {
    const sql = 'SELECT day FROM usage WHERE day >= 0 ORDER BY day LIMIT 1'
    return this.#sql.exec<{ day: number }>(sql).toArray()[0]?.day
  }

  /** The ends in this time, without those that were counted at once. `since` is not included. */
  *#endsBetween(since: number, until: number): Iterable<JobEnd> {
    const first = Math.floor(earliestBegin(since) / SPAN_MS)
    for (const { endedAt, lease, outcome, told } of this.#recordsAfter(first, since, until)) {
      const end = { lease: fromLeaseRecord(lease), endedAt, outcome, ...(told ? { told } : {}) }
      const counted = isCountedAtOnce(end, since) ? undefined : jobEndOf(end)
      if (counted) yield counted
    }
  }

  /**
   * One after the other: a day may have more than memory has room for. So nothing may be written between them, and all of them must be
   * read: workerd fails a later request that uses the statement of a cursor which an earlier one left half read.
   */
  *#recordsAfter(
    firstSpan: number,
    since: number,
    until = Number.MAX_SAFE_INTEGER
  ): Iterable<EndedRecord & { endedAt: number }> {
    const rows = this.#sql.exec<EndedRow>(ENDED_AFTER, firstSpan, since, until)
    for (const { endedAt, record } of rows)
      yield { ...(JSON.parse(record) as EndedRecord), endedAt }
  }

  #add(tenant: string, groups: Groups): void {
    const days = [...groups.values()].map(({ day }) => day)
    const kept = this.#rows(tenant, Math.min(...days), Math.max(...days))
    const all = merged(kept, groups)
    for (const name of groups.keys()) {
      const one = all.get(name)
      if (!one) continue
      this.#sql.exec(
        `INSERT INTO usage (day, tenant, token, route, outcome, sums) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET sums = excluded.sums`,
        one.day,
        tenant,
        one.token,
        one.route,
        one.outcome,
        JSON.stringify(one.sums)
      )
    }
  }

  #rows(tenant: string, since: number, until: number): UsageOfAccount[] {
    const sql = `SELECT day, token, route, outcome, sums FROM usage WHERE day >= ? AND day <= ? AND tenant = ?`
    return this.#sql
      .exec<Row>(sql, since, until, tenant)
      .toArray()
      .map(({ sums, ...rest }) => ({ ...rest, sums: JSON.parse(sums) as Sums }))
  }
}

type Groups = Map<string, UsageOfAccount>

/** Of one tenant. */
function addTo(groups: Groups, end: JobEnd): Groups {
  const { day, token, route, outcome } = end
  const name = nameOf(end)
  const sums = addEnd(groups.get(name)?.sums ?? NO_SUMS, end)
  return groups.set(name, { day, token, route, outcome, sums })
}

function merged(kept: readonly UsageOfAccount[], more: Groups): Groups {
  const all = new Map(kept.map((one) => [nameOf(one), one]))
  for (const [name, one] of more) {
    const before = all.get(name)
    all.set(name, before ? { ...one, sums: mergeSums(before.sums, one.sums) } : one)
  }
  return all
}

function nameOf({ day, token, route, outcome }: Omit<UsageOfAccount, 'sums'>): string {
  return JSON.stringify([day, token, route, outcome])
}
