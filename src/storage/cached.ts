/**
 * A small cache in which each entry expires. Requests do not share a load that is under way. On Workers, I/O ends with the
 * request that started it, so the other requests would wait for ever.
 */
export interface CacheBounds<T> {
  entries: number
  /** The longest total of keys and values, in characters; absent: no limit. */
  chars?: number
  weigh?: (value: T) => number
}

export class Cached<T> {
  readonly #entries = new Map<string, { value: T; until: number; weight: number }>()
  readonly #keepMs: number
  readonly #bounds: Required<CacheBounds<T>>
  readonly #now: () => number
  #weight = 0

  constructor(keepMs: number, bounds: CacheBounds<T>, now: () => number) {
    this.#now = now
    this.#keepMs = keepMs
    this.#bounds = { chars: Infinity, weigh: () => 0, ...bounds }
  }

  peek(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.until > this.#now() ? entry.value : undefined
  }

  /** The last value under the key, even if it has expired. */
  last(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  /** `keepMs`: for this value alone. */
  put(key: string, value: T, keepMs = this.#keepMs): void {
    const { entries, chars, weigh } = this.#bounds
    this.delete(key)
    const weight = key.length + weigh(value)
    this.#entries.set(key, { value, until: this.#now() + keepMs, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= entries && this.#weight <= chars) return
      this.delete(oldest)
    }
  }

  /** Keeps the last value for as long as a new one, if it is still right. */
  renew(key: string, isRight: (value: T) => boolean): T | undefined {
    const entry = this.#entries.get(key)
    if (!entry || !isRight(entry.value)) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, { ...entry, until: this.#now() + this.#keepMs })
    return entry.value
  }

  /** Drops every entry that has expired. The oldest come first. For secrets, which should not stay in memory. */
  dropExpired(): void {
    const now = this.#now()
    for (const [key, { until }] of this.#entries) {
      if (until > now) return
      this.delete(key)
    }
  }

  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0
    this.#entries.delete(key)
  }
}
