/** The SQL of an object's storage, in Node's own SQLite, for tables that are tested without an object. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

export function openSql(schema: string): SqlStorage {
  const database = new DatabaseSync(':memory:')
  database.exec(schema)
  const exec = (text: string, ...values: SQLInputValue[]) => {
    if (/^\s*CREATE/.test(text)) return void database.exec(text)
    const statement = database.prepare(text)
    const rows = statement.all(...values)
    const changed = database.prepare('SELECT changes() AS n').get() as { n: number }
    return {
      rowsWritten: /^\s*(INSERT|UPDATE|DELETE)/i.test(text) ? changed.n : 0,
      toArray: () => rows,
      one: () => rows[0],
    }
  }
  return { exec } as unknown as SqlStorage
}
