/** Keeps how far the current pass of re-sealing has come: one row, in the registrar. */
import type { ResealState } from '#domain/access/reseal.ts'

export const RESEAL_SCHEMA =
  'CREATE TABLE IF NOT EXISTS reseal (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);'

export class ResealRow {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  read(): ResealState | undefined {
    const sql = 'SELECT record FROM reseal WHERE id = 1'
    const [row] = this.#sql.exec<{ record: string }>(sql).toArray()
    return row && (JSON.parse(row.record) as ResealState)
  }

  /** False: another request has saved its state meanwhile. */
  save(state: ResealState): boolean {
    if ((this.read()?.version ?? 0) !== state.version) return false
    this.#sql.exec(
      'INSERT INTO reseal (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify({ ...state, version: state.version + 1 })
    )
    return true
  }
}
