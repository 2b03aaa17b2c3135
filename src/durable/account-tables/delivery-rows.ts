/**
 * The deliveries of an account's object, those owed and those that have ended, in the order in which they were made. One
 * row each, changed in its place. What is owed is found, when the object wakes up, without reading a week of them: each row
 * says which one was the oldest that was still owed when it was written, so nothing before that one is owed now but what
 * somebody sent again by hand or what was made while the clock had gone back, and that is noted apart.
 */
import { pendingOf, type Delivery, type Pending } from '#domain/events/delivery.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import { prefixOf, timeOf } from '#domain/text/time-ordered-id.ts'

export const DELIVERIES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS outgoing (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    job_id TEXT,
    request_id TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    next_at INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    oldest_owed TEXT NOT NULL,
    record TEXT NOT NULL,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS resent (id TEXT PRIMARY KEY) WITHOUT ROWID;
`

/** A clock that went back so far costs nothing; one that went further costs a row for each delivery of that time. */
const CLOCK_BACK_MS = 300_000
const FORGOTTEN_AT_ONCE = 2000
const LAST = '~'

interface Row {
  [column: string]: SqlStorageValue
  record: string
  body: string
}

export class DeliveryRows {
  readonly #sql: SqlStorage
  /** What is owed, oldest first, but for what was sent again. */
  readonly #owed = new Set<string>()
  #newest = ''
  /** Waking up now, what is before it would not be read. */
  #from = ''

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Without bodies: of 50 dead endpoints there may be 65,000. Once in an object's life. */
  pending(): Pending[] {
    const [newest] = this.#sql
      .exec<{ id: string; oldest: string }>(
        'SELECT id, oldest_owed AS oldest FROM outgoing WHERE id = (SELECT MAX(id) FROM outgoing)'
      )
      .toArray()
    if (!newest) return []
    this.#noteNewest(newest.id, newest.oldest)
    const owed = this.#sql.exec<PendingRow>(PENDING, this.#from).toArray()
    for (const { id } of owed) this.#owed.add(id)
    const again = this.#sql.exec<PendingRow>(RESENT).toArray()
    return [...owed, ...again.filter(({ id }) => !this.#owed.has(id))].map(toPending)
  }

  /** False: it was there already. */
  add(delivery: Delivery): boolean {
    const [oldest = delivery.id] = this.#owed
    if (!this.#insert(delivery, oldest)) return false
    if (delivery.state !== 'pending') return true
    this.#owed.add(delivery.id)
    if (delivery.id < this.#from) this.#noteAgain(delivery.id)
    return true
  }

  #noteNewest(id: string, oldest: string): void {
    if (id < this.#newest) return
    this.#newest = id
    this.#from = prefixOf(timeOf(oldest) - CLOCK_BACK_MS)
  }

  /** One that an older Worker wrote, in whatever order. */
  takeOld(delivery: Delivery): void {
    if (this.#owed.size === 0) this.pending()
    const [oldest = delivery.id] = this.#owed
    if (this.#insert(delivery, oldest) && delivery.state === 'pending') this.#noteAgain(delivery.id)
  }

  #insert(delivery: Delivery, oldest: string): boolean {
    const { event, ...rest } = delivery
    const { rowsWritten } = this.#sql.exec(
      `INSERT INTO outgoing (id, tenant, state, job_id, request_id, created_at, ended_at, next_at, receiver, attempts,
       oldest_owed, record, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      delivery.id,
      delivery.tenant,
      delivery.state,
      delivery.jobId ?? null,
      delivery.requestId ?? null,
      delivery.createdAt,
      delivery.endedAt ?? null,
      delivery.nextAt,
      pendingOf(delivery).receiver,
      delivery.attempts.length,
      oldest,
      JSON.stringify({ ...rest, event: { ...event, body: '' } }),
      event.body
    )
    if (rowsWritten > 0) this.#noteNewest(delivery.id, oldest)
    return rowsWritten > 0
  }

  #noteAgain(id: string): void {
    this.#sql.exec('INSERT INTO resent (id) VALUES (?) ON CONFLICT DO NOTHING', id)
  }

  /** One that is there. Its body stays as it is. */
  #change(delivery: Delivery): void {
    const { event, ...rest } = delivery
    this.#sql.exec(
      'UPDATE outgoing SET state = ?, ended_at = ?, next_at = ?, attempts = ?, record = ? WHERE id = ?',
      delivery.state,
      delivery.endedAt ?? null,
      delivery.nextAt,
      delivery.attempts.length,
      JSON.stringify({ ...rest, event: { ...event, body: '' } }),
      delivery.id
    )
    if (delivery.state === 'pending') return
    this.#owed.delete(delivery.id)
    // It costs a row only where there is one.
    this.#sql.exec('DELETE FROM resent WHERE id = ?', delivery.id)
  }

  save(delivery: Delivery): void {
    if (!this.#owed.has(delivery.id) && this.add(delivery)) return
    this.#change(delivery)
  }

  /** By hand, so one row more does not matter. */
  sendAgain(delivery: Delivery): void {
    this.#noteAgain(delivery.id)
    this.#owed.delete(delivery.id)
    this.#change(delivery)
  }

  drop(id: string): void {
    this.#owed.delete(id)
    this.#sql.exec('DELETE FROM outgoing WHERE id = ?', id)
    this.#sql.exec('DELETE FROM resent WHERE id = ?', id)
  }

  find(id: string): Delivery | undefined {
    const sql = 'SELECT record, body FROM outgoing WHERE id = ?'
    return this.#sql.exec<Row>(sql, id).toArray().map(toDelivery)[0]
  }

  /** Newest first, without bodies: a page of large ones would be more than an answer may hold. */
  list(query: DeliveryQuery): Delivery[] {
    const { tenant, state, job, since, until, before, limit } = query
    const below = until === undefined ? LAST : prefixOf(until)
    const rows = this.#sql.exec<Row>(
      LIST,
      since === undefined ? '' : prefixOf(since),
      before === undefined || below < before.id ? below : before.id,
      tenant,
      state ?? null,
      job ?? null,
      limit
    )
    return rows.toArray().map(toDelivery)
  }

  /** A bounded number of those that ended before. True when there may be more. */
  forget(before: number): boolean {
    const { rowsWritten } = this.#sql.exec(FORGET, prefixOf(before), before, FORGOTTEN_AT_ONCE)
    return rowsWritten >= FORGOTTEN_AT_ONCE
  }

  /** When the oldest of them was made. */
  oldestAt(): number | undefined {
    const { id } = this.#sql.exec<{ id: string | null }>('SELECT MIN(id) AS id FROM outgoing').one()
    return id === null ? undefined : timeOf(id)
  }
}

interface PendingRow {
  [column: string]: SqlStorageValue
  id: string
  next_at: number
  receiver: string
  attempts: number
}

const PENDING = `SELECT id, next_at, receiver, attempts FROM outgoing WHERE id >= ?1 AND state = 'pending' ORDER BY id`

const RESENT = `
  SELECT outgoing.id, next_at, receiver, attempts FROM resent CROSS JOIN outgoing ON outgoing.id = resent.id
  WHERE state = 'pending'`

const LIST = `
  SELECT record, '' AS body FROM outgoing
  WHERE id >= ?1 AND id < ?2 AND tenant = ?3 AND (?4 IS NULL OR state = ?4)
    AND (?5 IS NULL OR ?5 IN (job_id, request_id))
  ORDER BY id DESC LIMIT ?6`

const FORGET = `DELETE FROM outgoing WHERE id IN (
  SELECT id FROM outgoing WHERE id < ?1 AND ended_at < ?2 ORDER BY id LIMIT ?3)`

function toPending({ id, next_at: nextAt, receiver, attempts }: PendingRow): Pending {
  return { id, receiver, nextAt, isTried: attempts > 0 }
}

function toDelivery({ record, body }: Row): Delivery {
  const delivery = JSON.parse(record) as Delivery
  return { ...delivery, event: { ...delivery.event, body } }
}
