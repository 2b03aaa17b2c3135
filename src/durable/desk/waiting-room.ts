/**
 * The clients of a tenant that wait for a slot. Accounts are watched once for all of them, while anybody waits: an
 * account's object says how many slots it has free and then tells of each that comes free. A client's Worker asks once,
 * and is told where to go. A notice that got lost, or a parking that ended, is found by the next look.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { Turn } from '#domain/ports/desk.ts'
import { WaitingLine, type Waiter } from '#domain/slots/waiting-line.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

/** Jobs take real time, so these spans are not divided by TIME_SCALE. */
const LOOK_EVERY_MS = 30_000
const LOOK_SOONEST_MS = 1000
/** Longer than to the next look. */
const WATCH_MS = 45_000

interface Standing extends Waiter {
  sentTo?: string
  go(account: string): void
}

export class WaitingRoom {
  readonly #ports: () => Ports
  readonly #line = new WaitingLine<Standing>()
  /** By account: when it is asked next. */
  readonly #lookAt = new Map<string, number>()
  /** Somebody was sent there for nothing: it is asked at once how many are free, for the others. */
  readonly #refuted = new Set<string>()

  constructor(ports: () => Ports) {
    this.#ports = ports
  }

  async awaitTurn(waiter: Waiter, until: number): Promise<Turn> {
    const woken = Promise.withResolvers<void>()
    const standing: Standing = {
      ...waiter,
      go(account) {
        standing.sentTo = account
        woken.resolve()
      },
    }
    if (waiter.tried !== undefined) {
      this.#lookAt.delete(waiter.tried)
      this.#refuted.add(waiter.tried)
    }
    for (const account of waiter.accounts) if (this.#isDue(account)) this.#line.noteFree(account, 0)
    if (!this.#line.join(standing)) return 'none'
    this.#serve()
    while (standing.sentTo === undefined && Date.now() < until) {
      void this.#look(waiter.accounts)
      await this.#pause(woken.promise, this.#nextLook(waiter, until))
    }
    this.#line.leave(standing)
    return standing.sentTo === undefined ? 'none' : { go: standing.sentTo }
  }

  noteFreed(account: string, slots?: number): void {
    this.#line.noteFreed(account, slots)
    this.#serve()
  }

  /** It may have more slots than before. */
  async lookAgain(account: string): Promise<void> {
    this.#lookAt.delete(account)
    if (this.#line.length > 0) await this.#look([account])
  }

  #serve(): void {
    for (const { waiter, account } of this.#line.serve()) waiter.go(account)
  }

  #isDue(account: string): boolean {
    return (this.#lookAt.get(account) ?? 0) <= Date.now()
  }

  /** Asks those that nobody asked for a while. */
  async #look(accounts: readonly string[]): Promise<void> {
    const due = accounts.filter((account) => this.#isDue(account))
    for (const account of due) this.#lookAt.set(account, Date.now() + LOOK_EVERY_MS)
    await limitConcurrency(due, OBJECTS_AT_ONCE, (account) => this.#lookAtOne(account))
  }

  async #lookAtOne(account: string): Promise<void> {
    try {
      const room = await this.#ports()
        .slots(account)
        .watch(Date.now() + WATCH_MS)
      if (!this.#refuted.delete(account)) this.#line.pardon(account)
      // An older object does not say: somebody goes and sees.
      this.#line.noteFree(account, room ? room.free : 1)
      if (room?.freeAt !== undefined) this.#lookNoLaterThan(account, room.freeAt)
      this.#serve()
    } catch {
      this.#lookNoLaterThan(account, Date.now())
    }
  }

  #lookNoLaterThan(account: string, at: number): void {
    const soonest = Math.max(at, Date.now() + LOOK_SOONEST_MS)
    this.#lookAt.set(account, Math.min(soonest, this.#lookAt.get(account) ?? soonest))
  }

  #nextLook({ accounts }: Waiter, until: number): number {
    const looks = accounts.map((account) => this.#lookAt.get(account) ?? until)
    return Math.min(until, ...looks)
  }

  async #pause(woken: Promise<void>, until: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(() => over.resolve(), Math.max(0, until - Date.now()))
    await Promise.race([woken, over.promise])
    clearTimeout(timer)
  }
}
