/**
 * Keeps the deliveries of an account, pending and ended, one row each, sorted by the time they were made. Ended ones are kept
 * for a week. When the object wakes up, it must find the pending ones without reading that week. So each row contains the id of
 * the oldest delivery that was pending when the row was written: no older row can be pending. Exceptions have a row in
 * `resent`: deliveries that were sent again by hand, and deliveries that were made while the clock had gone back.
 *
 * A delivery about a job's end has no row until its first attempt has ended. Until then the ended job's row owes it, and it is in
 * memory. So a delivery that is taken at the first attempt costs one row.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import { pendingOf, type Pending } from '#domain/events/delivery-queue.ts'
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

/**
 * A clock that went back by less than this costs nothing. If it went back further, each delivery of that time costs one more row.
 */
const CLOCK_BACK_MS = 300_000
const REMOVED_AT_ONCE = 2000
/** How many are owed at most. More get rows at once, so that a slow receiver fills neither the memory nor the table of leases. */
const OWED_MAX = 100
/** Sorts behind every id. */
const LAST = '~'

interface Row {
  [column: string]: SqlStorageValue
  record: string
  body: string
}

export class DeliveryRows {
  readonly #sql: SqlStorage
  /** Ids of the pending ones, oldest first, without those that were sent again. */
  readonly #pending = new Set<string>()
  /** Those without a row, by id. They are pending, too. `leaseId`: whose end owes it. */
  readonly #owed = new Map<string, { delivery: Delivery; leaseId: string }>()
  #newest = ''
  /** The id at which reading the pending ones begins after a restart. */
  #readFrom = ''

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Called once, when the object wakes up. Reads no bodies: 50 endpoints that are down may have 65,000 deliveries. */
  pending(): Pending[] {
    const [newest] = this.#sql
      .exec<{ id: string; oldest: string }>(
        'SELECT id, oldest_owed AS oldest FROM outgoing WHERE id = (SELECT MAX(id) FROM outgoing)'
      )
      .toArray()
    if (!newest) return []
    this.#setNewest(newest.id, newest.oldest)
    const inOrder = this.#sql.exec<PendingRow>(PENDING, this.#readFrom).toArray()
    for (const { id } of inOrder) this.#pending.add(id)
    const again = this.#sql.exec<PendingRow>(RESENT).toArray()
    return [...inOrder, ...again.filter(({ id }) => !this.#pending.has(id))].map(toPending)
  }

  hasRoomToOwe(count: number): boolean {
    return this.#owed.size + count <= OWED_MAX
  }

  /** Takes deliveries that were just written with the end of this lease. */
  owe(leaseId: string, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      this.#owed.set(delivery.id, { delivery, leaseId })
      this.#pending.add(delivery.id)
    }
  }

  /** After a restart: takes those that have no row yet. Call it after `pending`. */
  oweAgain(leaseId: string, deliveries: readonly Delivery[]): Pending[] {
    const left = deliveries.filter(({ id }) => !this.#hasRow(id))
    this.owe(leaseId, left)
    const inOrder = [...this.#pending].toSorted()
    this.#pending.clear()
    for (const id of inOrder) this.#pending.add(id)
    return left.map(pendingOf)
  }

  /** Whether a delivery about the end of this lease has no row. */
  isOwedBy(leaseId: string): boolean {
    return [...this.#owed.values()].some((one) => one.leaseId === leaseId)
  }

  isOwed(id: string): boolean {
    return this.#owed.has(id)
  }

  #hasRow(id: string): boolean {
    return this.#sql.exec('SELECT id FROM outgoing WHERE id = ?', id).toArray().length > 0
  }

  /** False: the delivery was there already. */
  add(delivery: Delivery): boolean {
    const [oldest = delivery.id] = this.#pending
    if (!this.#insert(delivery, oldest)) return false
    if (delivery.state !== 'pending') {
      this.#pending.delete(delivery.id)
      return true
    }
    this.#pending.add(delivery.id)
    if (delivery.id < this.#readFrom) this.#markResent(delivery.id)
    return true
  }

  #setNewest(id: string, oldest: string): void {
    if (id < this.#newest) return
    this.#newest = id
    this.#readFrom = prefixOf(timeOf(oldest) - CLOCK_BACK_MS)
  }

  /** Adds a delivery from an older Worker's table. They may come in any order. */
  addOld(delivery: Delivery): void {
    if (this.#pending.size === 0) this.pending()
    const [oldest = delivery.id] = this.#pending
    if (this.#insert(delivery, oldest) && delivery.state === 'pending')
      this.#markResent(delivery.id)
  }

  #insert(delivery: Delivery, oldest: string): boolean {
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
      JSON.stringify(withoutBody(delivery)),
      delivery.event.body
    )
    if (rowsWritten > 0) this.#setNewest(delivery.id, oldest)
    return rowsWritten > 0
  }

  #markResent(id: string): void {
    this.#sql.exec('INSERT INTO resent (id) VALUES (?) ON CONFLICT DO NOTHING', id)
  }

  /** Saves a changed delivery, without its body, which never changes. */
  #change(delivery: Delivery): void {
    this.#sql.exec(
      'UPDATE outgoing SET state = ?, ended_at = ?, next_at = ?, attempts = ?, record = ? WHERE id = ?',
      delivery.state,
      delivery.endedAt ?? null,
      delivery.nextAt,
      delivery.attempts.length,
      JSON.stringify(withoutBody(delivery)),
      delivery.id
    )
    if (delivery.state === 'pending') return
    this.#pending.delete(delivery.id)
    // This costs a row written only if there is a row to delete.
    this.#sql.exec('DELETE FROM resent WHERE id = ?', delivery.id)
  }

  save(delivery: Delivery): void {
    const isNew = this.#owed.has(delivery.id) || !this.#pending.has(delivery.id)
    if (!isNew || !this.add(delivery)) this.#change(delivery)
    // Only now: if the row could not be written, the ended job still owes the delivery.
    this.#owed.delete(delivery.id)
  }

  /** A retry by hand is rare, so one more row does not matter. */
  sendAgain(delivery: Delivery): void {
    if (this.#owed.has(delivery.id)) return this.save(delivery)
    this.#markResent(delivery.id)
    this.#pending.delete(delivery.id)
    this.#change(delivery)
  }

  remove(id: string): void {
    this.#pending.delete(id)
    this.#owed.delete(id)
    this.#sql.exec('DELETE FROM outgoing WHERE id = ?', id)
    this.#sql.exec('DELETE FROM resent WHERE id = ?', id)
  }

  find(id: string): Delivery | undefined {
    const owed = this.#owed.get(id)
    if (owed) return owed.delivery
    const sql = 'SELECT record, body FROM outgoing WHERE id = ?'
    return this.#sql.exec<Row>(sql, id).toArray().map(toDelivery)[0]
  }

  /** Newest first, without bodies: a page of large bodies would not fit into one answer. */
  list(query: DeliveryQuery): Delivery[] {
    const { tenant, state, job, since, until, before, limit, ownToken = null } = query
    const below = until === undefined ? LAST : prefixOf(until)
    const from = since === undefined ? '' : prefixOf(since)
    const to = before === undefined || below < before.id ? below : before.id
    const wanted = [from, to, tenant, state ?? null, job ?? null, limit, ownToken]
    const rows = this.#sql.exec<Row>(LIST, ...wanted)
    const owed = [...this.#owed.values()].flatMap(({ delivery }) => {
      const { id, jobId, providerJobId, requestId } = delivery
      const isOfJob = job === undefined || [jobId, providerJobId, requestId].includes(job)
      const isSeen = ownToken === null || (delivery.ownToken === ownToken && !delivery.isToTenant)
      const isPending = (state ?? 'pending') === 'pending'
      const isWanted = delivery.tenant === tenant && isPending && isOfJob && isSeen
      return isWanted && id >= from && id < to ? [withoutBody(delivery)] : []
    })
    return [...owed, ...rows.toArray().map(toDelivery)]
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit)
  }

  /** Removes a bounded number of deliveries that ended before `time`. True when there may be more. */
  removeBefore(time: number): boolean {
    const { rowsWritten } = this.#sql.exec(REMOVE, prefixOf(time), time, REMOVED_AT_ONCE)
    return rowsWritten >= REMOVED_AT_ONCE
  }

  /** When the oldest one was made. */
  oldestAt(): number | undefined {
    const { id } = this.#sql.exec<{ id: string | null }>('SELECT MIN(id) AS id FROM outgoing').one()
    return id === null ? undefined : timeOf(id)
  }
}

interface PendingRow {
  [column: string]: SqlStorageValue
  id: string
  tenant: string
  next_at: number
  receiver: string
  attempts: number
}

const PENDING = `SELECT id, tenant, next_at, receiver, attempts FROM outgoing WHERE id >= ?1 AND state = 'pending' ORDER BY id`

const RESENT = `
  SELECT outgoing.id, tenant, next_at, receiver, attempts FROM resent CROSS JOIN outgoing ON outgoing.id = resent.id
  WHERE state = 'pending'`

const LIST = `
  SELECT record, '' AS body FROM outgoing
  WHERE id >= ?1 AND id < ?2 AND tenant = ?3 AND (?4 IS NULL OR state = ?4)
    AND (?5 IS NULL OR ?5 IN (job_id, request_id, json_extract(record, '$.providerJobId')))
    AND (?7 IS NULL OR (json_extract(record, '$.ownToken') = ?7 AND json_extract(record, '$.isToTenant') IS NULL))
  ORDER BY id DESC LIMIT ?6`

const REMOVE = `DELETE FROM outgoing WHERE id IN (
  SELECT id FROM outgoing WHERE id < ?1 AND ended_at < ?2 ORDER BY id LIMIT ?3)`

function withoutBody(delivery: Delivery): Delivery {
  return { ...delivery, event: { ...delivery.event, body: '' } }
}

function toPending({ id, tenant, next_at: nextAt, receiver, attempts }: PendingRow): Pending {
  return { id, tenant, receiver, nextAt, isTried: attempts > 0 }
}

function toDelivery({ record, body }: Row): Delivery {
  const delivery = JSON.parse(record) as Delivery
  return { ...delivery, event: { ...delivery.event, body } }
}
