/**
 * Sends the pending deliveries of an account's object. They are stored in its tables. Their due times are also kept in
 * memory, so that a delivery is sent as soon as it is written, without a search. The object's alarm calls again for
 * deliveries that are due later, and after a crash.
 */
import {
  afterAttempt,
  expandEndpoints,
  type AttemptResult,
  type Delivery,
} from '#domain/events/delivery.ts'
import {
  isAlert,
  isStuck,
  nextToSend,
  pendingOf,
  queueDueAt,
  type Attempting,
  type Pending,
} from '#domain/events/delivery-queue.ts'
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Durations } from '#domain/runtime/durations.ts'

export interface OutboxDeps {
  now(): number
  random(): number
  durations(): Durations
  /** How many connections are free for deliveries now. */
  connections(): number
  /** The delivery with its body. Undefined: it was removed. */
  load(id: string): Delivery | undefined
  /** Whether the delivery is still a part of its ended job (delivery-rows.ts). */
  isOwed(id: string): boolean
  readTargets(delivery: Delivery): Promise<DeliveryTargets>
  send(delivery: Delivery, targets: DeliveryTargets): Promise<AttemptResult>
  save(changed: Delivery[], removed: string[]): void
  /** Sets the alarm for what is due next. */
  onSaved(): void
}

/** When a delivery that cannot be read from storage, or not written to it, is tried again. */
const UNREADABLE_MS = 60_000

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

  /** Whether no event is pending. Alerts do not count: they are not the account's, and its credential is not kept for them. */
  get isEmpty(): boolean {
    return [...this.#pending.values()].every(isAlert)
  }

  /** How many events of this tenant are pending, and how many of these were tried in vain. */
  countOf(tenant: string): { pending: number; failing: number } {
    const own = [...this.#pending.values()].filter((one) => one.tenant === tenant && !isAlert(one))
    return { pending: own.length, failing: own.filter((one) => one.isTried).length }
  }

  isSending(id: string): boolean {
    return this.#sending.has(id)
  }

  /** Takes deliveries that were just written. */
  add(deliveries: readonly Delivery[]): void {
    for (const one of deliveries) this.#pending.set(one.id, pendingOf(one))
    this.startDue()
  }

  /**
   * The first attempt about a job's end starts when the end is saved. So the alarm is only needed if the object dies in it. It may
   * then come as late as it does for the job itself.
   */
  dueAt(): number | undefined {
    const { now, isOwed, durations } = this.#deps
    const spareMs = ({ id }: Pending) => (isOwed(id) ? durations().toldAskMs : 0)
    return queueDueAt(this.#pending.values(), [...this.#sending.values()], now(), spareMs)
  }

  /** Starts what may be sent now. Each attempt that ends starts the next. */
  startDue(): void {
    const now = this.#deps.now()
    for (const [id, attempting] of this.#sending) {
      if (isStuck(attempting, now)) this.#sending.delete(id)
    }
    const sending = [...this.#sending.values()].map((one) => one.pending)
    const isFailing = (receiver: string) => this.#failing.has(receiver)
    const pending = [...this.#pending.values()]
    for (const next of nextToSend(pending, sending, isFailing, this.#deps.connections(), now)) {
      // An attempt that ended at once has started others.
      if (this.#sending.has(next.id)) continue
      const attempting = { pending: next, since: now }
      this.#sending.set(next.id, attempting)
      void this.#attempt(attempting)
    }
  }

  async #attempt(attempting: Attempting): Promise<void> {
    const { pending } = attempting
    let delivery: Delivery | undefined
    try {
      delivery = this.#deps.load(pending.id)
      if (!delivery) return void this.#pending.delete(pending.id)
      const targets = await this.#deps.readTargets(delivery)
      if (delivery.target.kind === 'endpoints') this.#expand(attempting, delivery, targets)
      else this.#saveResult(attempting, delivery, await this.#deps.send(delivery, targets))
    } catch {
      // This failure is the gateway's fault, not the receiver's. It is retried like any other failure.
      const failure = { at: this.#deps.now(), ms: 0, error: 'the gateway could not send it' }
      if (delivery) this.#saveResult(attempting, delivery, { ...failure, isAccepted: false })
      else this.#putOff(pending, failure.at + UNREADABLE_MS)
    } finally {
      this.#end(attempting)
      this.startDue()
    }
  }

  #putOff(pending: Pending, nextAt: number): void {
    if (this.#pending.has(pending.id)) this.#pending.set(pending.id, { ...pending, nextAt })
  }

  /** Ends one attempt, and no later attempt of the same delivery that may be under way by now. */
  #end(attempting: Attempting): void {
    const { id } = attempting.pending
    if (this.#sending.get(id) === attempting) this.#sending.delete(id)
  }

  #expand({ pending }: Attempting, delivery: Delivery, targets: DeliveryTargets): void {
    if (this.#pending.get(pending.id) !== pending) return
    this.#pending.delete(pending.id)
    const expanded = expandEndpoints(delivery, targets, this.#deps.now())
    for (const one of expanded) this.#pending.set(one.id, pendingOf(one))
    this.#deps.save(expanded, [pending.id])
    this.#deps.onSaved()
  }

  /** If one attempt was stuck and a second one ran, only the first to end counts. */
  #saveResult(attempting: Attempting, delivery: Delivery, result: AttemptResult): void {
    const { id, receiver } = attempting.pending
    if (this.#pending.get(id) !== attempting.pending) return
    const { now, durations, random } = this.#deps
    const after = afterAttempt(delivery, result, now(), durations(), random)
    if (result.isAccepted) this.#failing.delete(receiver)
    else this.#failing.add(receiver)
    if (after.state === 'pending') this.#pending.set(id, pendingOf(after))
    else this.#pending.delete(id)
    this.#end(attempting)
    // Save before the next attempt starts, because an attempt reads its delivery from the tables.
    try {
      this.#deps.save([after], [])
    } catch {
      // The next pause follows from the number of tries. Where that is not stored, the delivery would be due again at once.
      this.#putOff(pendingOf(after), now() + UNREADABLE_MS)
    }
    this.startDue()
    this.#deps.onSaved()
  }
}
