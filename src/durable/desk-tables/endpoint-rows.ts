/** Keeps a tenant's webhook endpoints, and the secret that signs deliveries to a job's own URL. */
import type { CallbackSecret, Endpoint, DeliveryTargets } from '#domain/events/endpoint.ts'

export class EndpointRows {
  readonly #sql: SqlStorage
  /** Called after each change. */
  onChange: () => void = () => {}

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  all(): DeliveryTargets {
    const callbackSecret = this.callbackSecret()
    return {
      endpoints: this.endpoints(),
      ...(callbackSecret === undefined ? {} : { callbackSecret }),
    }
  }

  /** Oldest first. */
  endpoints(): Endpoint[] {
    return this.#records<Endpoint>(
      "SELECT record FROM endpoint ORDER BY json_extract(record, '$.createdAt'), id"
    )
  }

  find(id: string): Endpoint | undefined {
    return this.endpoints().find((one) => one.id === id)
  }

  saveEndpoint(endpoint: Endpoint): void {
    this.#sql.exec(
      'INSERT INTO endpoint (id, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      endpoint.id,
      JSON.stringify(endpoint)
    )
    this.onChange()
  }

  /** True when there was such an endpoint. */
  dropEndpoint(id: string): boolean {
    const isDropped = this.#sql.exec('DELETE FROM endpoint WHERE id = ?', id).rowsWritten > 0
    if (isDropped) this.onChange()
    return isDropped
  }

  callbackSecret(): CallbackSecret | undefined {
    return this.#records<CallbackSecret>('SELECT record FROM callback_secret')[0]
  }

  saveCallbackSecret(secret: CallbackSecret): void {
    this.#sql.exec(
      'INSERT INTO callback_secret (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(secret)
    )
    this.onChange()
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM endpoint')
    this.#sql.exec('DELETE FROM callback_secret')
  }

  #records<T>(sql: string): T[] {
    const rows = this.#sql.exec<{ record: string }>(sql).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}
