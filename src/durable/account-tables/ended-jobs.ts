/**
 * The jobs of an account that have ended, so kept that one row answers two questions. A row stands under the six hours in
 * which its lease began, and there by the job's name. Who has a name looks for it in each span that there is, at one place;
 * who has the id of a request, which tells the span, reads that span; what is too old stands first. A second index
 * would cost a row at every end of a job.
 *
 * A name is a job's id, or an id that it is watched by. The second and third of one job, which few have, are rows
 * without a record that say under which name it stands.
 */
import type { LateEnd } from '#domain/events/incoming-event.ts'
import type { EndedJob, Lease, Outcome } from '#domain/slots/lease.ts'
import { fromLeaseRecord, toLeaseRecord, type LeaseRecord } from '#domain/slots/lease-record.ts'
import { placeOf } from '#domain/jobs/list-jobs.ts'
import { firstTimedId, isTimedId, prefixOf, timeOf } from '#domain/text/time-ordered-id.ts'

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

/** With 200,000 jobs in thirty days there are 120 spans of about 1,700. Where rows stand must never change. */
const SPAN_MS = 6 * 3_600_000
/** At one look. */
const FORGOTTEN_AT_ONCE = 5000
/** Rows that a list may read before it stops, to the end of a span. */
const LISTED_AT_ONCE = 3000
/** A job begins when its request has been read and has had its turn: its id is older, by less than this. */
const REQUEST_MS = 24 * 3_600_000
/** Behind every id. */
const LAST_ID = 'g'

export interface EndedQuery {
  tenant: string
  outcome?: Outcome['status']
  /** Begun then or later, epoch ms. */
  since?: number
  /** Only what stands before this id. */
  before?: string
  limit: number
}

/** What `record` holds, as JSON. */
export interface EndedRecord {
  lease: LeaseRecord
  outcome: Outcome
}

export interface EndedPage {
  ended: EndedJob[]
  stoppedAt?: string
}

interface Row {
  [column: string]: SqlStorageValue
  span: number
  name: string
  id: string
  ended_at: number
  watches: string
  is_sure: number
  late: string | null
  main: string | null
  record: string | null
}

export class EndedJobs {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** `late`: names under which its event may still come. How it was heard is not kept. */
  add({ lease, endedAt, outcome }: EndedJob, late: readonly LateEnd[] = []): void {
    const stored: EndedRecord = { lease: toLeaseRecord(lease), outcome }
    const record = JSON.stringify(stored)
    const [first = lease.id, ...others] = namesOf(lease)
    const id = placeOf(lease)
    for (const name of [first, ...others]) {
      const watches = lease.watch.filter((watch) => idIn(watch) === name)
      const owed = late.find((end) => watches.includes(end.watch))
      this.#insert({
        span: spanOf(id),
        name,
        id,
        ended_at: endedAt,
        watches: JSON.stringify(watches),
        is_sure: lease.state === 'suspect' ? 0 : 1,
        late: owed === undefined ? null : JSON.stringify(moreOf(owed)),
        main: name === first ? null : first,
        record: name === first ? record : null,
      })
    }
  }

  #insert(row: Row): void {
    this.#sql.exec(
      `INSERT INTO ended_job (span, name, id, ended_at, watches, is_sure, late, main, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      row.span,
      row.name,
      row.id,
      row.ended_at,
      row.watches,
      row.is_sure,
      row.late,
      row.main,
      row.record
    )
  }

  /** By the id of a job, of what it is watched by, of its lease or of its request. Latest first. */
  find(name: string): EndedJob[] {
    const named = this.#rowsOf(name).flatMap((row) => this.#mainOf(row) ?? [])
    const asked = isTimedId(name) ? this.ofRequest(name) : []
    const all = [
      ...named,
      ...asked.filter((one) => named.every((other) => other.lease.id !== one.lease.id)),
    ]
    return all.toSorted((a, b) => b.endedAt - a.endedAt)
  }

  /** Those of one creation. */
  ofRequest(requestId: string): EndedJob[] {
    return this.#rows(OF_REQUEST, spanOf(requestId), requestId, `${requestId}/`).map(toEnd)
  }

  /**
   * Newest first, by when they began: six hours after six hours from the end, each read whole, since in it rows stand by
   * name. Stops where it has enough, or has read many; `stoppedAt` is where the next look goes on.
   */
  list(query: EndedQuery): EndedPage {
    const { tenant, outcome, since = 0, before = LAST_ID, limit } = query
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
      const wanted = [span, before, since, tenant, outcome ?? null, left]
      const cursor = this.#sql.exec<Row>(IN_SPAN, ...wanted)
      found.push(...cursor.toArray())
      read += cursor.rowsRead
    }
    return cutAt(found, limit)
  }

  /** Which of these names it knows. What a creation was only taken for does not count: it may be another's. */
  known(names: readonly string[]): Set<string> {
    const rows = this.#sql
      .exec<{ name: string }>(KNOWN, this.#spans(), JSON.stringify(names))
      .toArray()
    return new Set(rows.map((row) => row.name))
  }

  /** Jobs that were surely watched under one of these names; `isReused`: a younger one may be, too. */
  ends(watches: readonly string[], since: number): { endedAt: number; isReused: boolean }[] {
    return this.#watched(watches, since).flatMap(({ row }) => {
      const end = row.is_sure === 1 ? this.#mainOf(row) : undefined
      return end ? [{ endedAt: row.ended_at, isReused: end.lease.isReused === true }] : []
    })
  }

  /** Ends whose event may still come, or was told before anybody knew whose it is. */
  late(watches: readonly string[], since: number): LateEnd[] {
    return this.#watched(watches, since).flatMap(({ watch, row }) =>
      row.late === null
        ? []
        : [{ watch, endedAt: row.ended_at, ...(JSON.parse(row.late) as MoreOfLate) }]
    )
  }

  saveLate(end: LateEnd): void {
    const { watch, endedAt } = end
    const late = JSON.stringify(moreOf(end))
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

  /** A bounded number of them. True when there may be more. */
  forget(before: number): boolean {
    const behind = Math.floor(before / SPAN_MS) + 1
    return (
      this.#sql.exec(FORGET, behind, before, FORGOTTEN_AT_ONCE).rowsWritten >= FORGOTTEN_AT_ONCE
    )
  }

  /** When the first of them had ended, and with it most of its span; undefined: there is none. */
  oldestAt(): number | undefined {
    const [first] = this.#sql.exec<{ span: number; at: number }>(FIRST).toArray()
    return first && Math.max(first.at, (first.span + 1) * SPAN_MS)
  }

  /** As JSON, for the statements that look in each. */
  #spans(): string {
    return JSON.stringify(this.#spanNumbers())
  }

  /** The oldest first. */
  #spanNumbers(): number[] {
    const rows = this.#sql.exec<{ span: number }>(ALL_SPANS).toArray()
    return rows.map(({ span }) => span)
  }

  #rowsOf(name: string, since = 0): Row[] {
    return this.#rows(OF_NAME, this.#spans(), name, since)
  }

  #watched(watches: readonly string[], since: number): { watch: string; row: Row }[] {
    return watches.flatMap((watch) =>
      this.#rowsOf(idIn(watch), since)
        .filter((row) => (JSON.parse(row.watches) as string[]).includes(watch))
        .map((row) => ({ watch, row }))
    )
  }

  #mainOf(row: Row): EndedJob | undefined {
    if (isOnlyTold(row)) return undefined
    const main = row.main === null ? row : this.#rows(MAIN, row.span, row.main, row.id)[0]
    return main && toEnd(main)
  }

  #rows(sql: string, ...values: (string | number)[]): Row[] {
    return this.#sql.exec<Row>(sql, ...values).toArray()
  }
}

/** Each span is found behind the one before, so those that have no row cost nothing. */
const ALL_SPANS = `WITH RECURSIVE every (span) AS (
    SELECT (SELECT span FROM ended_job WHERE span >= 0 ORDER BY span LIMIT 1)
    UNION ALL
    SELECT (SELECT span FROM ended_job WHERE ended_job.span > every.span ORDER BY ended_job.span LIMIT 1)
    FROM every WHERE span IS NOT NULL)
  SELECT span FROM every WHERE span IS NOT NULL`

const OF_NAME = `SELECT ended_job.* FROM json_each(?1) AS every
  CROSS JOIN ended_job ON ended_job.span = every.value
  WHERE name = ?2 AND ended_at >= ?3`

const KNOWN = `SELECT DISTINCT name FROM json_each(?1) AS every CROSS JOIN json_each(?2) AS wanted
  CROSS JOIN ended_job ON ended_job.span = every.value AND ended_job.name = wanted.value
  WHERE is_sure = 1`

const MAIN = 'SELECT * FROM ended_job WHERE span = ?1 AND name = ?2 AND id = ?3'

/** A lease is called like its request, or like it with a number behind a dot. */
const OF_REQUEST =
  'SELECT * FROM ended_job WHERE span = ?1 AND id >= ?2 AND id < ?3 AND record IS NOT NULL'

const IN_SPAN = `SELECT * FROM ended_job
  WHERE span = ?1 AND record IS NOT NULL AND id < ?2
  AND json_extract(record, '$.lease.acquiredAt') >= ?3
  AND json_extract(record, '$.lease.tenant') = ?4
  AND (?5 IS NULL OR json_extract(record, '$.outcome.status') = ?5)
  ORDER BY id DESC LIMIT ?6`

const FIRST =
  'SELECT span, ended_at AS at FROM ended_job WHERE span >= 0 ORDER BY span, name, id LIMIT 1'

const FORGET = `DELETE FROM ended_job WHERE (span, name, id) IN (
  SELECT span, name, id FROM ended_job WHERE span < ?1 AND ended_at < ?2 ORDER BY span, name, id LIMIT ?3)`

/** One more than wanted was asked for, to see whether there are more. */
function cutAt(rows: readonly Row[], limit: number, stoppedAt?: string): EndedPage {
  const ended = rows.slice(0, limit).map(toEnd)
  const place = rows.length > limit ? rows[limit - 1]?.id : stoppedAt
  return place === undefined ? { ended } : { ended, stoppedAt: place }
}

type MoreOfLate = Omit<LateEnd, 'watch' | 'endedAt'>

function moreOf(end: LateEnd): MoreOfLate {
  const { watch: _, endedAt: __, ...more } = end
  return more
}

/** No job of ours ended with it, as far as is known. */
function isOnlyTold(row: Row): boolean {
  return row.record === null && row.main === null
}

function toEnd(row: Row): EndedJob {
  const { lease, outcome } = JSON.parse(row.record ?? '') as EndedRecord
  return { lease: fromLeaseRecord(lease), endedAt: row.ended_at, outcome }
}

/** First what it is watched by: that is asked for most. */
function namesOf(lease: Lease): string[] {
  const { jobId } = lease
  const ids = [...lease.watch.map(idIn), ...(jobId === undefined ? [] : [jobId])]
  // A lease of before stands under an id that is not in the order of time: it is found by name.
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
