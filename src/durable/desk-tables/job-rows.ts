/**
 * Keeps which jobs a creation started, and on which account.
 *
 * `job_owner` has one row for each job. Its key is the span of six hours in which the creation came, and the job's id. So one row
 * answers two questions: which account has an id (a look at one place in each span, latest first), and which jobs a creation started
 * (a read of one span). For jobs that still run, it is the only record of their ids outside of memory (decision 0049).
 *
 * `made` has the whole creations that could not be kept there, and those of which a row went to another creation whose answer
 * named the same id: no provider promises that its ids are unique.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { JobsOf, Made } from '#domain/ports/desk.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { firstTimedId, isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

export const MADE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS made (request_id TEXT PRIMARY KEY, email TEXT NOT NULL, starts TEXT NOT NULL) WITHOUT ROWID;
`

export const JOB_OWNERS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS job_owner (
    span INTEGER NOT NULL,
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    account_since INTEGER,
    request_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    start TEXT NOT NULL,
    learned_at INTEGER NOT NULL,
    PRIMARY KEY (span, id)
  ) WITHOUT ROWID;
`

export const JOB_ACCOUNTS_SCHEMA = `
  ALTER TABLE job_owner ADD COLUMN account_key TEXT;
  ALTER TABLE made ADD COLUMN account_key TEXT;
`

/** It must never change, since it is part of stored keys. */
const SPAN_MS = 6 * 3_600_000
/** Longer than a lease can last while the provider says nothing about its job. */
export const KEEP_MADE_MS = 4 * 86_400_000
/** After this many rows a removal stops, at the end of the span. */
const REMOVED_AT_ONCE = 20_000

interface Row {
  [column: string]: SqlStorageValue
  span: number
  id: string
  email: string
  account_since: number | null
  account_key: string | null
  request_id: string
  place: number
  start: string
  learned_at: number
}

/** An owner of a job, with what the creation's answer said about the job. */
type JobOwner = Owner & { email: string; lease: string; start: Start }
/** As it is stored. `name`: what the client of a queued creation calls the job. */
type Start = JobStart & { name?: string }

export class JobRows {
  readonly #sql: SqlStorage
  /** The spans that have rows, latest first. Only this object writes them. */
  #spans: number[] | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Takes the owners that are jobs, and returns the others. `accounts`: the tenant's accounts now. */
  learn(owners: readonly Owner[], accounts: readonly Account[], now: number): Owner[] {
    for (const [place, owner] of owners.filter(isJob).entries()) {
      const row = rowOf(owner, place, accounts, now)
      if (this.#insert('INSERT OR IGNORE', row)) continue
      this.#keepWhole(row)
      this.#insert('INSERT OR REPLACE', row)
    }
    return owners.filter((owner) => !isJob(owner))
  }

  #insert(verb: 'INSERT OR IGNORE' | 'INSERT OR REPLACE', row: Row): boolean {
    const { rowsWritten } = this.#sql.exec(
      `${verb} INTO job_owner (span, id, email, account_since, account_key, request_id, place, start, learned_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.span,
      row.id,
      row.email,
      row.account_since,
      row.account_key,
      row.request_id,
      row.place,
      row.start,
      row.learned_at
    )
    if (this.#spans?.includes(row.span) === false) this.#spans = undefined
    return rowsWritten > 0
  }

  /** Keeps the creation that has this row, if it is another one. Else its lease would lose the job that the row loses. */
  #keepWhole({ span, id, request_id: by }: Row): void {
    const [row] = this.#rows('SELECT * FROM job_owner WHERE span = ? AND id = ?', span, id)
    if (!row || row.request_id === by) return
    for (const { requestId, ...made } of this.jobsOf([row.request_id]))
      this.saveMade(requestId, made)
  }

  /** The owners of these ids, as far as they are jobs of accounts that are there now. */
  find(ids: readonly string[], accounts: readonly Account[]): Owner[] {
    if (ids.length === 0) return []
    const spans = JSON.stringify(this.#known())
    return ids.flatMap((id) => {
      const [row] = this.#rows(OF_ID, spans, id)
      const account = row && accounts.find((one) => isSame(one.email, row.email))
      if (!row || account?.createdAt !== row.account_since) return []
      const { email, request_id: lease } = row
      const { name } = JSON.parse(row.start) as Start
      const named = name === undefined ? {} : { name }
      return [{ id, email, source: 'created', mayBeShared: false, lease, ...named }]
    })
  }

  /** The jobs of these creations. A creation of which nothing is known is not in the result. */
  jobsOf(requestIds: readonly string[]): JobsOf[] {
    return requestIds.flatMap((requestId) => {
      const made = this.#madeOf(requestId)
      const rows = isTimedId(requestId) ? this.#rows(OF_REQUEST, spanOf(requestId), requestId) : []
      const [first] = rows
      if (!first) return made ? [{ requestId, ...made }] : []
      const starts = rows.toSorted((a, b) => a.place - b.place).map(({ start }) => startIn(start))
      const { email, account_key: key, learned_at: at } = first
      return [{ requestId, at, ...(made ?? toMade(email, key, starts)) }]
    })
  }

  #madeOf(requestId: string): Made | undefined {
    const sql = 'SELECT email, account_key AS key, starts FROM made WHERE request_id = ?'
    const [row] = this.#sql
      .exec<{ email: string; key: string | null; starts: string }>(sql, requestId)
      .toArray()
    return row && toMade(row.email, row.key, JSON.parse(row.starts) as JobStart[])
  }

  /** Saves all jobs of a creation that `learn` may not have kept, or not all of them. */
  saveMade(requestId: string, { email, key, starts }: Made): void {
    this.#sql.exec(
      `INSERT INTO made (request_id, email, account_key, starts) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET email = excluded.email, account_key = excluded.account_key, starts = excluded.starts`,
      requestId,
      email,
      key ?? null,
      JSON.stringify(starts)
    )
  }

  /** Deletes whole spans that are over since `before`, a bounded number. */
  forget(now: number, before: number): void {
    this.#sql.exec('DELETE FROM made WHERE request_id < ?', firstTimedId(now - KEEP_MADE_MS))
    let removed = 0
    for (const span of this.#known().toReversed()) {
      if ((span + 1) * SPAN_MS > before || removed >= REMOVED_AT_ONCE) break
      removed += this.#sql.exec('DELETE FROM job_owner WHERE span = ?', span).rowsWritten
    }
    if (removed > 0) this.#spans = undefined
  }

  /** When the oldest row will have been kept long enough. Undefined: there is none. */
  dueAt(keepOwnersMs: number): number | undefined {
    const { id } = this.#sql
      .exec<{ id: string | null }>('SELECT MIN(request_id) AS id FROM made')
      .one()
    const made = id === null || !isTimedId(id) ? Infinity : timeOf(id) + KEEP_MADE_MS
    const oldest = this.#known().at(-1)
    const owner = oldest === undefined ? Infinity : (oldest + 1) * SPAN_MS + keepOwnersMs
    const due = Math.min(made, owner)
    return due === Infinity ? undefined : due
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM made')
    this.#sql.exec('DELETE FROM job_owner')
    this.#spans = undefined
  }

  #known(): number[] {
    this.#spans ??= this.#sql
      .exec<{ span: number }>(ALL_SPANS)
      .toArray()
      .map(({ span }) => span)
    return this.#spans
  }

  #rows(sql: string, ...values: (string | number)[]): Row[] {
    return this.#sql.exec<Row>(sql, ...values).toArray()
  }
}

/** Finds each span from the one after, so a span without rows costs nothing. Latest first. */
const ALL_SPANS = `WITH RECURSIVE every (span) AS (
    SELECT (SELECT span FROM job_owner WHERE span >= 0 ORDER BY span DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT span FROM job_owner WHERE job_owner.span < every.span ORDER BY job_owner.span DESC LIMIT 1)
    FROM every WHERE span IS NOT NULL)
  SELECT span FROM every WHERE span IS NOT NULL`

const OF_ID = `SELECT job_owner.* FROM json_each(?1) AS every
  CROSS JOIN job_owner ON job_owner.span = every.value AND job_owner.id = ?2 LIMIT 1`

const OF_REQUEST = 'SELECT * FROM job_owner WHERE span = ?1 AND request_id = ?2'

/** Whether `learn` keeps the owner as a job. A lease of an old release has no time in its id. */
function isJob(owner: Owner): owner is JobOwner {
  const { email, lease, start } = owner
  return email !== null && start !== undefined && lease !== undefined && isTimedId(lease)
}

/** `place`: jobs of one creation are given back in their order. `accounts`: the tenant's accounts now. */
function rowOf(
  { id, email, key, lease, start }: JobOwner,
  place: number,
  accounts: readonly Account[],
  now: number
): Row {
  // Undefined: it was removed meanwhile. Its object still asks for its jobs.
  const account = accounts.find((one) => isSame(one.email, email))
  return {
    span: spanOf(lease),
    id,
    email,
    account_since: account?.createdAt ?? null,
    account_key: key ?? account?.key ?? null,
    request_id: lease,
    place,
    start: JSON.stringify(start),
    learned_at: now,
  }
}

function startIn(text: string): JobStart {
  const { name: _, ...start } = JSON.parse(text) as Start
  return start
}

function toMade(email: string, key: string | null, starts: JobStart[]): Made {
  return { email, ...(key === null ? {} : { key }), starts }
}

function isSame(email: string, other: string): boolean {
  return email.toLowerCase() === other.toLowerCase()
}

function spanOf(requestId: string): number {
  return Math.floor(timeOf(requestId) / SPAN_MS)
}
