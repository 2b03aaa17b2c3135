/** Keeps a tenant's webhook endpoints, and the secret that signs deliveries to a job's own URL. */
import type { CallbackSecret, Endpoint, DeliveryTargets } from '#domain/events/endpoint.ts'

/** The callback secrets of own tokens (RFC 0010). */
const TOKEN_SECRETS_SCHEMA =
  'CREATE TABLE IF NOT EXISTS token_secret (token TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'

export class EndpointRows {
  readonly #sql: SqlStorage
  /** Called after each change. */
  onChange: () => void = () => {}

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(TOKEN_SECRETS_SCHEMA)
  }

  all(): DeliveryTargets {
    const callbackSecret = this.callbackSecret()
    const tokenSecrets = this.tokenSecrets()
    return {
      endpoints: this.endpoints(),
      ...(callbackSecret === undefined ? {} : { callbackSecret }),
      ...(Object.keys(tokenSecrets).length === 0 ? {} : { tokenSecrets }),
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

  tokenSecrets(): Record<string, CallbackSecret> {
    const sql = 'SELECT token, record FROM token_secret'
    const rows = this.#sql.exec<{ token: string; record: string }>(sql).toArray()
    return Object.fromEntries(
      rows.map(({ token, record }) => [token, JSON.parse(record) as CallbackSecret])
    )
  }

  saveTokenSecret(token: string, secret: CallbackSecret): void {
    this.#sql.exec(
      'INSERT INTO token_secret (token, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      token,
      JSON.stringify(secret)
    )
    this.onChange()
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM token_secret')
    this.#sql.exec('DELETE FROM endpoint')
    this.#sql.exec('DELETE FROM callback_secret')
  }

  #records<T>(sql: string): T[] {
    const rows = this.#sql.exec<{ record: string }>(sql).toArray()
    return rows.map((row) => JSON.parse(row.record) as T)
  }
}
