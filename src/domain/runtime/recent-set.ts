/** A set of bounded size that forgets its oldest members. Use it where a forgotten member only costs a repeat. */
export class RecentSet {
  readonly #seen = new Set<string>()
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  has(key: string): boolean {
    return this.#seen.has(key)
  }

  add(key: string): void {
    this.#seen.delete(key)
    this.#seen.add(key)
    const oldest = this.#seen.values().next()
    if (this.#seen.size > this.#size && !oldest.done) this.#seen.delete(oldest.value)
  }

  delete(key: string): void {
    this.#seen.delete(key)
  }
}
