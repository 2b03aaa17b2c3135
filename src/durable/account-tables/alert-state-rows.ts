/** Rows of what is wrong with an account and who was told (domain/alerts/alert-state.ts). Usually there is none. */
import type { AlertState } from '#domain/alerts/alert-state.ts'

export const ALERT_STATES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS alert_state (kind TEXT NOT NULL, tenant TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (kind, tenant)) WITHOUT ROWID;
`

type Name = Pick<AlertState, 'kind' | 'tenant'>

export class AlertStateRows {
  readonly #sql: SqlStorage
  /** Only this object writes the rows. */
  #known: AlertState[] | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  all(): readonly AlertState[] {
    this.#known ??= this.#sql
      .exec<{ record: string }>('SELECT record FROM alert_state')
      .toArray()
      .map(({ record }) => JSON.parse(record) as AlertState)
    return this.#known
  }

  find({ kind, tenant }: Name): AlertState | undefined {
    return this.all().find((one) => one.kind === kind && one.tenant === tenant)
  }

  save(state: AlertState): void {
    this.#sql.exec(
      'INSERT INTO alert_state (kind, tenant, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      state.kind,
      state.tenant,
      JSON.stringify(state)
    )
    this.#known = [...this.#others(state), state]
  }

  drop(state: Name): void {
    this.#sql.exec(
      'DELETE FROM alert_state WHERE kind = ? AND tenant = ?',
      state.kind,
      state.tenant
    )
    this.#known = this.#others(state)
  }

  #others({ kind, tenant }: Name): AlertState[] {
    return this.all().filter((one) => one.kind !== kind || one.tenant !== tenant)
  }
}
