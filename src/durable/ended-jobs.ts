/**
 * The jobs of an account that have ended, so kept that one row answers two questions. A row stands in one of the drawers of
 * the day on which its lease began, by a hash of the job's name, and in its drawer by the id of its lease. Who has a name
 * reads one drawer of each day that there is; who has the id of a request, which tells the day, looks into each drawer of that
 * day at one place; what is too old stands first. A second index would cost a row at every end of a job.
 *
 * A name is a job's id, or an id that it is watched by. The second and third of one job, which few have, are rows
 * without a record that say where it stands.
 */
import type { LateEnd } from '#domain/event.ts'
import type { EndedJob, Lease } from '#domain/lease.ts'
import { isTimedId, prefixOf, timeOf } from '#domain/time-key.ts'

export const ENDED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS ended_job (
    drawer INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    watches TEXT NOT NULL,
    is_sure INTEGER NOT NULL,
    late TEXT,
    main INTEGER,
    record TEXT,
    PRIMARY KEY (drawer, id, name)
  ) WITHOUT ROWID;
`

/** Of each day. With 200,000 jobs in thirty days a drawer holds about two hundred. Where rows stand must never change. */
const DRAWERS = 32
const DAY_MS = 86_400_000
/** At one look. */
const FORGOTTEN_AT_ONCE = 5000

interface Row {
  [column: string]: SqlStorageValue
  drawer: number
  id: string
  name: string
  ended_at: number
  watches: string
  is_sure: number
  late: string | null
  main: number | null
  record: string | null
}

export class EndedJobs {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** `late`: names under which its event may still come. How it was heard is not kept. */
  add({ lease, endedAt, outcome }: EndedJob, late: readonly LateEnd[] = []): void {
    const record = JSON.stringify({ lease, outcome })
    const [first = lease.id, ...others] = namesOf(lease)
    const id = timedIdOf(lease)
    const main = drawerOf(id, first)
    for (const name of [first, ...others]) {
      const watches = lease.watch.filter((watch) => idIn(watch) === name)
      const owed = late.find((end) => watches.includes(end.watch))
      this.#insert({
        drawer: drawerOf(id, name),
        id,
        name,
        ended_at: endedAt,
        watches: JSON.stringify(watches),
        is_sure: lease.state === 'suspect' ? 0 : 1,
        late: owed === undefined ? null : JSON.stringify(moreOf(owed)),
        main: name === first ? null : main,
        record: name === first ? record : null,
      })
    }
  }

  #insert(row: Row): void {
    this.#sql.exec(
      `INSERT INTO ended_job (drawer, id, name, ended_at, watches, is_sure, late, main, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      row.drawer,
      row.id,
      row.name,
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
    const first = DRAWERS * dayOf(requestId)
    return this.#rows(OF_REQUEST, requestId, `${requestId}/`, first).map(toEnd)
  }

  /** What a creation was only taken for does not count: it may be another's. */
  knows(name: string): boolean {
    return this.#rowsOf(name).some((row) => row.is_sure === 1)
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
      const sql = 'UPDATE ended_job SET late = ? WHERE drawer = ? AND id = ? AND name = ?'
      this.#sql.exec(sql, late, known.drawer, known.id, known.name)
      return
    }
    const id = `${prefixOf(endedAt)}-${watch}`
    this.#insert({
      drawer: drawerOf(id, idIn(watch)),
      id,
      name: idIn(watch),
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
    const behind = DRAWERS * (Math.floor(before / DAY_MS) + 1)
    return (
      this.#sql.exec(FORGET, behind, before, FORGOTTEN_AT_ONCE).rowsWritten >= FORGOTTEN_AT_ONCE
    )
  }

  /** When the first of them had ended, and with it most of its day; undefined: there is none. */
  oldestAt(): number | undefined {
    const [first] = this.#sql.exec<{ drawer: number; at: number }>(FIRST).toArray()
    return first && Math.max(first.at, (Math.floor(first.drawer / DRAWERS) + 1) * DAY_MS)
  }

  #rowsOf(name: string, since = 0): Row[] {
    return this.#rows(OF_NAME, hashOf(name), name, since)
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
    const main = row.main === null ? row : this.#rows(MAIN, row.main, row.id)[0]
    return main && toEnd(main)
  }

  #rows(sql: string, ...values: (string | number)[]): Row[] {
    return this.#sql.exec<Row>(sql, ...values).toArray()
  }
}

/** Each day is found behind the one before, so those that have none cost nothing. */
const OF_NAME = `WITH RECURSIVE every (day) AS (
    SELECT (SELECT drawer FROM ended_job WHERE drawer >= 0 ORDER BY drawer LIMIT 1) / ${DRAWERS}
    UNION ALL
    SELECT (SELECT drawer FROM ended_job WHERE drawer >= (day + 1) * ${DRAWERS} ORDER BY drawer LIMIT 1) / ${DRAWERS}
    FROM every WHERE day IS NOT NULL)
  SELECT ended_job.* FROM every CROSS JOIN ended_job ON ended_job.drawer = day * ${DRAWERS} + ?1
  WHERE name = ?2 AND ended_at >= ?3`

const MAIN = 'SELECT * FROM ended_job WHERE drawer = ?1 AND id = ?2 AND record IS NOT NULL'

/** A lease is called like its request, or like it with a number behind a dot. */
const OF_REQUEST = `WITH RECURSIVE every (drawer) AS (
    SELECT ?3 UNION ALL SELECT drawer + 1 FROM every WHERE drawer < ?3 + ${DRAWERS - 1})
  SELECT ended_job.* FROM every CROSS JOIN ended_job ON ended_job.drawer = every.drawer
  WHERE id >= ?1 AND id < ?2 AND record IS NOT NULL`

const FIRST =
  'SELECT drawer, ended_at AS at FROM ended_job WHERE drawer >= 0 ORDER BY drawer, id, name LIMIT 1'

const FORGET = `DELETE FROM ended_job WHERE (drawer, id, name) IN (
  SELECT drawer, id, name FROM ended_job WHERE drawer < ?1 AND ended_at < ?2 ORDER BY drawer, id, name LIMIT ?3)`

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
  const { lease, outcome } = JSON.parse(row.record ?? '') as Pick<EndedJob, 'lease' | 'outcome'>
  return { lease, endedAt: row.ended_at, outcome }
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

function timedIdOf({ id, acquiredAt }: Lease): string {
  return isTimedId(id) ? id : `${prefixOf(acquiredAt)}-${id}`
}

function drawerOf(id: string, name: string): number {
  return DRAWERS * dayOf(id) + hashOf(name)
}

function dayOf(id: string): number {
  return Math.floor(timeOf(id) / DAY_MS)
}

/** FNV-1a. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0) % DRAWERS
}
