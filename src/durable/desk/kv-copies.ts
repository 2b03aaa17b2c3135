/**
 * Writes the KV copies of a desk's records. Workers everywhere read them. KV takes one write per second and key. If a copy could
 * not be written, the alarm writes it again.
 */

interface KvCopy {
  key: string
  version: number
}

interface CopyTables {
  staleCopies(): KvCopy[]
  valueOfCopy(key: string): string | undefined
  markCopied(copy: KvCopy): void
}

interface Kv {
  put(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
}

export class KvCopies {
  readonly #tables: CopyTables
  readonly #kv: Kv
  readonly #armSoon: () => void
  #writing: Promise<void> = Promise.resolve()

  constructor(tables: CopyTables, kv: Kv, armSoon: () => void) {
    this.#tables = tables
    this.#kv = kv
    this.#armSoon = armSoon
  }

  /** Writes every copy that is out of date. Calls run one after the other, so that an older value never replaces a newer one. */
  write(): Promise<void> {
    // One that failed does not fail those that come after it.
    this.#writing = this.#writing.catch(() => {}).then(() => this.#writeStale())
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
