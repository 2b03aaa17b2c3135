/**
 * A small cache with an end per entry. Only what was found is kept: absence is never cached, or a new token or account
 * would be missing for a while. Loads are not shared between requests: a request that ends takes its I/O with it, and
 * whoever waited for that would hang.
 */
export class Cached<T> {
  readonly #entries = new Map<string, { value: T; until: number }>()
  readonly #keepMs: number
  readonly #size: number

  /** `size`: entries. */
  constructor(keepMs: number, size: number) {
    this.#keepMs = keepMs
    this.#size = size
  }

  peek(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.until > now ? entry.value : undefined
  }

  /** Also what has outlived its time. */
  last(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  put(key: string, value: T, now: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: now + this.#keepMs })
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > this.#size && !oldest.done) this.#entries.delete(oldest.value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
