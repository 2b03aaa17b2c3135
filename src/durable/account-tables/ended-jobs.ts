/**
 * Keeps the ended jobs of an account. One row is written when a job ends. One key serves all searches, because a second index
 * would cost one more row for each job. The key is the span of six hours in which the lease began, then the job's name.
 * - A search by name looks at one place in each span.
 * - A search by request id reads one span, since the id contains its time.
 * - The oldest rows come first, for removal.
 *
 * A name is a job's id, or an id that the job is watched by. A few jobs have several names. Each further name is a row without a
 * record that refers to the main row.
 */
import type { UnmatchedEnd } from '#domain/events/incoming-event.ts'
import type { PastEnd } from '#domain/events/unmatched-end.ts'
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'
import {
  fromLeaseRecord,
  SPAN_MS,
  toLeaseRecord,
  type EndedRecord,
} from '#domain/slots/lease-record.ts'
import { BEGAN_BEFORE_MS, type JobTimes, type ThroughputQuery } from '#domain/live/throughput.ts'
import { placeOf } from '#domain/jobs/list-jobs.ts'
import { firstTimedId, isTimedId, prefixOf, timeOf } from '#domain/text/time-ordered-id.ts'
import * as queries from './ended-job-queries.ts'
import type { Row, TimesRow } from './ended-job-queries.ts'

export const ENDED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS ended_job (
    span INTEGER NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    watches TEXT NOT NULL,
    is_sure INTEGER NOT NULL,
    late TEXT,
    main TEXT,
    record TEXT,
    PRIMARY KEY (span, name, id)
  ) WITHOUT ROWID;
`

/**
 * `owed`: the deliveries about the end that have no row of their own yet when it is saved, and what an endpoint would get that the
 * account does not know of yet (owed-deliveries.ts). The column stays as it was written.
 */
export const OWED_SCHEMA = 'ALTER TABLE ended_job ADD COLUMN owed TEXT;'

/** How many rows one removal deletes at most. */
const REMOVED_AT_ONCE = 5000
/** After this many rows a list stops, at the end of the span. */
const LISTED_AT_ONCE = 3000
/** A request may wait before its job begins, so its id is older than the job, by less than this. */
const REQUEST_MS = 24 * 3_600_000
/** Sorts behind every id. */
const LAST_ID = 'g'

export interface EndedQuery {
  tenant: string
  ownToken?: string
  outcome?: Outcome['status']
  /** Only jobs that began at this time or later, epoch ms. */
  since?: number
  /** Only ids before this one. */
  before?: string
  limit: number
}

export interface EndedPage {
  ended: EndedJob[]
  stoppedAt?: string
}

export class EndedJobs {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /**
   * `unmatched`: names under which the job's event may still come. The report that ended the job is not kept. `refused`: how many
   * creations were refused since the end before. False: the job's end was there already.
   */
  add(
    { lease, endedAt, outcome, told, refusal }: EndedJob,
    unmatched: readonly UnmatchedEnd[] = [],
    refused = 0,
    owed?: string
  ): boolean {
    const stored: EndedRecord = {
      lease: toLeaseRecord(lease),
      outcome,
      ...(told === undefined ? {} : { told }),
      ...(refusal === undefined ? {} : { refusal }),
      ...(refused === 0 ? {} : { refused }),
    }
    const record = JSON.stringify(stored)
    const [first = lease.id, ...others] = namesOf(lease)
    const id = placeOf(lease)
    let isNew = false
    for (const name of [first, ...others]) {
      const watches = lease.watch.filter((watch) => idIn(watch) === name)
      const expected = unmatched.find((end) => watches.includes(end.watch))
      const row = {
        span: spanOf(id),
        name,
        id,
        ended_at: endedAt,
        watches: JSON.stringify(watches),
        is_sure: lease.state === 'suspect' ? 0 : 1,
        late: expected === undefined ? null : toStoredEnd(expected),
        main: name === first ? null : first,
        record: name === first ? record : null,
      }
      const isInserted = this.#insert(row, name === first ? owed : undefined)
      if (name === first) isNew = isInserted
    }
    return isNew
  }

  #insert(row: Row, owed?: string): boolean {
    const { rowsWritten } = this.#sql.exec(
      `INSERT INTO ended_job (span, name, id, ended_at, watches, is_sure, late, main, record, owed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      row.span,
      row.name,
      row.id,
      row.ended_at,
      row.watches,
      row.is_sure,
      row.late,
      row.main,
      row.record,
      owed ?? null
    )
    return rowsWritten > 0
  }

  /** `name`: the id of a job, of its lease or of its request, or an id that the job is watched by. Latest first. */
  find(name: string): EndedJob[] {
    const named = this.#rowsOf(name).flatMap((row) => this.#mainOf(row) ?? [])
    const asked = isTimedId(name) ? this.ofRequest(name) : []
    const all = [
      ...named,
      ...asked.filter((one) => named.every((other) => other.lease.id !== one.lease.id)),
    ]
    return all.toSorted((a, b) => b.endedAt - a.endedAt)
  }

  /** The jobs of one creation. */
  ofRequest(requestId: string): EndedJob[] {
    return this.#rows(queries.OF_REQUEST, spanOf(requestId), requestId, `${requestId}/`).map(toEnd)
  }

  /** What the provider said, sealed, when it refused the creation of this lease. Undefined: nothing, or the desk has it. */
  refusalOf(leaseId: string): string | undefined {
    const place = [spanOf(leaseId), leaseId]
    const [row] = this.#sql.exec<{ refusal: string }>(queries.REFUSAL, ...place).toArray()
    return row?.refusal
  }

  dropRefusal(leaseId: string): void {
    this.#sql.exec(queries.DROP_REFUSAL, spanOf(leaseId), leaseId)
  }

  /** The ended jobs of these leases. A lease that was acquired again after its end is another one. It reads their spans. */
  ofLeases(leases: readonly Lease[]): EndedJob[] {
    const began = new Map(leases.map((lease) => [placeOf(lease), lease.acquiredAt]))
    const ids = [...began.keys()]
    const spans = [...new Set(ids.map(spanOf))]
    return this.#rows(queries.OF_LEASES, JSON.stringify(spans), JSON.stringify(ids))
      .map(toEnd)
      .filter(({ lease }) => began.get(placeOf(lease)) === lease.acquiredAt)
  }

  /** What the ends of these leases owed, by lease. It reads their spans. */
  owedOf(leases: readonly Lease[]): { leaseId: string; owed: string }[] {
    const ids = new Map(leases.map((lease) => [placeOf(lease), lease.id]))
    const spans = [...new Set([...ids.keys()].map(spanOf))]
    const asked = [JSON.stringify(spans), JSON.stringify([...ids.keys()])]
    const rows = this.#sql.exec<{ id: string; owed: string }>(queries.OWED, ...asked).toArray()
    return rows.map(({ id, owed }) => ({ leaseId: ids.get(id) ?? id, owed }))
  }

  /** Whether a creation of another tenant than this one ended at `since` or later, and may still have a job that nobody found. */
  hasUntracedOfOthers(tenant: string, since: number): boolean {
    const first = Math.floor((since - BEGAN_BEFORE_MS) / SPAN_MS)
    return this.#sql.exec(queries.UNTRACED, first, since, tenant).toArray().length > 0
  }

  /** What is known of the deliveries about this tenant's jobs that ended at `since` or later. */
  newsSince(tenant: string, since: number): { endedAt: number; owed: string }[] {
    const first = Math.floor((since - BEGAN_BEFORE_MS) / SPAN_MS)
    return this.#sql
      .exec<{ endedAt: number; owed: string }>(queries.NEWS, first, since, tenant)
      .toArray()
  }

  /**
   * Newest first, by when they began. It reads whole spans, newest span first, because rows within a span are sorted by name.
   * It stops when it has enough or has read many rows; the next list goes on at `stoppedAt`.
   */
  list(query: EndedQuery): EndedPage {
    const { tenant, outcome, since = 0, before = LAST_ID, limit, ownToken = null } = query
    const oldest = spanOf(firstTimedId(since - REQUEST_MS))
    const mayHold = (span: number) => span >= oldest && firstTimedId(span * SPAN_MS) < before
    const found: Row[] = []
    let read = 0
    for (const span of this.#spanNumbers()
      .filter((one) => mayHold(one))
      .toReversed()) {
      const isEnough = found.length > limit || read >= LISTED_AT_ONCE
      if (isEnough) return cutAt(found, limit, firstTimedId((span + 1) * SPAN_MS))
      const left = limit - found.length + 1
      const wanted = [span, before, since, tenant, outcome ?? null, left, ownToken]
      const cursor = this.#sql.exec<Row>(queries.IN_SPAN, ...wanted)
      found.push(...cursor.toArray())
      read += cursor.rowsRead
    }
    return cutAt(found, limit)
  }

  /** The times of jobs that began or ended in this time. A job that only may have been the client's does not count. */
  times({ tenant, since, until }: ThroughputQuery): JobTimes[] {
    const first = Math.floor((since - BEGAN_BEFORE_MS) / SPAN_MS)
    const span = [first, Math.floor(until / SPAN_MS)]
    const rows = this.#sql.exec<TimesRow>(queries.TIMES, ...span, tenant).toArray()
    return rows.map(({ requestId, askedAt, acquiredAt, at, status, refused }) => ({
      requestId,
      acquiredAt,
      ...(askedAt === null ? {} : { askedAt }),
      end: { at, status, ...(refused === null ? {} : { refused }) },
    }))
  }

  /** Which of these names are known. A job that may have belonged to a creation, without proof, does not count. */
  known(names: readonly string[]): Set<string> {
    const rows = this.#sql
      .exec<{ name: string }>(queries.KNOWN, this.#spans(), JSON.stringify(names))
      .toArray()
    return new Set(rows.map((row) => row.name))
  }

  /** The ends of jobs that were certainly watched under one of these names. */
  ends(watches: readonly string[], since: number): PastEnd[] {
    return this.#watched(watches, since).flatMap(({ row }) => {
      const end = row.is_sure === 1 ? this.#mainOf(row) : undefined
      return end ? [{ endedAt: row.ended_at, isReused: end.lease.isReused === true }] : []
    })
  }

  unmatched(watches: readonly string[], since: number): UnmatchedEnd[] {
    return this.#watched(watches, since).flatMap(({ watch, row }) =>
      row.late === null
        ? []
        : [{ watch, endedAt: row.ended_at, ...fromStoredEnd(JSON.parse(row.late) as StoredEnd) }]
    )
  }

  /** Saves that an event may still come under this name. If no job ended under the name, the row has no job. */
  saveUnmatched(end: UnmatchedEnd): void {
    const { watch, endedAt } = end
    const late = toStoredEnd(end)
    const known = this.#watched([watch], endedAt).find(({ row }) => row.ended_at === endedAt)?.row
    if (known) {
      const sql = 'UPDATE ended_job SET late = ? WHERE span = ? AND name = ? AND id = ?'
      this.#sql.exec(sql, late, known.span, known.name, known.id)
      return
    }
    const id = `${prefixOf(endedAt)}-${watch}`
    this.#insert({
      span: spanOf(id),
      name: idIn(watch),
      id,
      ended_at: endedAt,
      watches: JSON.stringify([watch]),
      is_sure: 0,
      late,
      main: null,
      record: null,
    })
  }

  /** Removes a bounded number of jobs that ended before `time`. True when there may be more. */
  removeBefore(time: number): boolean {
    const behind = Math.floor(time / SPAN_MS) + 1
    return (
      this.#sql.exec(queries.REMOVE, behind, time, REMOVED_AT_ONCE).rowsWritten >= REMOVED_AT_ONCE
    )
  }

  /** When the first job of the oldest span ended. Most of that span had ended by then. Undefined: there is none. */
  oldestAt(): number | undefined {
    const [first] = this.#sql.exec<{ span: number; at: number }>(queries.FIRST).toArray()
    return first && Math.max(first.at, (first.span + 1) * SPAN_MS)
  }

  /** The spans as JSON, for SQL statements. */
  #spans(): string {
    return JSON.stringify(this.#spanNumbers())
  }

  /** Oldest first. */
  #spanNumbers(): number[] {
    const rows = this.#sql.exec<{ span: number }>(queries.ALL_SPANS).toArray()
    return rows.map(({ span }) => span)
  }

  #rowsOf(name: string, since = 0): Row[] {
    return this.#rows(queries.OF_NAME, this.#spans(), name, since)
  }

  #watched(watches: readonly string[], since: number): { watch: string; row: Row }[] {
    return watches.flatMap((watch) =>
      this.#rowsOf(idIn(watch), since)
        .filter((row) => (JSON.parse(row.watches) as string[]).includes(watch))
        .map((row) => ({ watch, row }))
    )
  }

  #mainOf(row: Row): EndedJob | undefined {
    if (hasNoJob(row)) return undefined
    const main = row.main === null ? row : this.#rows(queries.MAIN, row.span, row.main, row.id)[0]
    return main && toEnd(main)
  }

  #rows(sql: string, ...values: (string | number)[]): Row[] {
    return this.#sql.exec<Row>(sql, ...values).toArray()
  }
}

/** `rows` has one row more than `limit` if there are more. */
function cutAt(rows: readonly Row[], limit: number, stoppedAt?: string): EndedPage {
  const ended = rows.slice(0, limit).map(toEnd)
  const place = rows.length > limit ? rows[limit - 1]?.id : stoppedAt
  return place === undefined ? { ended } : { ended, stoppedAt: place }
}

/** What the column `late` contains, as JSON. Older Workers call a forwarded event `isTold`. */
export interface StoredEnd {
  eventId?: string
  isTold?: boolean
  isReused?: boolean
}

function toStoredEnd(end: UnmatchedEnd): string {
  const { watch: _, endedAt: __, isForwarded, ...rest } = end
  const stored: StoredEnd = isForwarded === undefined ? rest : { ...rest, isTold: isForwarded }
  return JSON.stringify(stored)
}

export function fromStoredEnd({
  isTold,
  ...rest
}: StoredEnd): Omit<UnmatchedEnd, 'watch' | 'endedAt'> {
  return isTold === undefined ? rest : { ...rest, isForwarded: isTold }
}

/** Whether the row was made for a forwarded event whose job is unknown. */
function hasNoJob(row: Row): boolean {
  return row.record === null && row.main === null
}

function toEnd(row: Row): EndedJob {
  const { lease, outcome } = JSON.parse(row.record ?? '') as EndedRecord
  return { lease: fromLeaseRecord(lease), endedAt: row.ended_at, outcome }
}

/** The names of a job. The ids that it is watched by come first, because most searches are for these. */
function namesOf(lease: Lease): string[] {
  const { jobId } = lease
  const ids = [...lease.watch.map(idIn), ...(jobId === undefined ? [] : [jobId])]
  // The id of an old lease does not contain its time, so it must be found by name.
  const old = isTimedId(lease.id) ? [] : [lease.id, lease.requestId]
  return [...new Set([...ids, ...old])]
}

/** `video:abc` is watched by `abc`. */
function idIn(watch: string): string {
  return watch.slice(watch.indexOf(':') + 1)
}

function spanOf(id: string): number {
  return Math.floor(timeOf(id) / SPAN_MS)
}
