/**
 * Notifies the tenant's desk when slots of this account become free, while clients wait for one. What queued creations need of a free
 * slot, their sender does (durable/sender).
 */
import { heldSlots, type Ledger } from '#domain/slots/lease.ts'
import { freeSlots, slotsFreed } from '#domain/slots/free-slots.ts'
import type { Room } from '#domain/ports/slots.ts'
import type { AccountContext } from './context.ts'

/**
 * So much later than needed is the time that is saved, so that not each question of the desk costs a row. An object that was evicted
 * meanwhile tells the desk of slots although nobody waits any more, which changes nothing.
 */
const SAVED_AHEAD_MS = 60_000

/** Takes free slots for queued creations. True: it asks the desk, which sends clients too. */
interface SenderOfSlots {
  onSlotsChanged(): boolean
  pullIfMore(): boolean
}

export class SlotWatchers {
  readonly #context: AccountContext
  readonly #ledger: () => Ledger
  #watchedUntil: number
  #savedUntil: number
  /** How many slots were held when the desk was last notified, or after the last lease was granted. */
  #heldBefore = 0

  readonly #sender: () => SenderOfSlots

  constructor(context: AccountContext, ledger: () => Ledger, sender: () => SenderOfSlots) {
    this.#context = context
    this.#sender = sender
    this.#ledger = ledger
    // An object is evicted after seconds without a call. The clients wait on, and what wakes it may be the end of a job.
    this.#savedUntil = context.tables.live.waitedUntil()
    this.#watchedUntil = this.#savedUntil
    if (this.isWatched) this.#heldBefore = heldSlots(ledger(), context.now())
  }

  /** Whether clients wait for a slot. */
  get isWatched(): boolean {
    return this.#context.now() < this.#watchedUntil
  }

  watch(until: number): Room {
    const ledger = this.#ledger()
    const now = this.#context.now()
    this.#watchedUntil = Math.max(this.#watchedUntil, until)
    this.#save(until)
    this.#heldBefore = heldSlots(ledger, now)
    return freeSlots(ledger, now)
  }

  /** Of an account that was removed and wiped, nothing is saved. */
  #save(until: number): void {
    if (until <= this.#savedUntil || !this.#context.tables.account()) return
    this.#savedUntil = until + SAVED_AHEAD_MS
    this.#context.tables.live.saveWaited(this.#savedUntil)
  }

  onGranted(): void {
    const now = this.#context.now()
    if (now < this.#watchedUntil) this.#heldBefore = heldSlots(this.#ledger(), now)
  }

  onSlotsChanged(): void {
    const isAsked = this.#sender().onSlotsChanged()
    const now = this.#context.now()
    if (now >= this.#watchedUntil) return
    const ledger = this.#ledger()
    const held = heldSlots(ledger, now)
    const freed = slotsFreed(ledger, this.#heldBefore, held)
    this.#heldBefore = held
    if (freed > 0 && !isAsked) this.#notify(freed)
  }

  /** Called when the account is no longer parked, so that all of its free slots are new to the desk. */
  onUnparked(): void {
    const isAsked = this.#sender().pullIfMore()
    if (isAsked || this.#context.now() >= this.#watchedUntil) return
    const { free } = this.watch(this.#watchedUntil)
    if (free > 0) this.#notify(free)
  }

  #notify(freed: number): void {
    const account = this.#context.tables.account()
    if (!account) return
    const ports = this.#context.ports()
    const desk = ports.desk(account.tenant, account.provider)
    ports.defer(desk.noteFreed(account.key, freed).catch(() => {}))
  }
}
