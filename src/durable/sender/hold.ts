/**
 * Slots that are kept for a moment, in memory, between the question for work and the lease. So a direct creation never wins a slot that
 * was asked for, and the slot is not given away twice. A hold ends by itself: what it was for may be gone.
 */

/** Not divided by TIME_SCALE, because the calls between objects take real time. */
export const HOLD_MS = 2000

interface Hold {
  slots: number
  until: number
}

interface HoldDeps {
  now(): number
  after(ms: number, signal?: AbortSignal): Promise<void>
  /** The account's free slots, held or not. */
  free(): number
}

export class SlotHolds {
  readonly #deps: HoldDeps
  /** By the id of the lease that may take them. */
  readonly #named = new Map<string, Hold>()
  #asked: (Hold & { over: Promise<void> }) | undefined

  constructor(deps: HoldDeps) {
    this.#deps = deps
  }

  /** Keeps the slots that the desk is asked to fill, until the returned function is called. One question at a time. */
  ask(slots: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const asked = { slots, until: this.#deps.now() + HOLD_MS, over: promise }
    this.#asked = asked
    return () => {
      if (this.#asked === asked) this.#asked = undefined
      resolve()
    }
  }

  /**
   * A direct creation that would take a slot which the desk is just asked to fill waits for the answer. Afterwards the slot is kept for
   * an item or a client, or is free. `slots`: how many the creation needs.
   */
  async answered(leaseId: string, slots: number): Promise<void> {
    const asked = this.#asked
    if (!asked || this.has(leaseId)) return
    const leftMs = asked.until - this.#deps.now()
    const free = this.#deps.free()
    const left = free - asked.slots - this.beside(leaseId)
    if (leftMs <= 0 || slots <= left || slots > free) return
    const ended = new AbortController()
    await Promise.race([asked.over, this.#deps.after(leftMs, ended.signal)])
    ended.abort()
  }

  /** Keeps slots for one lease. */
  keep(leaseId: string, slots: number): void {
    this.#named.set(leaseId, { slots, until: this.#deps.now() + HOLD_MS })
  }

  /** It has its lease, or needs none. */
  drop(leaseId: string): void {
    this.#named.delete(leaseId)
  }

  has(leaseId: string): boolean {
    return (this.#named.get(leaseId)?.until ?? 0) > this.#deps.now()
  }

  /** How many slots are kept for others. */
  beside(leaseId?: string): number {
    const now = this.#deps.now()
    let sum = 0
    for (const [id, { slots, until }] of this.#named) {
      if (until <= now) this.#named.delete(id)
      else if (id !== leaseId) sum += slots
    }
    return sum
  }
}
