/** What `sql.exec` returns. All rows are read at once; the platform reads them as they are asked for. */
type Value = ArrayBuffer | string | number | null
export type Row = Record<string, Value | Uint8Array>

export class Cursor {
  readonly rowsWritten: number
  readonly columnNames: string[]
  readonly #rows: Row[]
  #at = 0

  constructor(rows: Row[], columnNames: string[], rowsWritten: number) {
    this.#rows = rows.map(plain)
    this.columnNames = columnNames
    this.rowsWritten = rowsWritten
  }

  /** The rows that were returned. The platform also counts those that it only looked at. */
  get rowsRead(): number {
    return this.#rows.length
  }

  next(): IteratorResult<Row, undefined> {
    const value = this.#rows[this.#at]
    if (value === undefined) return { done: true, value: undefined }
    this.#at += 1
    return { done: false, value }
  }

  [Symbol.iterator](): this {
    return this
  }

  toArray(): Row[] {
    const rest = this.#rows.slice(this.#at)
    this.#at = this.#rows.length
    return rest
  }

  one(): Row {
    const [row, ...others] = this.toArray()
    if (!row || others.length > 0)
      throw new Error('Expected exactly one result from SQL query, but got another number.')
    return row
  }

  *raw(): Generator<unknown[]> {
    for (const row of this) yield Object.values(row)
  }
}

/** A plain object, with an ArrayBuffer for each blob. */
function plain(row: Row): Row {
  const copy = { ...row }
  for (const name of Object.keys(copy)) {
    const value = copy[name]
    if (value instanceof Uint8Array) copy[name] = new Uint8Array(value).buffer
  }
  return copy
}
