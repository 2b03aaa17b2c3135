/** An object's storage in Node's own SQLite, for tests of tables without an object. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

export function openSql(schema: string): SqlStorage {
  const database = new DatabaseSync(':memory:')
  database.exec(schema)
  const exec = (text: string, ...values: SQLInputValue[]) => {
    if (/^\s*CREATE/.test(text)) {
      database.exec(text)
      return { rowsRead: 0, rowsWritten: 0, toArray: () => [], one: () => undefined }
    }
    const statement = database.prepare(text)
    if (/^\s*SELECT/i.test(text)) return cursorOf(statement, values)
    const rows = statement.all(...values)
    const changed = database.prepare('SELECT changes() AS n').get() as { n: number }
    return {
      rowsRead: rows.length,
      rowsWritten: /^\s*(INSERT|UPDATE|DELETE)/i.test(text) ? changed.n : 0,
      toArray: () => rows,
      one: () => rows[0],
    }
  }
  return { exec } as unknown as SqlStorage
}

/** What is iterated over is read row by row, as in an object. */
function cursorOf(statement: StatementSync, values: SQLInputValue[]) {
  let rows: unknown[] | undefined
  const all = () => (rows ??= statement.all(...values))
  return {
    // Only the rows that the statement returns. SQLite may read more.
    get rowsRead() {
      return all().length
    },
    rowsWritten: 0,
    toArray: all,
    one: () => all()[0],
    [Symbol.iterator]: () => statement.iterate(...values),
  }
}

/** `transactionSync` rolls back if the function throws, as an object's does. */
export function openStorage(schema: string): DurableObjectStorage {
  const sql = openSql(schema)
  const transactionSync = <T>(work: () => T): T => {
    sql.exec('BEGIN')
    try {
      const done = work()
      sql.exec('COMMIT')
      return done
    } catch (error) {
      sql.exec('ROLLBACK')
      throw error
    }
  }
  return { sql, transactionSync }
}
