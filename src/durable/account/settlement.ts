/**
 * The one way in which an account's ledger changes: a change, what is owed to clients because of it, and the events
 * that are still to be expected are written together. Nothing is awaited here.
 */
import { deliveriesOf, type Announcement, type Delivery } from '#domain/events/delivery.ts'
import {
  applyEvent,
  isOld,
  toldIdOf,
  type EventOutcome,
  type ParsedEvent,
  type Heard,
  type IncomingEvent,
  type LateEnd,
} from '#domain/events/incoming-event.ts'
import { doubtedHook } from '#domain/events/webhook.ts'
import { keepGuess, type GuessedStart } from '#domain/jobs/guessed-job.ts'
import { bindJobs } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import type {
  Change,
  EndedJob,
  JobReport,
  JobStart,
  LeaseAsk,
  Ledger,
} from '#domain/slots/lease.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import { announce } from '#flows/events/announce.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { DeliveryTargetsCache } from './delivery-targets.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** Events of one end are made at about the same time. */
const SAME_END_MS = 60_000

/** The object's side. */
export interface SettlementDeps {
  provider(): Provider
  durations(): Durations
  /** True while the alarm asks the provider. */
  isAsking(): boolean
  /** When the last event came that was signed, as far as this object remembers. */
  lastEventAt(): number
  owe(deliveries: Delivery[]): void
  noteEnded(ended: readonly EndedJob[]): void
  noteFreed(): void
}

export class Settlement {
  readonly #tables: SlotsTables
  readonly #targets: DeliveryTargetsCache
  readonly #deps: SettlementDeps

  constructor(tables: SlotsTables, outlets: DeliveryTargetsCache, deps: SettlementDeps) {
    this.#tables = tables
    this.#targets = outlets
    this.#deps = deps
  }

  ledger(): Ledger {
    return {
      maxJobs: this.#tables.account()?.maxJobs ?? 0,
      isRetired: this.#tables.isRetired(),
      isHooked: this.#tables.hook()?.state === 'on',
      leases: this.#tables.leases(),
      parkings: this.#tables.parkings(),
    }
  }

  /** True when something changed. */
  save(change: Change, news: Announcement[] = []): boolean {
    const now = Date.now()
    const provider = this.#deps.provider()
    const ends = change.ended.flatMap((end) => announce(provider, end, this.#toldIdOf(end)) ?? [])
    const told = [...ends, ...news]
    const deliveries = told.flatMap((one) => deliveriesOf(one, this.#targets.forSettling(one), now))
    const owed = this.#tables.apply(change, deliveries, this.#lateEnds(change))
    if (owed.length > 0) this.#deps.owe(owed)
    if (change.ended.length > 0) this.#deps.noteEnded(change.ended)
    const isChanged = change.ended.length + change.put.length + change.drop.length > 0
    // Also where slots are taken: a job that goes on takes the one back that it gave up while it waited.
    if (isChanged) this.#deps.noteFreed()
    return isChanged
  }

  /** What surely started these jobs named them. `again` makes the lease anew when it is not there. */
  bind(requestId: string, starts: JobStart[], again?: LeaseAsk): void {
    // Wiped meanwhile: its jobs were told as lost, and nobody could ask about a new lease.
    if (!this.#tables.account()) return
    const ledger = this.ledger()
    const mine = ledger.leases.filter((lease) => lease.requestId === requestId)
    // A look into the past costs more than most bindings do, and is needed only where something is odd.
    const ended = mine.length < starts.length ? this.#tables.endedOf(requestId) : []
    const known = { ended, ...(again === undefined ? {} : { ask: again }) }
    this.save(bindJobs(ledger, requestId, starts, Date.now(), this.#deps.durations(), known))
  }

  /** Whether such reports end a job, so that somebody is to be told. */
  isEnding(reports: readonly JobReport[]): boolean {
    return applyReports(this.ledger(), reports, Date.now(), this.#deps.durations()).ended.length > 0
  }

  /** True when something changed. */
  applyReports(reports: readonly JobReport[]): boolean {
    return this.save(applyReports(this.ledger(), reports, Date.now(), this.#deps.durations()))
  }

  /** False: what the call started holds no slot from now on. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): boolean {
    const durations = this.#deps.durations()
    const kept = keepGuess(this.ledger(), requestId, start, Date.now(), durations, again)
    this.save(kept.change)
    return kept.isKept
  }

  /** `isEarlier`: it waited for a job to get its name. */
  hear(incoming: IncomingEvent, isEarlier = false): EventOutcome {
    const { became, change, isNews, late } = this.#meaningOf(incoming)
    if (became === 'early') this.#tables.saveEarly(incoming)
    if (became === 'late') this.#noteCame(late, incoming.event.id)
    const mayBeFound = isEarlier || this.#tables.leases().some(isLost)
    this.save(change, isNews ? this.#newsOf(incoming) : [])
    if (isNews && mayBeFound) this.#noteTold(incoming)
    return became
  }

  /** Whether somebody is to be told because of it, so that it is worth knowing whom. */
  isTelling(incoming: IncomingEvent): boolean {
    const { change, isNews } = this.#meaningOf(incoming)
    return change.ended.length > 0 || isNews
  }

  #meaningOf(incoming: IncomingEvent): Heard & { late: LateEnd[] } {
    const provider = this.#deps.provider()
    const late = this.#late(incoming.event.reports.map((report) => report.watch))
    const startOf = provider.startOf.bind(provider)
    const ledger = this.ledger()
    const past = { late, isOver: this.#isOver(incoming) }
    const heard = applyEvent(ledger, incoming, past, startOf, Date.now(), this.#deps.durations())
    const isNews = heard.isNews && !isOld(incoming.event, Date.now()) && !this.#wasTold(incoming)
    return { ...heard, late, isNews }
  }

  /** Only a ticket names a job by what it tells. */
  #isOver({ event, via }: IncomingEvent): boolean {
    if (via.kind === 'hook') return false
    const watches = event.reports.map((report) => report.watch)
    const ends = this.#tables.endsOf(watches, Date.now() - this.#deps.durations().keepEndedMs)
    return ends.some((end) => !end.isReused)
  }

  /** A job has one end: what comes after it, under whatever id, tells nobody anything new. */
  #wasTold({ event }: IncomingEvent): boolean {
    if (event.reports.length === 0) return false
    const watches = event.reports.map((report) => report.watch)
    const ends = this.#tables.endsOf(watches, Date.now() - this.#deps.durations().keepEndedMs)
    const { createdAt } = event
    // Times of another clock decide only where a younger job may have the same name.
    return ends.some(
      (end) => !end.isReused || createdAt === undefined || createdAt < end.endedAt + SAME_END_MS
    )
  }

  /** Events that waited for a job to get its name. */
  applyEarlyEvents(): void {
    for (const incoming of this.#tables.earlyEvents()) {
      const became = this.hear(incoming, true)
      if (became !== 'early') this.#tables.dropEarly(incoming)
    }
  }

  /** Its job may yet be found. What a job of ours is watched by already is not told by it, but by an older one. */
  #noteTold({ event, at }: IncomingEvent): void {
    const eventId = newsIdOf(event)
    const known = this.#tables.leases().filter((lease) => lease.isReused ?? !isLost(lease))
    for (const { watch } of event.reports) {
      if (known.some((lease) => lease.watch.includes(watch))) continue
      this.#tables.saveLate({ watch, endedAt: at, eventId, isTold: true })
    }
  }

  #toldIdOf(end: EndedJob): string | undefined {
    return toldIdOf(end, this.#late(end.lease.watch))
  }

  #late(watches: string[]): LateEnd[] {
    return this.#tables.lateEnds(watches, Date.now() - this.#deps.durations().lateMs)
  }

  #newsOf({ event }: IncomingEvent): Announcement[] {
    const tenant = this.#tables.account()?.tenant
    if (tenant === undefined || !this.#tables.isNewNews(newsIdOf(event), Date.now())) return []
    const { id, type, body, mentions } = event
    const provider = this.#deps.provider().name
    const eventId = newsIdOf(event)
    return [{ provider, tenant, event: { id, type, body }, eventId, mentions }]
  }

  #noteCame(late: LateEnd[], eventId: string): void {
    for (const end of late) this.#tables.saveLate({ ...end, eventId })
  }

  /** Ends that were heard otherwise than by the event that the provider will still send. */
  #lateEnds({ ended }: Change): LateEnd[] {
    const hook = this.#tables.hook()
    if (hook?.state !== 'on') return []
    const unheard = ended.filter(({ lease, heard }) => lease.kind === 'job' && !heard?.event)
    // A poll is often faster than the event. The alarm asks so late that the event must have got lost.
    const isDoubtful = this.#deps.isAsking() && unheard.some((end) => end.lease.expectsEvent)
    const { lastEventAt, durations } = this.#deps
    const doubted = isDoubtful
      ? doubtedHook(hook, lastEventAt(), Date.now(), durations())
      : undefined
    if (doubted) this.#tables.saveHook(doubted)
    return unheard.flatMap(({ lease, endedAt }) => {
      const reused = lease.isReused ? { isReused: true } : {}
      return lease.watch.map((watch) => ({ watch, endedAt, ...reused }))
    })
  }
}

/** Written by an older Worker it has none. */
function newsIdOf({ newsId, id }: ParsedEvent): string {
  return newsId ?? id
}
