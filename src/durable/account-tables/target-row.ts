/**
 * Keeps the delivery targets that the holder's desk pushed: endpoints and secrets, sealed. Older versions never replace newer ones.
 */
import type { Delivery } from '#domain/events/delivery.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import { missedDeliveries, missedSince } from '#domain/events/missed-endpoints.ts'
import { unpackOwed } from '#domain/events/owed-deliveries.ts'
import type { DeliveryRows } from './delivery-rows.ts'
import type { EndedJobs } from './ended-jobs.ts'

export const TARGETS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS targets (
    id INTEGER PRIMARY KEY CHECK (id = 1), tenant TEXT NOT NULL, record TEXT NOT NULL);
`

interface Held {
  tenant: string
  targets: PushedTargets
}

export class TargetRow {
  readonly #storage: DurableObjectStorage
  readonly #ended: EndedJobs
  readonly #deliveries: DeliveryRows
  /** Only this object writes the row. null: there is none. */
  #known: Held | null | undefined

  constructor(storage: DurableObjectStorage, ended: EndedJobs, deliveries: DeliveryRows) {
    this.#storage = storage
    this.#ended = ended
    this.#deliveries = deliveries
  }

  of(tenant: string): PushedTargets | undefined {
    const held = this.#held
    return held?.tenant === tenant ? held.targets : undefined
  }

  /** Returns the new deliveries of ends that came before these targets, and missed an endpoint. */
  take(tenant: string, after: PushedTargets, now: number): Delivery[] {
    const before = this.of(tenant)
    if (before && before.version >= after.version) return []
    const added = this.#storage.transactionSync(() => {
      this.#save(tenant, after)
      return this.#missed(tenant, before, after, now).filter((one) => this.#deliveries.add(one))
    })
    this.#known = { tenant, targets: after }
    return added
  }

  drop(): void {
    if (this.#held) this.#storage.sql.exec('DELETE FROM targets WHERE id = 1')
    this.#known = null
  }

  #missed(
    tenant: string,
    before: PushedTargets | undefined,
    after: PushedTargets,
    now: number
  ): Delivery[] {
    const since = before && missedSince(before, after)
    if (before === undefined || since === undefined) return []
    return this.#ended.newsSince(tenant, since).flatMap(({ endedAt, owed }) => {
      const { toEndpoints } = unpackOwed(owed)
      return toEndpoints ? missedDeliveries(toEndpoints, endedAt, { before, after }, now) : []
    })
  }

  #save(tenant: string, targets: PushedTargets): void {
    this.#storage.sql.exec(
      `INSERT INTO targets (id, tenant, record) VALUES (1, ?, ?)
       ON CONFLICT DO UPDATE SET tenant = excluded.tenant, record = excluded.record`,
      tenant,
      JSON.stringify(targets)
    )
  }

  get #held(): Held | null {
    this.#known ??= this.#read()
    return this.#known
  }

  #read(): Held | null {
    const sql = 'SELECT tenant, record FROM targets WHERE id = 1'
    const [row] = this.#storage.sql.exec<{ tenant: string; record: string }>(sql).toArray()
    return row ? { tenant: row.tenant, targets: JSON.parse(row.record) as PushedTargets } : null
  }
}
