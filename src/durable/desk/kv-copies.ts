/**
 * Writes the KV copies of a desk's records. Workers everywhere read them. KV takes one write per second and key. If a copy could
 * not be written, the alarm writes it again.
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

  /** Writes every copy that is out of date. Calls run one after the other, so that an older value never replaces a newer one. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeStale())
    return this.#writing
  }

  async #writeStale(): Promise<void> {
    const stale = this.#tables.staleCopies()
    // The alarm is set first. If the object is ended during the writes, the alarm writes the rest.
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
