/** A map that survives a restart: memory serves the reads, SQLite keeps a copy of every write. */
export class Collection<T extends { key: string }> {
  readonly #items = new Map<string, T>()
  readonly #sql: SqlStorage
  readonly #kind: string

  constructor(sql: SqlStorage, kind: string) {
    this.#sql = sql
    this.#kind = kind
    for (const row of sql.exec('SELECT json FROM entity WHERE kind = ? ORDER BY rowid', kind)) {
      const item = JSON.parse(String(row.json)) as T
      this.#items.set(item.key, item)
    }
  }

  get size(): number {
    return this.#items.size
  }

  get(key: string): T | undefined {
    return this.#items.get(key)
  }

  has(key: string): boolean {
    return this.#items.has(key)
  }

  values(): IteratorObject<T> {
    return this.#items.values()
  }

  put(item: T): T {
    this.#items.set(item.key, item)
    this.#sql.exec(
      `INSERT INTO entity (kind, key, json) VALUES (?, ?, ?)
       ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json`,
      this.#kind,
      item.key,
      JSON.stringify(item)
    )
    return item
  }

  delete(key: string): boolean {
    this.#sql.exec('DELETE FROM entity WHERE kind = ? AND key = ?', this.#kind, key)
    return this.#items.delete(key)
  }

  clear(): void {
    this.#sql.exec('DELETE FROM entity WHERE kind = ?', this.#kind)
    this.#items.clear()
  }
}
