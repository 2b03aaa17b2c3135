/**
 * Brings the schema of an object's tables up to date: runs each step of a list once, in a transaction, when the object wakes up.
 * Steps only add, and a version newer than the code is left alone, so that a rollback works. Every INSERT names its columns, so
 * that an added column breaks none.
 */
export type Step = (sql: SqlStorage) => void

const VERSION =
  'CREATE TABLE IF NOT EXISTS schema (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)'

export function migrate(storage: DurableObjectStorage, steps: readonly Step[]): void {
  const { sql } = storage
  sql.exec(VERSION)
  for (let version = versionOf(sql); version < steps.length; version += 1) {
    storage.transactionSync(() => {
      steps[version]?.(sql)
      sql.exec(
        'INSERT INTO schema (id, version) VALUES (1, ?) ON CONFLICT DO UPDATE SET version = excluded.version',
        version + 1
      )
    })
  }
}

function versionOf(sql: SqlStorage): number {
  const rows = sql.exec<{ version: number }>('SELECT version FROM schema WHERE id = 1')
  return rows.toArray()[0]?.version ?? 0
}
