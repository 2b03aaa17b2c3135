/** The KV copies of what a desk keeps: written one after the other, and again by the alarm what could not be written. */
import type { DeskTables } from './desk-tables.ts'

/** The object's side. */
export interface CopyingHands {
  kv(): KVNamespace
  /** What the copy should hold now; undefined: nothing. */
  valueOf(key: string): string | undefined
  armSoon(): void
}

export class Copying {
  readonly #tables: DeskTables
  readonly #hands: CopyingHands
  #last: Promise<void> = Promise.resolve()

  constructor(tables: DeskTables, hands: CopyingHands) {
    this.#tables = tables
    this.#hands = hands
  }

  /** One after the other, so that an older copy never overtakes a newer one. */
  publish(): Promise<void> {
    this.#last = this.#last.then(() => this.#write())
    return this.#last
  }

  /** Writes every KV copy that is behind. What fails is tried again a little later. */
  async #write(): Promise<void> {
    const behind = this.#tables.copiesBehind()
    // Armed first: if this object dies in the middle, the alarm writes what is left.
    if (behind.length > 0) this.#hands.armSoon()
    for (const copy of behind) {
      try {
        const value = this.#hands.valueOf(copy.key)
        if (value === undefined) await this.#hands.kv().delete(copy.key)
        else await this.#hands.kv().put(copy.key, value)
        this.#tables.noteCopied(copy)
      } catch {
        this.#hands.armSoon()
      }
    }
  }
}
