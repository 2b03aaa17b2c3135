/**
 * Clients that wait for a slot (`Prefer: wait=N`), first come first served among those that a freed account can serve.
 * Kept in memory: whoever waits holds a connection, and when that is gone there is nobody left to serve.
 */
export const WAITING_MAX = 100

export interface Waiter {
  id: string
  /** When it first asked: asking again keeps its place. */
  since: number
  /** Object names of the accounts that could serve it. */
  accounts: readonly string[]
}

export class WaitingLine<T extends Waiter> {
  #waiters: T[] = []

  get length(): number {
    return this.#waiters.length
  }

  /** False: the line is full. */
  join(waiter: T): boolean {
    if (this.#waiters.length >= WAITING_MAX) return false
    this.#waiters.push(waiter)
    this.#waiters.sort((a, b) => a.since - b.since)
    return true
  }

  leave(waiter: T): void {
    this.#waiters = this.#waiters.filter((one) => one !== waiter)
  }

  /** The first whom this account can serve; it leaves the line. */
  next(account: string): T | undefined {
    const found = this.#waiters.find((one) => one.accounts.includes(account))
    if (found) this.leave(found)
    return found
  }
}
