/**
 * The deliveries of an account's object that are still owed. They stand in its tables; what says when they are sent is also
 * in memory, so that one can be sent the moment it is written and nobody has to search for what is due. The object's
 * alarm calls again for what is due later, and for everything after a crash.
 */
import {
  afterAttempt,
  nextToSend,
  pendingOf,
  unfold,
  type AttemptResult,
  type Delivery,
  type Pending,
} from '#domain/events/delivery.ts'
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** Longer than an attempt may take: only a crash, or an object that does not answer, leaves one under way for so long. */
const GUARD_MS = 15_000

/** The object's side. */
export interface OutboxDeps {
  durations(): Durations
  /** Connections that are free for deliveries now. */
  lanes(): number
  /** With its body; undefined: it is gone. */
  load(id: string): Delivery | undefined
  readTargets(delivery: Delivery): Promise<DeliveryTargets>
  send(delivery: Delivery, outlets: DeliveryTargets): Promise<AttemptResult>
  save(changed: Delivery[], dropped: string[]): void
  /** Arms the alarm for what is due next. */
  noteSaved(): void
}

interface Attempting {
  pending: Pending
  since: number
}

export class Outbox {
  readonly #deps: OutboxDeps
  readonly #pending: Map<string, Pending>
  readonly #sending = new Map<string, Attempting>()
  /** Receivers whose last attempt failed, as far as this object remembers. */
  readonly #failing = new Set<string>()

  constructor(pending: Pending[], deps: OutboxDeps) {
    this.#deps = deps
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
    for (const one of deliveries) this.#pending.set(one.id, pendingOf(one))
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
    const sending = [...this.#sending.values()].map((one) => one.pending)
    const isFailing = (receiver: string) => this.#failing.has(receiver)
    const pending = [...this.#pending.values()]
    for (const next of nextToSend(pending, sending, isFailing, this.#deps.lanes(), now)) {
      const attempting = { pending: next, since: now }
      this.#sending.set(next.id, attempting)
      void this.#carry(attempting)
    }
  }

  async #carry(attempting: Attempting): Promise<void> {
    const { pending } = attempting
    let delivery: Delivery | undefined
    try {
      delivery = this.#deps.load(pending.id)
      if (!delivery) return void this.#pending.delete(pending.id)
      const outlets = await this.#deps.readTargets(delivery)
      if (delivery.target.kind === 'endpoints') this.#replace(attempting, delivery, outlets)
      else this.#note(attempting, delivery, await this.#deps.send(delivery, outlets))
    } catch {
      // Ours to mend, not the receiver's: it is tried again like any other.
      const error = 'the gateway could not send it'
      if (delivery)
        this.#note(attempting, delivery, { at: Date.now(), ms: 0, error, isTaken: false })
    } finally {
      this.#end(attempting)
      this.pump()
    }
  }

  /** It may already be under way again. */
  #end(attempting: Attempting): void {
    const { id } = attempting.pending
    if (this.#sending.get(id) === attempting) this.#sending.delete(id)
  }

  #replace({ pending }: Attempting, delivery: Delivery, outlets: DeliveryTargets): void {
    if (this.#pending.get(pending.id) !== pending) return
    this.#pending.delete(pending.id)
    const unfolded = unfold(delivery, outlets, Date.now())
    for (const one of unfolded) this.#pending.set(one.id, pendingOf(one))
    this.#deps.save(unfolded, [pending.id])
    this.#deps.noteSaved()
  }

  /** Of two attempts, because one hung, the one that ends first counts. */
  #note(attempting: Attempting, delivery: Delivery, result: AttemptResult): void {
    const { id, receiver } = attempting.pending
    if (this.#pending.get(id) !== attempting.pending) return
    const after = afterAttempt(delivery, result, Date.now(), this.#deps.durations(), Math.random)
    if (result.isTaken) this.#failing.delete(receiver)
    else this.#failing.add(receiver)
    if (after.state === 'pending') this.#pending.set(id, pendingOf(after))
    else this.#pending.delete(id)
    this.#end(attempting)
    // What starts now is read from the tables.
    this.#deps.save([after], [])
    this.pump()
    this.#deps.noteSaved()
  }
}
