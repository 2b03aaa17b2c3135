/**
 * Rows that a Worker of before the first schema version wrote: those that were there, and those that it writes when a
 * release is rolled back. They are moved when the object wakes up, some at a time, each in the transaction that removes
 * it. Afterwards its tables are empty, and to see that costs nothing.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import type { LateEnd } from '#domain/events/incoming-event.ts'
import { fromLeaseRecord } from '#domain/slots/lease-record.ts'
import { prefixOf } from '#domain/text/time-ordered-id.ts'
import type { DeliveryRows } from './delivery-rows.ts'
import type { EndedJobs, EndedRecord } from './ended-jobs.ts'

const AT_ONCE = 500

export function moveOldRows(
  storage: DurableObjectStorage,
  ended: EndedJobs,
  deliveries: DeliveryRows
): void {
  const move = <T>(first: string, drop: string, take: (one: T) => void) => {
    for (;;) {
      const rows = storage.sql.exec<{ id: string; record: string }>(first, AT_ONCE).toArray()
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
  move<LateEnd>(
    "SELECT watch AS id, record FROM late WHERE watch >= '' ORDER BY watch LIMIT ?",
    'DELETE FROM late WHERE watch <= ?',
    (end) => ended.saveLate(end)
  )
  move<Delivery>(
    "SELECT id, record FROM delivery WHERE id >= '' ORDER BY id LIMIT ?",
    'DELETE FROM delivery WHERE id <= ?',
    (one) => deliveries.takeOld({ ...one, id: `${prefixOf(one.createdAt)}-${one.id}` })
  )
}
