/**
 * The line of clients that wait for a slot (`Prefer: wait=N`): first come first served among those that an account can serve. It
 * is kept in memory, because a waiting client holds a connection and needs no slot once the connection is gone.
 *
 * The line also estimates how many slots each account has free. An account's own count sets the number, a notice of released slots
 * adds to it, and each client that is sent to the account takes from it. Clients outside the line take slots too, so the estimate
 * may be too high. Then a client that was sent comes back to its old place.
 */
export const WAITING_MAX = 100

export interface Waiter {
  id: string
  /** When the client first asked. It keeps its place when it asks again. */
  since: number
  /** Object names of the accounts that can serve the client. */
  accounts: readonly string[]
  /** How many slots the client needs at once; absent: one. */
  slots?: number
  /** The account to which the client was just sent and that was full. */
  tried?: string
}

interface Place<T> {
  waiter: T
  accounts: Set<string>
}

export class WaitingLine<T extends Waiter> {
  #places: Place<T>[] = []
  readonly #free = new Map<string, number>()
  /** By account: the clients that found it full. They are not sent there again before the account reports free slots. */
  readonly #excluded = new Map<string, Set<string>>()

  get length(): number {
    return this.#places.length
  }

  find(id: string): T | undefined {
    return this.#places.find(({ waiter }) => waiter.id === id)?.waiter
  }

  /** Accounts that may have free slots. */
  freeAccounts(): string[] {
    return [...this.#free.keys()]
  }

  /** Adds a waiter, which may have come back. False: the line is full. */
  join(waiter: T): boolean {
    this.#places = this.#places.filter((one) => one.waiter.id !== waiter.id)
    if (this.#places.length >= WAITING_MAX) return false
    this.#places.push({ waiter, accounts: new Set(waiter.accounts) })
    this.#places.sort((a, b) => a.waiter.since - b.waiter.since)
    if (waiter.tried !== undefined) this.#exclude(waiter.id, waiter.tried)
    return true
  }

  leave(waiter: T): void {
    this.#places = this.#places.filter((one) => one.waiter !== waiter)
  }

  #exclude(id: string, account: string): void {
    this.#free.delete(account)
    this.#excluded.set(account, (this.#excluded.get(account) ?? new Set()).add(id))
  }

  /** Notes that slots of the account were released. */
  noteFreed(account: string, slots = 1): void {
    this.pardon(account)
    this.#free.set(account, (this.#free.get(account) ?? 0) + slots)
  }

  /** Lets waiters that found the account full be sent there again. */
  pardon(account: string): void {
    this.#excluded.delete(account)
  }

  /** Notes the account's own count of free slots. */
  noteFree(account: string, slots: number): void {
    if (slots > 0) this.#free.set(account, slots)
    else this.#free.delete(account)
  }

  /** Which waiters are sent to which account now, first come first served. They leave the line. */
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
      const isOpen = accounts.has(account) && !this.#excluded.get(account)?.has(id)
      if (!isOpen || free < slots) continue
      this.noteFree(account, free - slots)
      return account
    }
    return undefined
  }
}
