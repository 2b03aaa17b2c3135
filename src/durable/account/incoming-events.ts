/** Verifies incoming events at an account's object. Applies each to its jobs, defers it, or forwards it to the endpoints. */
import {
  applyEvent,
  type EventEffect,
  type EventOutcome,
  type IncomingEvent,
  type ParsedEvent,
  type UnmatchedEnd,
} from '#domain/events/incoming-event.ts'
import {
  contentIdOf,
  isReplay,
  unmatchedEndsOfForwarded,
  wasNotified,
  type PastEnd,
} from '#domain/events/unmatched-end.ts'
import type { Announcement } from '#domain/events/delivery.ts'
import type { SuspectedFault } from '#domain/accounts/park-after-refusal.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { ReceivedEvent } from '#domain/ports/slots.ts'
import { faultInReports } from '#flows/accounts/report-refusal.ts'
import { readEvent } from '#flows/events/read-event.ts'
import type { AccountContext } from './context.ts'
import type { DeliveryTargetsCache } from './delivery-targets.ts'
import { unmatchedEnds, type Settlement } from './settlement.ts'

export class IncomingEvents {
  readonly #context: AccountContext
  readonly #settlement: Settlement
  readonly #targets: DeliveryTargetsCache
  readonly #judgeFault: (fault: SuspectedFault) => Promise<unknown>
  /** When the last signed event came, as far as this object remembers. */
  lastEventAt = 0

  constructor(
    context: AccountContext,
    settlement: Settlement,
    targets: DeliveryTargetsCache,
    judgeFault: (fault: SuspectedFault) => Promise<unknown>
  ) {
    this.#context = context
    this.#settlement = settlement
    this.#targets = targets
    this.#judgeFault = judgeFault
  }

  async receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'> {
    const { tables, now } = this.#context
    const ports = this.#context.ports()
    const provider = this.#context.provider()
    const known = { account: tables.account(), hook: tables.hook() }
    const event = await readEvent(ports, provider, known, received)
    if (event === 'refused') return 'refused'
    if (received.via.kind === 'hook') this.lastEventAt = now()
    const incoming = event && { event, via: received.via, at: now() }
    if (incoming && !this.#namesItsLease(incoming)) await this.#settlement.recall.read()
    if (incoming && this.#needsTargets(incoming)) await this.#targets.read(received.tenant)
    const outcome = incoming ? this.apply(incoming) : 'known'
    // The end of a job may show that its account cannot run more, for example because its credit is spent.
    const fault = outcome === 'settled' && event && faultInReports(provider, event.reports)
    if (fault) await this.#judgeFault(fault)
    ports.log('event_heard', {
      provider: provider.name,
      type: event?.type,
      became: outcome,
      jobs: event?.reports.map((report) => report.watch),
    })
    return outcome
  }

  /** Whether the event was sent to the callback address of a creation that has one lease. Then it brings that lease's job. */
  #namesItsLease({ via, event }: IncomingEvent): boolean {
    if (via.kind !== 'ticket' || event.subject === undefined) return false
    const { leases } = this.#settlement.ledger()
    return leases.filter(({ requestId }) => requestId === via.requestId).length === 1
  }

  /** Whether clients will be notified because of this event. Then their targets must be read first. */
  #needsTargets(incoming: IncomingEvent): boolean {
    const { change, isForwarded } = this.#effectOf(incoming)
    return change.ended.length > 0 || isForwarded
  }

  /** Nothing is awaited here. */
  apply(incoming: IncomingEvent, wasDeferred = false): EventOutcome {
    const { tables } = this.#context
    const { event } = incoming
    const { outcome, change, isForwarded, unmatched } = this.#effectOf(incoming)
    if (outcome === 'early') tables.deferEvent(incoming)
    if (outcome === 'late')
      for (const end of unmatched) tables.saveUnmatchedEnd({ ...end, eventId: event.id })
    const mayBeFound = wasDeferred || tables.leases().some(isLost)
    this.#settlement.save(change, isForwarded ? this.#forwarded(event) : [])
    if (isForwarded && mayBeFound)
      for (const end of unmatchedEndsOfForwarded(incoming, tables.leases()))
        tables.saveUnmatchedEnd(end)
    return outcome
  }

  #effectOf(incoming: IncomingEvent): EventEffect & { unmatched: UnmatchedEnd[] } {
    const { now, durations } = this.#context
    const { event, via } = incoming
    const provider = this.#context.provider()
    const unmatched = unmatchedEnds(this.#context, watchesOf(event))
    // Only an event to a callback address names a job by itself.
    const isOver = via.kind === 'ticket' && this.#pastEnds(event).some((end) => !end.isReused)
    const startOf = provider.jobs.startOf.bind(provider.jobs)
    const ledger = this.#settlement.ledger()
    const past = { unmatched, isOver }
    const effect = applyEvent(ledger, incoming, past, startOf, now(), durations())
    const isForwarded =
      effect.isForwarded &&
      !isReplay(event, now()) &&
      !wasNotified(event, this.#pastEnds(event)) &&
      !this.#mayBeOfFormerHolder()
    return { ...effect, unmatched, isForwarded }
  }

  /**
   * Whether an event about no known job may be about one of a tenant that had the account before: a creation of it has not found its
   * job. The present holder must not be told of that job [I5].
   */
  #mayBeOfFormerHolder(): boolean {
    const { tables, now, durations } = this.#context
    const holder = tables.account()?.tenant
    if (holder === undefined) return false
    const isOpen = tables.leases().some((lease) => isLost(lease) && lease.tenant !== holder)
    return isOpen || tables.hasUntracedOfOthers(holder, now() - durations().lostMs)
  }

  #pastEnds(event: ParsedEvent): PastEnd[] {
    const { tables, now, durations } = this.#context
    return tables.pastEnds(watchesOf(event), now() - durations().keepEndedMs)
  }

  /** The announcement of an event that is about no job of ours. Empty for an event that the provider sends again. */
  #forwarded(event: ParsedEvent): Announcement[] {
    const { tables, now, provider } = this.#context
    const tenant = tables.account()?.tenant
    const eventId = contentIdOf(event)
    if (tenant === undefined || !tables.isFirstForward(eventId, now())) return []
    const { id, type, body, mentions } = event
    const text = { id, type, body }
    return [{ provider: provider().name, tenant, event: text, eventId, mentions }]
  }

  /**
   * Makes a change after which deferred events may find their jobs, applies these events, and calls `then`. Nothing is awaited
   * between the three.
   */
  async applyDeferredAfter(change: () => void, then: () => void): Promise<void> {
    const isAnyDeferred = this.#context.tables.deferredEvents().length > 0
    if (isAnyDeferred) await this.#targets.read()
    change()
    if (isAnyDeferred) this.applyDeferred()
    then()
  }

  async applyDeferredNow(): Promise<void> {
    const nothing = () => {}
    await this.applyDeferredAfter(nothing, nothing)
  }

  applyDeferred(): void {
    const { tables } = this.#context
    for (const incoming of tables.deferredEvents()) {
      if (this.apply(incoming, true) !== 'early') tables.removeDeferred(incoming)
    }
  }

  /** The times at which deferred events stop waiting for their jobs. */
  dueAt(): number[] {
    const { tables, durations } = this.#context
    return tables.deferredEvents().map((incoming) => incoming.at + durations().earlyMs)
  }
}

function watchesOf({ reports }: ParsedEvent): string[] {
  return reports.map((report) => report.watch)
}
