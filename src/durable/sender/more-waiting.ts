/**
 * Until when something waits that this account may serve, as far as it knows. Meanwhile it asks at each freed slot. An object that was
 * evicted knows it from a row.
 */
import type { SenderContext } from './context.ts'

/** How long it asks after it heard that more waits. Each answer counts anew. */
export const AWAKE_MS = 10 * 60_000
/** The row is written anew so long before its time is over, since the look of the desk may come by later than that, and no slot may be missed. */
const SAVED_AHEAD_MS = AWAKE_MS / 2

export class MoreWaiting {
  readonly #context: Pick<SenderContext, 'tables' | 'now'>
  #until: number
  #savedUntil: number
  #heard = 0

  constructor(context: Pick<SenderContext, 'tables' | 'now'>) {
    this.#context = context
    this.#savedUntil = context.tables.live.workUntil()
    this.#until = this.#savedUntil
  }

  get isAwake(): boolean {
    return this.#context.now() < this.#until
  }

  /** How often it was told that more waits. */
  get heard(): number {
    return this.#heard
  }

  note(until: number): void {
    this.#heard += 1
    this.#until = Math.max(this.#until, until)
  }

  /** The desk says that nothing waits. `heard`: as it was when the desk was asked. What was heard since then still holds. */
  noteNone(heard: number): void {
    if (this.#heard === heard) this.#until = 0
  }

  /** A row in five minutes. That nothing waits any more is not written: after a restart it costs one question in vain. */
  save(): void {
    const { tables, now } = this.#context
    if (this.#savedUntil > now() + SAVED_AHEAD_MS || !this.isAwake || !tables.account()) return
    this.#savedUntil = this.#until
    tables.live.saveWorkUntil(this.#until)
  }
}
