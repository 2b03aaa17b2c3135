/** Remembers values for a limited time. When it is full, the oldest value goes. */
export class RecentMap {
  readonly #values = new Map<string, { value: unknown; until: number }>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get(key: string, now: number): unknown {
    const found = this.#values.get(key)
    return found && found.until > now ? found.value : undefined
  }

  set(key: string, value: unknown, until: number): void {
    this.#values.delete(key)
    this.#values.set(key, { value, until })
    const [oldest] = this.#values.keys()
    if (this.#values.size > this.#max && oldest !== undefined) this.#values.delete(oldest)
  }
}
