/** When an account's object asks for nothing, or for one item at a time. In memory: after a restart it is found out anew. */
import { BUSY, FULL_THERE } from '#domain/line/tries.ts'

/** So many items are sent at once. The other connections are for deliveries and status checks. */
const SENDS_MAX = 4
/** The pause after an item that could not be sent for a reason that is the gateway's or the account's own. */
const TROUBLE_MS = 30_000
/**
 * The pause after the provider said that the account is full and slots are free here, unless one is freed meanwhile. Otherwise each of
 * 900 items would be sent and refused.
 */
const FULL_MS = 30_000
/** After such an answer items are sent one at a time for so long. */
const PROBING_MS = 5 * 60_000

export class SendPauses {
  readonly #now: () => number
  #troubleUntil = 0
  #fullUntil = 0
  #probingUntil = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get isPaused(): boolean {
    return this.#now() < Math.max(this.#troubleUntil, this.#fullUntil)
  }

  /** How many items may be sent at once now. */
  get most(): number {
    return this.#now() < this.#probingUntil ? 1 : SENDS_MAX
  }

  noteTrouble(): void {
    this.#troubleUntil = this.#now() + TROUBLE_MS
  }

  noteFreed(): void {
    this.#fullUntil = 0
  }

  /** Why an item goes back. Otherwise 900 items would be handed over and given back as fast as requests go. */
  noteBack(why: string): void {
    if (why === 'account_unavailable') this.noteTrouble()
    if (why === FULL_THERE) this.#fullUntil = this.#now() + FULL_MS
    if (why === FULL_THERE || why === BUSY) this.#probingUntil = this.#now() + PROBING_MS
  }
}
