/**
 * Clients that wait for a slot (`Prefer: wait=N`), first come first served among those that a freed account can serve.
 * Kept in memory: whoever waits holds a connection, and when that is gone there is nobody left to serve.
 *
 * Beside them: how many slots each account is believed to have free. An account's own word sets the number, a notice of
 * it adds to it, and whoever is sent there takes from it. Clients that do not wait take slots without a word, so it is
 * never too low for long and may be too high: then a client that was sent comes back to its place.
 */
export const WAITING_MAX = 100

export interface Waiter {
  id: string
  /** When it first asked: asking again keeps its place. */
  since: number
  /** Object names of the accounts that could serve it. */
  accounts: readonly string[]
  /** How many it takes at once; absent: one. */
  slots?: number
  /** It was sent there and found no room. */
  tried?: string
}

interface Place<T> {
  waiter: T
  accounts: Set<string>
}

export class WaitingLine<T extends Waiter> {
  #places: Place<T>[] = []
  readonly #free = new Map<string, number>()
  /** Accounts that sent somebody away: not offered to the same one again until they have news. */
  readonly #barred = new Map<string, Set<string>>()

  get length(): number {
    return this.#places.length
  }

  /** False: the line is full. Who stands in it already, under the same id, is taken to have come back. */
  join(waiter: T): boolean {
    this.#places = this.#places.filter((one) => one.waiter.id !== waiter.id)
    if (this.#places.length >= WAITING_MAX) return false
    this.#places.push({ waiter, accounts: new Set(waiter.accounts) })
    this.#places.sort((a, b) => a.waiter.since - b.waiter.since)
    if (waiter.tried !== undefined) this.#sendAway(waiter.id, waiter.tried)
    return true
  }

  leave(waiter: T): void {
    this.#places = this.#places.filter((one) => one.waiter !== waiter)
  }

  #sendAway(id: string, account: string): void {
    this.#free.delete(account)
    this.#barred.set(account, (this.#barred.get(account) ?? new Set()).add(id))
  }

  /** Slots of it came free. */
  noteFreed(account: string, slots = 1): void {
    this.pardon(account)
    this.#free.set(account, (this.#free.get(account) ?? 0) + slots)
  }

  /** Whoever was sent away may be sent there again. */
  pardon(account: string): void {
    this.#barred.delete(account)
  }

  /** Its own word on how many are free. */
  noteFree(account: string, slots: number): void {
    if (slots > 0) this.#free.set(account, slots)
    else this.#free.delete(account)
  }

  /** Who is sent where now, first come first served; they leave the line. */
  serve(): { waiter: T; account: string }[] {
    const served = this.#places.flatMap((place) => {
      const account = this.#accountFor(place)
      return account === undefined ? [] : [{ waiter: place.waiter, account }]
    })
    for (const { waiter } of served) this.leave(waiter)
    return served
  }

  #accountFor({ waiter, accounts }: Place<T>): string | undefined {
    const { id, slots = 1 } = waiter
    for (const [account, free] of this.#free) {
      const isOpen = accounts.has(account) && !this.#barred.get(account)?.has(id)
      if (!isOpen || free < slots) continue
      this.noteFree(account, free - slots)
      return account
    }
    return undefined
  }
}
