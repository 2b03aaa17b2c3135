/**
 * Remembers what was read from tables that only this object writes. Whoever writes them must call `forget` after the write, and
 * nothing may read them between a write and the end of its transaction. So a write that is rolled back is never remembered.
 */
export class Remembered<T> {
  readonly #read: () => T
  #known: { value: T } | undefined

  constructor(read: () => T) {
    this.#read = read
  }

  get value(): T {
    this.#known ??= { value: this.#read() }
    return this.#known.value
  }

  forget(): void {
    this.#known = undefined
  }
}

/** A table with one row, which has an id of 1 and a record. */
export class OneRow<T> {
  readonly #sql: SqlStorage
  readonly #table: string
  readonly #known = new Remembered(() => this.#read())

  constructor(sql: SqlStorage, table: 'hook' | 'legacy' | 'settings') {
    this.#sql = sql
    this.#table = table
  }

  get value(): T | undefined {
    return this.#known.value
  }

  save(value: T): void {
    this.#sql.exec(
      `INSERT INTO ${this.#table} (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record`,
      JSON.stringify(value)
    )
    this.#known.forget()
  }

  drop(): void {
    this.#sql.exec(`DELETE FROM ${this.#table}`)
    this.#known.forget()
  }

  #read(): T | undefined {
    const [row] = this.#sql.exec<{ record: string }>(`SELECT record FROM ${this.#table}`).toArray()
    return row && (JSON.parse(row.record) as T)
  }
}
