/**
 * The jobs of an account that have ended, so kept that one row answers two questions. A row stands in one of many
 * drawers, by a hash of the job's name, and in its drawer by the id of its lease, which is to say by time. Who has a name
 * reads one drawer; who has the id of a request looks into each at one place; what is too old stands first in each.
 * A second index would cost a row at every end of a job.
 *
 * A name is a job's id, or an id that it is watched by. The second and third of one job, which few have, are rows
 * without a record that say where it stands.
 */
import type { LateEnd } from '#domain/event.ts'
import type { EndedJob, Lease } from '#domain/lease.ts'
import { firstTimedId, isTimedId, prefixOf, timeOf } from '#domain/time-key.ts'

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

/** With 200,000 jobs a drawer holds about 200. */
const DRAWERS = 1024
/** Of each drawer, at one look. */
const FORGOTTEN_AT_ONCE = 500
/** In all, at one look. */
const FORGOTTEN_MAX = 5000

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
  /** Where the next look for old ones goes on, as far as this object remembers. */
  #nextDrawer = 0
  /** The time of the first one; undefined: not known now. */
  #oldest: number | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** `late`: names under which its event may still come. How it was heard is not kept. */
  add({ lease, endedAt, outcome }: EndedJob, late: readonly LateEnd[] = []): void {
    const record = JSON.stringify({ lease, outcome })
    const [first = lease.id, ...others] = namesOf(lease)
    const main = drawerOf(first)
    for (const name of [first, ...others]) {
      const watches = lease.watch.filter((watch) => idIn(watch) === name)
      const owed = late.find((end) => watches.includes(end.watch))
      this.#insert({
        drawer: drawerOf(name),
        id: timedIdOf(lease),
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
    if (this.#oldest !== undefined) this.#oldest = Math.min(this.#oldest, timeOf(row.id))
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
    return this.#rows(OF_REQUEST, requestId, `${requestId}/`).map(toEnd)
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
    this.#insert({
      drawer: drawerOf(idIn(watch)),
      id: `${prefixOf(endedAt)}-${watch}`,
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
    const id = firstTimedId(before)
    let forgotten = 0
    this.#oldest = undefined
    for (let looked = 0; looked < DRAWERS; looked += 1) {
      if (forgotten >= FORGOTTEN_MAX) return true
      forgotten += this.#sql.exec(
        FORGET,
        this.#nextDrawer,
        id,
        before,
        FORGOTTEN_AT_ONCE
      ).rowsWritten
      this.#nextDrawer = (this.#nextDrawer + 1) % DRAWERS
    }
    return false
  }

  /** About when the oldest of them began; undefined: there is none. */
  oldestAt(): number | undefined {
    if (this.#oldest === undefined) {
      const { id } = this.#sql.exec<{ id: string | null }>(FIRST).one()
      this.#oldest = id === null ? Infinity : timeOf(id)
    }
    return this.#oldest === Infinity ? undefined : this.#oldest
  }

  #rowsOf(name: string, since = 0): Row[] {
    return this.#rows(OF_NAME, drawerOf(name), name, since)
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

const OF_NAME = 'SELECT * FROM ended_job WHERE drawer = ?1 AND name = ?2 AND ended_at >= ?3'

const MAIN = 'SELECT * FROM ended_job WHERE drawer = ?1 AND id = ?2 AND record IS NOT NULL'

const EVERY_DRAWER = `WITH RECURSIVE every (drawer) AS (
  SELECT 0 UNION ALL SELECT drawer + 1 FROM every WHERE drawer < ${DRAWERS - 1})`

/** A lease is called like its request, or like it with a number behind a dot. */
const OF_REQUEST = `${EVERY_DRAWER}
  SELECT ended_job.* FROM every CROSS JOIN ended_job ON ended_job.drawer = every.drawer
  WHERE id >= ?1 AND id < ?2 AND record IS NOT NULL`

const FIRST = `${EVERY_DRAWER}
  SELECT MIN((SELECT id FROM ended_job WHERE ended_job.drawer = every.drawer ORDER BY id LIMIT 1)) AS id FROM every`

const FORGET = `DELETE FROM ended_job WHERE drawer = ?1 AND (id, name) IN (
  SELECT id, name FROM ended_job WHERE drawer = ?1 AND id < ?2 AND ended_at < ?3 ORDER BY id LIMIT ?4)`

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

/** FNV-1a. It decides nothing but where a row stands, and must never change. */
function drawerOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0) % DRAWERS
}
