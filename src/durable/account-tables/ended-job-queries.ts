/** The SQL of ended-jobs.ts, and its rows. Each statement goes along the primary key, or reads whole spans. */
import type { Outcome } from '#domain/slots/lease.ts'

export interface Row {
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

/** Of the statement `TIMES`. */
export interface TimesRow {
  [column: string]: SqlStorageValue
  requestId: string
  askedAt: number | null
  acquiredAt: number
  at: number
  status: Outcome['status']
  refused: number | null
}

/** All but `owed`, which is long and seldom read. */
const COLUMNS = ['span', 'name', 'id', 'ended_at', 'watches', 'is_sure', 'late', 'main', 'record']
  .map((name) => `ended_job.${name}`)
  .join(', ')

/** Finds each span from the one before, so a span without rows costs nothing. */
export const ALL_SPANS = `WITH RECURSIVE every (span) AS (
    SELECT (SELECT span FROM ended_job WHERE span >= 0 ORDER BY span LIMIT 1)
    UNION ALL
    SELECT (SELECT span FROM ended_job WHERE ended_job.span > every.span ORDER BY ended_job.span LIMIT 1)
    FROM every WHERE span IS NOT NULL)
  SELECT span FROM every WHERE span IS NOT NULL`

export const OF_NAME = `SELECT ${COLUMNS} FROM json_each(?1) AS every
  CROSS JOIN ended_job ON ended_job.span = every.value
  WHERE name = ?2 AND ended_at >= ?3`

export const KNOWN = `SELECT DISTINCT name FROM json_each(?1) AS every CROSS JOIN json_each(?2) AS wanted
  CROSS JOIN ended_job ON ended_job.span = every.value AND ended_job.name = wanted.value
  WHERE is_sure = 1`

export const MAIN = `SELECT ${COLUMNS} FROM ended_job WHERE span = ?1 AND name = ?2 AND id = ?3`

/** The id of a lease is its request's id, or that with a dot and a number. */
export const OF_REQUEST = `SELECT ${COLUMNS} FROM ended_job WHERE span = ?1 AND id >= ?2 AND id < ?3 AND record IS NOT NULL`

/** What a refusal said. The end of a job that never was is stored under its lease's id. */
const REFUSED = `span = ?1 AND name = ?2 AND json_extract(record, '$.refusal') IS NOT NULL`
export const REFUSAL = `SELECT json_extract(record, '$.refusal') AS refusal FROM ended_job WHERE ${REFUSED}`
export const DROP_REFUSAL = `UPDATE ended_job SET record = json_remove(record, '$.refusal') WHERE ${REFUSED}`

export const OF_LEASES = `SELECT ${COLUMNS} FROM json_each(?1) AS every CROSS JOIN ended_job ON ended_job.span = every.value
  WHERE record IS NOT NULL AND ended_job.id IN (SELECT value FROM json_each(?2) AS wanted)`

/** Of these leases, what the ends owe. */
export const OWED = `SELECT ended_job.id, ended_job.owed FROM json_each(?1) AS every CROSS JOIN ended_job ON ended_job.span = every.value
  WHERE owed IS NOT NULL AND ended_job.id IN (SELECT value FROM json_each(?2) AS wanted)`

export const NEWS = `SELECT ended_at AS endedAt, owed FROM ended_job
  WHERE span >= ?1 AND ended_at >= ?2 AND owed IS NOT NULL AND json_extract(record, '$.lease.tenant') = ?3`

export const UNTRACED = `SELECT 1 FROM ended_job
  WHERE span >= ?1 AND ended_at >= ?2 AND record IS NOT NULL AND json_extract(record, '$.lease.tenant') <> ?3
  AND json_extract(record, '$.outcome.status') IN ('absent', 'outcome_unknown', 'lost') LIMIT 1`

export const IN_SPAN = `SELECT ${COLUMNS} FROM ended_job
  WHERE span = ?1 AND record IS NOT NULL AND id < ?2
  AND json_extract(record, '$.lease.acquiredAt') >= ?3
  AND json_extract(record, '$.lease.tenant') = ?4
  AND (?5 IS NULL OR json_extract(record, '$.outcome.status') = ?5)
  AND (?7 IS NULL OR json_extract(record, '$.lease.ownToken') = ?7)
  ORDER BY id DESC LIMIT ?6`

export const TIMES = `SELECT json_extract(record, '$.lease.requestId') AS requestId,
  json_extract(record, '$.lease.acquiredAt') AS acquiredAt, json_extract(record, '$.lease.item.askedAt') AS askedAt, ended_at AS at,
  json_extract(record, '$.outcome.status') AS status, json_extract(record, '$.refused') AS refused
  FROM ended_job WHERE span >= ?1 AND span <= ?2 AND record IS NOT NULL AND is_sure = 1
  AND json_extract(record, '$.lease.tenant') = ?3 AND json_extract(record, '$.outcome.isUnstarted') IS NULL`

export const FIRST =
  'SELECT span, ended_at AS at FROM ended_job WHERE span >= 0 ORDER BY span, name, id LIMIT 1'

export const REMOVE = `DELETE FROM ended_job WHERE (span, name, id) IN (
  SELECT span, name, id FROM ended_job WHERE span < ?1 AND ended_at < ?2 ORDER BY span, name, id LIMIT ?3)`
