/**
 * Writes the KV copies of a desk's records, which other places read. KV takes one write per second and key; a copy that could
 * not be written is written again by the alarm.
 */
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export class KvCopies {
  readonly #tables: DeskTables
  readonly #kv: KVNamespace
  readonly #armSoon: () => void
  #writing: Promise<void> = Promise.resolve()

  constructor(tables: DeskTables, kv: KVNamespace, armSoon: () => void) {
    this.#tables = tables
    this.#kv = kv
    this.#armSoon = armSoon
  }

  /** Writes every copy that is out of date. One call after the other, so that an older value never replaces a newer one. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeStale())
    return this.#writing
  }

  async #writeStale(): Promise<void> {
    const stale = this.#tables.staleCopies()
    // The alarm is set first: if this object dies now, the alarm writes the rest.
    if (stale.length > 0) this.#armSoon()
    for (const copy of stale) {
      try {
        const value = this.#tables.valueOfCopy(copy.key)
        if (value === undefined) await this.#kv.delete(copy.key)
        else await this.#kv.put(copy.key, value)
        this.#tables.markCopied(copy)
      } catch {
        this.#armSoon()
      }
    }
  }
}
