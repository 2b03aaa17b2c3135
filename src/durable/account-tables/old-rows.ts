/**
 * Moves rows of Workers from before the first schema version into today's tables. After a rollback, such a Worker may write more
 * of them. The move happens when the object wakes up, in batches, each in one transaction. Afterwards the old tables are empty,
 * and to find them empty costs nothing.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import { fromLeaseRecord } from '#domain/slots/lease-record.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import type { DeliveryRows } from './delivery-rows.ts'
import type { EndedRecord } from '#domain/slots/lease-record.ts'
import { fromStoredEnd, type EndedJobs, type StoredEnd } from './ended-jobs.ts'

const BATCH = 500

export function moveOldRows(
  storage: DurableObjectStorage,
  ended: EndedJobs,
  deliveries: DeliveryRows
): void {
  const move = <T>(first: string, drop: string, take: (one: T) => void) => {
    for (;;) {
      const rows = storage.sql.exec<{ id: string; record: string }>(first, BATCH).toArray()
      if (rows.length === 0) return
      storage.transactionSync(() => {
        for (const { record } of rows) take(JSON.parse(record) as T)
        storage.sql.exec(drop, rows.at(-1)?.id ?? '')
      })
    }
  }
  move<EndedRecord & { endedAt: number }>(
    "SELECT id, record FROM ended WHERE id >= '' ORDER BY id LIMIT ?",
    'DELETE FROM ended WHERE id <= ?',
    (end) => ended.add({ ...end, lease: fromLeaseRecord(end.lease) })
  )
  move<StoredEnd & { watch: string; endedAt: number }>(
    "SELECT watch AS id, record FROM late WHERE watch >= '' ORDER BY watch LIMIT ?",
    'DELETE FROM late WHERE watch <= ?',
    ({ watch, endedAt, ...end }) => ended.saveUnmatched({ watch, endedAt, ...fromStoredEnd(end) })
  )
  move<Delivery>(
    "SELECT id, record FROM delivery WHERE id >= '' ORDER BY id LIMIT ?",
    'DELETE FROM delivery WHERE id <= ?',
    (one) => deliveries.addOld({ ...one, id: `${prefixOf(one.createdAt)}-${one.id}` })
  )
}
