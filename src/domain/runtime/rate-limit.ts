/** Limits how often something may happen in a minute, by name. Per isolate. */
const MINUTE_MS = 60_000
/** The most names that are remembered. The oldest are forgotten first. */
const NAMES_MAX = 5000

export class RateLimit {
  readonly #most: number
  readonly #taken = new Map<string, number[]>()

  constructor(most: number) {
    this.#most = most
  }

  /** True if the named thing may happen now. Then it is counted. */
  take(name: string, now: number): boolean {
    const taken = this.#recent(name, now)
    if (taken.length >= this.#most) return false
    this.#taken.delete(name)
    this.#taken.set(name, [...taken, now])
    const oldest = this.#taken.keys().next()
    if (this.#taken.size > NAMES_MAX && !oldest.done) this.#taken.delete(oldest.value)
    return true
  }

  /** When the named thing may happen again. Epoch ms. */
  freeAt(name: string, now: number): number {
    const taken = this.#recent(name, now)
    return taken.length < this.#most ? now : (taken[0] ?? now) + MINUTE_MS
  }

  #recent(name: string, now: number): number[] {
    return (this.#taken.get(name) ?? []).filter((at) => at > now - MINUTE_MS && at <= now)
  }
}
