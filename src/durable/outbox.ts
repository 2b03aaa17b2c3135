/**
 * The deliveries of an account's object that are still owed. They stand in its tables; here they are also in memory,
 * so that one can be sent the moment it is written and nobody has to search for what is due. The object's alarm calls
 * again for what is due later, and for everything after a crash.
 */
import {
  afterAttempt,
  nextToSend,
  receiverOf,
  unfold,
  type AttemptResult,
  type Delivery,
} from '#domain/delivery.ts'
import type { Outlets } from '#domain/endpoint.ts'
import type { Waits } from '#domain/waits.ts'

/** Longer than an attempt may take: only a crash, or an object that does not answer, leaves one under way for so long. */
const GUARD_MS = 15_000

/** The object's side. */
export interface OutboxHands {
  waits(): Waits
  /** Connections that are free for deliveries now. */
  lanes(): number
  readOutlets(delivery: Delivery): Promise<Outlets>
  send(delivery: Delivery, outlets: Outlets): Promise<AttemptResult>
  /** Writes, and arms the alarm for what is due next. */
  save(changed: Delivery[], dropped: string[]): void
}

interface Attempting {
  delivery: Delivery
  since: number
}

export class Outbox {
  readonly #hands: OutboxHands
  readonly #pending: Map<string, Delivery>
  readonly #sending = new Map<string, Attempting>()
  /** Receivers whose last attempt failed, as far as this object remembers. */
  readonly #failing = new Set<string>()

  constructor(pending: Delivery[], hands: OutboxHands) {
    this.#hands = hands
    this.#pending = new Map(pending.map((one) => [one.id, one]))
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  isSending(id: string): boolean {
    return this.#sending.has(id)
  }

  /** What was just written. */
  add(deliveries: readonly Delivery[]): void {
    for (const one of deliveries) this.#pending.set(one.id, one)
    this.pump()
  }

  /** When the alarm must look again. What is due and waits for a connection is started by the attempt that ends. */
  dueAt(): number | undefined {
    const now = Date.now()
    const guards = [...this.#sending.values()].map((one) => one.since + GUARD_MS)
    const waiting = [...this.#pending.values()].filter((one) => !this.#sending.has(one.id))
    const times = waiting.map((one) => one.nextAt)
    const due = guards.length > 0 ? times.filter((at) => at > now) : times
    const all = [...due, ...guards]
    return all.length === 0 ? undefined : Math.min(...all)
  }

  /** Starts what may be started now. Each that ends starts the next. */
  pump(): void {
    const now = Date.now()
    for (const [id, { since }] of this.#sending) {
      if (now >= since + GUARD_MS) this.#sending.delete(id)
    }
    const sending = [...this.#sending.values()].map((one) => one.delivery)
    const isFailing = (receiver: string) => this.#failing.has(receiver)
    const pending = [...this.#pending.values()]
    for (const delivery of nextToSend(pending, sending, isFailing, this.#hands.lanes(), now)) {
      const attempting = { delivery, since: now }
      this.#sending.set(delivery.id, attempting)
      void this.#carry(attempting)
    }
  }

  async #carry(attempting: Attempting): Promise<void> {
    const { delivery } = attempting
    try {
      const outlets = await this.#hands.readOutlets(delivery)
      if (delivery.target.kind === 'endpoints') this.#replace(delivery, outlets)
      else this.#note(attempting, await this.#hands.send(delivery, outlets))
    } catch {
      // Ours to mend, not the receiver's: it is tried again like any other.
      const error = 'the gateway could not send it'
      this.#note(attempting, { at: Date.now(), ms: 0, error, isTaken: false })
    } finally {
      this.#end(attempting)
      this.pump()
    }
  }

  /** It may already be under way again. */
  #end(attempting: Attempting): void {
    const { id } = attempting.delivery
    if (this.#sending.get(id) === attempting) this.#sending.delete(id)
  }

  #replace(delivery: Delivery, outlets: Outlets): void {
    if (this.#pending.get(delivery.id) !== delivery) return
    this.#pending.delete(delivery.id)
    const unfolded = unfold(delivery, outlets, Date.now())
    for (const one of unfolded) this.#pending.set(one.id, one)
    this.#hands.save(unfolded, [delivery.id])
  }

  /** Of two attempts, because one hung, the one that ends first counts. */
  #note(attempting: Attempting, result: AttemptResult): void {
    const { delivery } = attempting
    if (this.#pending.get(delivery.id) !== delivery) return
    const after = afterAttempt(delivery, result, Date.now(), this.#hands.waits(), Math.random)
    const receiver = receiverOf(delivery)
    if (result.isTaken) this.#failing.delete(receiver)
    else this.#failing.add(receiver)
    if (after.state === 'pending') this.#pending.set(after.id, after)
    else this.#pending.delete(after.id)
    this.#end(attempting)
    this.pump()
    this.#hands.save([after], [])
  }
}
