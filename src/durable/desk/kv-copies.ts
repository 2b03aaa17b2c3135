/**
 * A desk's copies in KV, for reading far away. One that could not be written (KV takes one write a second per key) is written
 * again by the alarm.
 */
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export class Copies {
  readonly #tables: DeskTables
  readonly #kv: KVNamespace
  readonly #armSoon: () => void
  #publishing: Promise<void> = Promise.resolve()

  constructor(tables: DeskTables, kv: KVNamespace, armSoon: () => void) {
    this.#tables = tables
    this.#kv = kv
    this.#armSoon = armSoon
  }

  /** One after the other, so that an older copy never overtakes a newer one. */
  publish(): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#writeBehind())
    return this.#publishing
  }

  /** Writes every copy that is behind. What fails is tried again a little later. */
  async #writeBehind(): Promise<void> {
    const behind = this.#tables.copiesBehind()
    // Armed first: if this object dies in the middle, the alarm writes what is left.
    if (behind.length > 0) this.#armSoon()
    for (const copy of behind) {
      try {
        const value = this.#tables.copyOf(copy.key)
        if (value === undefined) await this.#kv.delete(copy.key)
        else await this.#kv.put(copy.key, value)
        this.#tables.noteCopied(copy)
      } catch {
        this.#armSoon()
      }
    }
  }
}
