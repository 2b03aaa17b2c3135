/**
 * Keeps the tenant's clients that wait for a slot. Where nothing is queued, they are served first come first served. Where items wait
 * too, the line decides between them in one order, when an account asks for work (durable/line). While any client waits, the desk watches the accounts for all of them: an
 * account's object says how many slots are free, and then notifies the desk of each slot that becomes free. A notice may get
 * lost and a parking may end, so the desk asks again every 30 seconds.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { Platform } from '#domain/ports/platform.ts'
import type { Turn } from '#domain/ports/desk.ts'
import type { ClientWish } from '#domain/queue/waiting-clients.ts'
import { WaitingLine, type Waiter } from '#domain/slots/waiting-line.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

/** Not divided by TIME_SCALE, because jobs take real time. */
const LOOK_EVERY_MS = 30_000
const LOOK_SOONEST_MS = 1000
/** Longer than LOOK_EVERY_MS. */
const WATCH_MS = 45_000

/** The line of queued creations, in whose order the clients stand too. */
export interface OneOrder {
  addClient(waiter: Waiter & Partial<ClientWish>): void
  removeClient(id: string): void
  /** The account has a free slot. True: it is told to ask for work, and that decides. */
  tellOfSlot(account: string): boolean
}

interface Waiting extends Waiter {
  sentTo?: string
  go(account: string): void
}

export class WaitingRoom {
  readonly #ports: () => Ports
  readonly #platform: Platform
  readonly #line = new WaitingLine<Waiting>()
  /** By account: when to ask its object again, epoch ms. */
  readonly #lookAt = new Map<string, number>()
  /** Accounts that had no slot for a client that was sent there. The desk asks them at once how many slots are free. */
  readonly #overestimated = new Set<string>()

  readonly #order: () => OneOrder

  constructor(ports: () => Ports, platform: Platform, order: () => OneOrder) {
    this.#ports = ports
    this.#order = order
    this.#platform = platform
  }

  async awaitTurn(waiter: Waiter & Partial<ClientWish>, until: number): Promise<Turn> {
    const woken = Promise.withResolvers<void>()
    const waiting: Waiting = {
      ...waiter,
      go(account) {
        waiting.sentTo = account
        woken.resolve()
      },
    }
    if (waiter.tried !== undefined) {
      this.#lookAt.delete(waiter.tried)
      this.#overestimated.add(waiter.tried)
    }
    for (const account of waiter.accounts) if (this.#isDue(account)) this.#line.noteFree(account, 0)
    if (!this.#line.join(waiting)) return 'none'
    this.#order().addClient(waiter)
    this.#serve()
    while (waiting.sentTo === undefined && this.#platform.now() < until) {
      void this.#look(waiter.accounts)
      await this.#pause(woken.promise, this.#nextLook(waiter, until))
    }
    this.#line.leave(waiting)
    // Another wait of the same client may have begun.
    if (!this.#line.find(waiter.id)) this.#order().removeClient(waiter.id)
    return waiting.sentTo === undefined ? 'none' : { go: waiting.sentTo }
  }

  addFree(account: string, slots?: number): void {
    this.#line.noteFreed(account, slots)
    this.#serve()
  }

  /** It is the client's turn at the account, which has said what it has free. */
  send(id: string, account: string): void {
    this.#line.noteFree(account, 0)
    const waiting = this.#line.find(id)
    if (!waiting) return
    this.#line.leave(waiting)
    waiting.go(account)
  }

  /** Asks an account at once, because it may have more slots than before. */
  async lookAgain(account: string): Promise<void> {
    this.#lookAt.delete(account)
    if (this.#line.length > 0) await this.#look([account])
  }

  #serve(): void {
    if (this.#line.length === 0) return
    for (const account of this.#line.freeAccounts())
      if (this.#order().tellOfSlot(account)) this.#line.noteFree(account, 0)
    for (const { waiter, account } of this.#line.serve()) {
      this.#order().removeClient(waiter.id)
      waiter.go(account)
    }
  }

  #isDue(account: string): boolean {
    return (this.#lookAt.get(account) ?? 0) <= this.#platform.now()
  }

  /** Asks the accounts that were not asked lately. */
  async #look(accounts: readonly string[]): Promise<void> {
    const due = accounts.filter((account) => this.#isDue(account))
    for (const account of due) this.#lookAt.set(account, this.#platform.now() + LOOK_EVERY_MS)
    await limitConcurrency(due, OBJECTS_AT_ONCE, (account) => this.#lookAtOne(account))
  }

  async #lookAtOne(account: string): Promise<void> {
    try {
      const room = await this.#ports()
        .slots(account)
        .watch(this.#platform.now() + WATCH_MS)
      if (!this.#overestimated.delete(account)) this.#line.pardon(account)
      // An older object does not say how many slots are free. Then one client tries.
      this.#line.noteFree(account, room ? room.free : 1)
      if (room?.freeAt !== undefined) this.#lookNoLaterThan(account, room.freeAt)
      this.#serve()
    } catch {
      this.#lookNoLaterThan(account, this.#platform.now())
    }
  }

  #lookNoLaterThan(account: string, at: number): void {
    const soonest = Math.max(at, this.#platform.now() + LOOK_SOONEST_MS)
    this.#lookAt.set(account, Math.min(soonest, this.#lookAt.get(account) ?? soonest))
  }

  #nextLook({ accounts }: Waiter, until: number): number {
    const looks = accounts.map((account) => this.#lookAt.get(account) ?? until)
    return Math.min(until, ...looks)
  }

  async #pause(woken: Promise<void>, until: number): Promise<void> {
    const over = new AbortController()
    const ms = Math.max(0, until - this.#platform.now())
    await Promise.race([woken, this.#platform.after(ms, over.signal)])
    over.abort()
  }
}
