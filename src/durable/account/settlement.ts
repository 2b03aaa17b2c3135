/**
 * Writes to storage what changes in an account's ledger, for example when a job ends. All changes go through `save`, which in
 * one transaction removes the lease, adds the ended job and adds the deliveries to the client
 * (account-tables/ended-jobs.ts, delivery-rows.ts). Nothing is awaited here.
 */
import {
  deliveriesOf,
  toEndpoints,
  type Announcement,
  type Delivery,
  type EndNews,
} from '#domain/events/delivery.ts'
import type { UnmatchedEnd } from '#domain/events/incoming-event.ts'
import { forwardedIdOf, unmatchedEndsOf } from '#domain/events/unmatched-end.ts'
import { hookInDoubt } from '#domain/events/webhook.ts'
import { keepGuess, type GuessedStart } from '#domain/jobs/guessed-job.ts'
import { endAllAsLost } from '#domain/jobs/untrack-job.ts'
import { bindJobs } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import {
  release,
  type Change,
  type EndedJob,
  type JobReport,
  type JobStart,
  type Lease,
  type LeaseAsk,
  type Ledger,
} from '#domain/slots/lease.ts'
import { withAbsentCreations } from '#domain/slots/queued-lease.ts'
import { RecentSet } from '#domain/runtime/recent-set.ts'
import { announce } from '#flows/events/announce.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { JobRecall } from '#durable/jobs/job-recall.ts'
import type { AccountContext } from './context.ts'
import type { DeliveryTargetsCache } from './delivery-targets.ts'

export interface SettlementDeps {
  /** True while the alarm's status checks run. */
  isAlarmChecking(): boolean
  /** When the last signed event came, as far as this object remembers. */
  lastEventAt(): number
  queueDeliveries(deliveries: Delivery[]): void
  /** Makes a change, and applies the events that waited for it. */
  applyDeferredAfter(change: () => void): Promise<void>
  onEnded(ended: readonly EndedJob[]): void
  /** Called with leases of queued creations whose job was found, or that have ended, while they were not bound to a job. */
  onDecided(leases: readonly Lease[]): void
  /** Called when slots were taken or became free. */
  onSlotsChanged(): void
}

export class Settlement {
  readonly #context: AccountContext
  readonly #targets: DeliveryTargetsCache
  readonly #deps: SettlementDeps
  /** Requests whose jobs have ended. */
  readonly #ended = new RecentSet(1000)
  /** Call it before a step that needs the jobs of leases. */
  readonly recall: JobRecall

  constructor(context: AccountContext, targets: DeliveryTargetsCache, deps: SettlementDeps) {
    this.#context = context
    this.#targets = targets
    this.#deps = deps
    this.recall = new JobRecall(context, {
      change: (change) => deps.applyDeferredAfter(change),
      bind: ({ requestId, starts, at }) => this.bind(requestId, starts, { isKept: true, at }),
    })
  }

  ledger(): Ledger {
    const { tables } = this.#context
    return {
      maxJobs: tables.account()?.maxJobs ?? 0,
      isRetired: tables.isRetired(),
      isHooked: tables.hook()?.state === 'on',
      leases: tables.leases(),
      parkings: tables.parkings(),
      hasEnded: (requestId) => this.#ended.has(requestId),
    }
  }

  /** `forwarded`: events about no job of ours, which the endpoints get unchanged. True when the ledger changed. */
  save(made: Change, forwarded: Announcement[] = []): boolean {
    const { tables, provider, now } = this.#context
    const at = now()
    const current = provider()
    const ends = withAbsentCreations(made.ended)
    const change = { ...made, ended: ends.map((end) => withTold(current, end)) }
    const deliver = (one: Announcement) => deliveriesOf(one, this.#targets.forSettling(one), at)
    const ofEnds = new Map<string, EndNews>(
      change.ended.map((end) => {
        const announced = announce(current, end, this.#forwardedId(end))
        if (!announced) return [end.lease.id, { deliveries: [] }]
        const news = { deliveries: deliver(announced), toEndpoints: toEndpoints(announced, at) }
        return [end.lease.id, news]
      })
    )
    const others = forwarded.flatMap(deliver)
    const decided = decidedBy(change, tables.leases())
    const added = tables.apply(change, ofEnds, others, this.#unmatchedEnds(change))
    if (added.length > 0) this.#deps.queueDeliveries(added)
    for (const { lease } of change.ended) this.#ended.add(lease.requestId)
    if (change.ended.length > 0) this.#deps.onEnded(change.ended)
    if (decided.length > 0) this.#deps.onDecided(decided)
    const isChanged = change.ended.length + change.put.length + change.drop.length > 0
    // This may also take slots: a job that waited without a slot takes one again when it goes on.
    if (isChanged) this.#deps.onSlotsChanged()
    return isChanged
  }

  /** Ends every job as lost, because its account is gone. */
  loseAll(): void {
    const { tables, now } = this.#context
    this.save(endAllAsLost(tables.leases(), now()))
  }

  /** Releases the slots of a creation that started nothing: the provider refused it. */
  release(requestId: string): void {
    const ledger = this.ledger()
    const change = release(ledger, requestId)
    const isOfJob = ({ id, kind }: Lease) => kind === 'job' && change.drop.includes(id)
    if (ledger.leases.some(isOfJob)) this.#context.tables.noteRefused()
    this.save(change)
  }

  /**
   * Binds jobs that are certain, because the creation's own answer named them. `again`: makes a missing lease again from this.
   * `isKept`: the desk keeps the jobs, so leases that are only bound need not be written. `at`: when that answer came.
   */
  bind(
    requestId: string,
    starts: JobStart[],
    {
      again,
      isKept,
      at,
    }: { again?: LeaseAsk | undefined; isKept?: boolean | undefined; at?: number | undefined } = {}
  ): void {
    const { tables, now, durations } = this.#context
    const account = tables.account()
    // The account was wiped meanwhile. Its jobs were reported as lost, and nothing could check a new lease.
    if (!account) return
    const ledger = this.ledger()
    const mine = ledger.leases.filter((lease) => lease.requestId === requestId)
    // Reading ended jobs costs more than most bindings do. It is needed only if a lease is missing.
    const ended = mine.length < starts.length ? tables.endedOf(requestId) : []
    const known = { ended, ...(again === undefined ? {} : { ask: again }) }
    const change = bindJobs(ledger, requestId, starts, at ?? now(), durations(), known)
    // The desk of a tenant that was removed forgets its jobs. So it is not trusted with them once the account has left it.
    const isOfHolder = mine.every(({ tenant }) => tenant === account.tenant)
    const isSafe = isKept && isOfHolder && !ledger.isRetired
    if (isSafe && onlyBinds(ledger, change)) {
      for (const lease of change.put) tables.leaseRows.bind(lease)
      return
    }
    this.save(change)
    if (!isSafe) tables.saveBound(requestId)
  }

  /** Whether these reports end a job, so that clients will be notified. */
  isEnding(reports: readonly JobReport[]): boolean {
    return this.#changeBy(reports).ended.length > 0
  }

  /** True when something changed. */
  applyReports(reports: readonly JobReport[]): boolean {
    return this.save(this.#changeBy(reports))
  }

  #changeBy(reports: readonly JobReport[]): Change {
    const { now, durations } = this.#context
    return applyReports(this.ledger(), reports, now(), durations())
  }

  /** Keeps the lease of a call that may have started a job. False: whatever the call started holds no slot from now on. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): boolean {
    const { now, durations } = this.#context
    const kept = keepGuess(this.ledger(), requestId, start, now(), durations(), again)
    this.save(kept.change)
    return kept.isKept
  }

  #forwardedId(end: EndedJob): string | undefined {
    return forwardedIdOf(end, unmatchedEnds(this.#context, end.lease.watch))
  }

  /**
   * The ends whose events may still come. They come only to a registered webhook. This may also request a check of the webhook.
   */
  #unmatchedEnds({ ended }: Change): UnmatchedEnd[] {
    const { tables, now, durations } = this.#context
    const hook = tables.hook()
    if (hook?.state !== 'on') return []
    const { isAlarmChecking, lastEventAt } = this.#deps
    const seen = { ended, isAlarm: isAlarmChecking(), lastEventAt: lastEventAt() }
    const doubted = hookInDoubt(hook, seen, now(), durations())
    if (doubted) tables.saveHook(doubted)
    return unmatchedEndsOf(ended)
  }
}

/** The leases of queued creations that were searched for, or being sent under, and are not after the change. */
function decidedBy({ put, ended }: Change, before: readonly Lease[]): Lease[] {
  const after = [...put.filter((lease) => !isLost(lease)), ...ended.map(({ lease }) => lease)]
  return after.filter(({ id, item }) => item && before.some((one) => one.id === id && isLost(one)))
}

function withTold({ jobs }: Provider, end: EndedJob): EndedJob {
  const told = end.heard && jobs.toldBy?.(end.heard)
  return told && Object.keys(told).length > 0 ? { ...end, told } : end
}

/** Whether the change only binds unbound leases. The desk has the record of that. */
function onlyBinds({ leases }: Ledger, { put, drop }: Change): boolean {
  const isUnbound = (id: string) => leases.some((one) => one.id === id && one.state === 'unbound')
  return drop.length === 0 && put.every(({ id }) => isUnbound(id))
}

/** The ends under these names that an event may still match. */
export function unmatchedEnds(
  { tables, now, durations }: AccountContext,
  watches: readonly string[]
): UnmatchedEnd[] {
  return tables.unmatchedEnds(watches, now() - durations().lateMs)
}
