/**
 * The sender of an account's object: asks the desk for queued creations when a slot is free, and sends them (RFC 0009, "The start").
 * Only the object that an item was handed to may send it. What it has sent is known from its tables: a lease is written before
 * anything goes out, so after a restart an item is under way, has begun, or is over, and is not sent a second time.
 */
import type { Account } from '#domain/accounts/account.ts'
import { hasNoEnd, mayAsk } from '#domain/accounts/imported.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { UnstartedEnd, Work, WorkTold } from '#domain/ports/line.ts'
import { freeSlots } from '#domain/slots/free-slots.ts'
import { heldSlots, type Lease, type LeaseAsk } from '#domain/slots/lease.ts'
import { unstartedEnds } from '#domain/slots/queued-lease.ts'
import { startItem, type Started } from '#flows/queue/start-item.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { SenderContext, SenderDeps } from './context.ts'
import { HOLD_MS, SlotHolds } from './hold.ts'
import { ownPorts } from './own-ports.ts'
import { JobTimes } from './job-times.ts'
import { AWAKE_MS, MoreWaiting } from './more-waiting.ts'
import { reportOf } from './report-of.ts'
import { evidenceOf, underWayOf, type Evidence } from './under-way.ts'
import { SendPauses } from './send-pauses.ts'
import { Unreported } from './unreported.ts'
import { endUnstarted } from './unstarted.ts'

/** `told`: the desk was told what its tables say. `passed`: it went back, and other items may be sent here all the same. */
type Became = Started['kind'] | 'told' | 'under way' | 'passed'

export class Sender {
  readonly #context: SenderContext
  readonly #deps: SenderDeps
  readonly #unreported: Unreported
  /** It is told of each end. */
  readonly times = new JobTimes()
  /** Items that were handed over, until it is decided what becomes of them. */
  readonly #open = new Map<string, Work>()
  /** Those of them that wait for a connection. */
  readonly #waiting: Work[] = []
  /** Slots that no direct creation may take now. */
  readonly holds: SlotHolds
  /** The tenants whose desks are to be asked. True: whether or not a slot is free. */
  readonly #wanted = new Map<string, boolean>()
  #pulling: Promise<void> | undefined
  readonly #more: MoreWaiting
  readonly #pauses: SendPauses
  /** How many slots were held when it was last looked. */
  #heldBefore = 0

  constructor(context: SenderContext, deps: SenderDeps) {
    this.#context = context
    this.#deps = deps
    this.#unreported = new Unreported(context)
    this.#pauses = new SendPauses(context.now)
    this.holds = new SlotHolds({
      now: context.now,
      after: (ms, signal) => context.ports().after(ms, signal),
      free: () => freeSlots(deps.ledger(), context.now()).free,
    })
    this.#more = new MoreWaiting(context)
    if (this.isAwake) this.#heldBefore = this.#held()
  }

  /** Whether something waits that this account may serve, as far as it knows. */
  get isAwake(): boolean {
    return this.#more.isAwake
  }

  /** How many items are being sent. */
  get sending(): number {
    return this.#open.size - this.#waiting.length
  }

  /** How many slots the request may not take: those that are kept for others, and all where it yields to what waits. */
  keptFrom({ leaseId, yields }: Pick<LeaseAsk, 'leaseId' | 'yields'>): number {
    const isLast = yields === true && this.isAwake && !this.holds.has(leaseId)
    return isLast ? Infinity : this.holds.beside(leaseId)
  }

  /** Ends when the desk has been asked, not when what it gave was sent. */
  async work(tenant: string, until: number, isOwed: boolean): Promise<WorkTold> {
    if (this.#isHolder(tenant)) this.#noteMore(until)
    if (isOwed || this.#free(tenant) > 0) await this.#pull(tenant, isOwed)
    else this.#more.save()
    // Of the account's former holder it is nobody's business.
    return { parkings: this.#isHolder(tenant) ? this.#parkings() : [] }
  }

  /** Writes the ends of items that never started. Returns those that are written. */
  endUnstarted(tenant: string, ends: readonly UnstartedEnd[]): Promise<string[]> {
    return endUnstarted(this.#context, this.#deps, tenant, ends)
  }

  /** Slots may be free that were not: one was freed, a parking has ended, the limit grew. True: it asks. Never throws. */
  pullIfMore(): boolean {
    const { tables, defer } = this.#context
    const tenant = tables.account()?.tenant
    if (tenant === undefined || !this.isAwake || this.#free(tenant) <= 0) return false
    defer(this.#pull(tenant, false))
    return true
  }

  onSlotsChanged(): boolean {
    if (!this.isAwake) return false
    const held = this.#held()
    const isFreed = held < this.#heldBefore
    this.#heldBefore = held
    if (!isFreed) return false
    this.#pauses.noteFreed()
    return this.pullIfMore()
  }

  /** When the next parking ends, because nobody is told of that. Undefined: nothing waits for it. */
  dueAt(): number | undefined {
    const { tables, now } = this.#context
    if (!this.isAwake || tables.isRetired()) return undefined
    const ending = tables.parkings().filter((parking) => !hasNoEnd(parking))
    const later = ending.map(({ until }) => until).filter((until) => until > now())
    return later.length === 0 ? undefined : Math.min(...later)
  }

  /**
   * Called with leases of items whose job was found, or that have ended, when they were being searched for. Those that are being sent
   * are reported with the answer.
   */
  onDecided(leases: readonly Lease[]): void {
    for (const { item, requestId, tenant } of leases) {
      if (!item || this.#open.has(item.id) || this.#unreported.has(item.id)) continue
      const evidence = this.#evidence([requestId])
      // Nothing ran. The desk hands the item over again, under a lease id of its own.
      if (evidence.kind === 'none') this.#context.defer(this.#pull(tenant, true))
      else {
        const about = { item: item.id, leaseId: requestId }
        this.#context.defer(this.#tell(tenant, about, evidence).catch(() => {}))
      }
    }
  }

  /** Asks the tenant's desk, one question at a time. Never throws. */
  #pull(tenant: string, isOwed: boolean): Promise<void> {
    this.#wanted.set(tenant, isOwed || this.#wanted.get(tenant) === true)
    this.#pulling ??= this.#pullAll()
    return this.#pulling
  }

  async #pullAll(): Promise<void> {
    // A question that is asked meanwhile is asked again: the desk may have decided before something came.
    for (let [next] = this.#wanted; next; [next] = this.#wanted) {
      const [tenant, isOwed] = next
      this.#wanted.delete(tenant)
      try {
        await this.#pullOnce(tenant, isOwed)
        this.#pauses.noteAnswered()
      } catch {
        this.#pullLater(tenant, isOwed)
      }
    }
    // In the same step as the last look, or a question that comes in between would be asked by nobody.
    this.#pulling = undefined
  }

  async #pullOnce(tenant: string, isOwed: boolean): Promise<void> {
    await this.#deps.recall()
    const { tables, now, ports, provider, key } = this.#context
    const at = now()
    const free = this.#free(tenant)
    if (free <= 0 && !isOwed) return
    const underWay = [
      ...this.#open.keys(),
      ...this.#unreported.items(),
      ...underWayOf(tables.leases(), tenant),
    ]
    const ask = {
      account: key(),
      tenant,
      free,
      held: this.#held() + this.#promised(),
      underWay: [...new Set(underWay)],
      parkings: this.#parkings(),
      most: Math.max(0, this.#mostNow()),
      ...this.times.of(tenant, tables.leases(), at),
    }
    const { heard } = this.#more
    const release = this.holds.ask(free)
    try {
      const asking = ports().desk(tenant, provider().name).takeWork(ask)
      const { work, isMore, clients } = await inTime(ports(), asking)
      this.times.told(ask, tenant)
      if (!isMore && this.#isHolder(tenant)) this.#more.noteNone(heard)
      if (isMore && this.#isHolder(tenant)) this.#noteMore(at + AWAKE_MS)
      if (isMore) this.#more.save()
      for (const one of work) this.#take(tenant, one)
      for (const one of clients ?? []) this.#keepFor(one)
    } finally {
      release()
    }
  }

  /** The desk has sent a client here. If it does not come, the slot is asked for again. */
  #keepFor({ id, slots }: { id: string; slots: number }): void {
    this.holds.keep(id, slots)
    const over = async () => {
      await this.#context.ports().after(HOLD_MS)
      if (!this.holds.has(id)) this.pullIfMore()
    }
    this.#context.defer(over().catch(() => {}))
  }

  #pullLater(tenant: string, isOwed: boolean): void {
    const pauseMs = this.#pauses.nextAgainMs()
    if (pauseMs === undefined) return
    const again = async () => {
      await this.#context.ports().after(pauseMs)
      await this.#pull(tenant, isOwed)
    }
    this.#context.defer(again().catch(() => {}))
  }

  #noteMore(until: number): void {
    const wasAwake = this.isAwake
    this.#more.note(until)
    if (!this.isAwake) return
    this.#heldBefore = this.#held()
    // From now on the end of a parking and the ends of jobs are waited for.
    if (!wasAwake) this.#deps.setAlarm()
  }

  #isHolder(tenant: string): boolean {
    return this.#context.tables.account()?.tenant === tenant
  }

  #parkings(): Parking[] {
    const { tables, now } = this.#context
    const at = now()
    return tables.parkings().filter(({ until }) => until > at)
  }

  #held(): number {
    return heldSlots(this.#deps.ledger(), this.#context.now())
  }

  /** The slots of items that were handed over, and of clients that were sent here, without a lease yet. */
  #promised(): number {
    const leases = this.#context.tables.leases()
    const isLeased = ({ leaseId }: Work) => leases.some(({ requestId }) => requestId === leaseId)
    const open = [...this.#open.values()]
    const without = open.filter((one) => !isLeased(one) && !this.holds.has(one.leaseId))
    return this.holds.beside() + without.reduce((sum, { sort }) => sum + sort.slots, 0)
  }

  #free(tenant: string): number {
    const { tables, now } = this.#context
    if (this.#pauses.isPaused || this.#mostNow() <= 0) return 0
    if (!this.#isHolder(tenant) || !mayAsk(tables.account())) return 0
    return Math.max(0, freeSlots(this.#deps.ledger(), now()).free - this.#promised())
  }

  /** How many more items may be handed over now. */
  #mostNow(): number {
    return this.#pauses.most - this.#open.size
  }

  #take(tenant: string, work: Work): void {
    if (this.#open.has(work.item) || work.record.tenant !== tenant) return
    this.#open.set(work.item, work)
    this.holds.keep(work.leaseId, work.sort.slots)
    this.#waiting.push(work)
    this.#startWaiting()
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0 && this.sending < this.#pauses.most) {
      const next = this.#waiting.shift()
      if (next) this.#context.defer(this.#run(next))
    }
  }

  /** Never throws. An item of which nothing is said stays chosen for this account, and comes again. */
  async #run(work: Work): Promise<void> {
    const { item, leaseId, record } = work
    let became: Became | undefined
    try {
      became = await this.#decide(work)
    } catch (error) {
      this.#pauses.noteTrouble()
      this.#log('item_not_started', { item, requestId: leaseId, name: (error as Error).name })
    }
    this.#open.delete(item)
    this.holds.drop(leaseId)
    if (became === 'searching') await this.#search(record.tenant, { item, leaseId })
    this.#deps.onSent()
    this.#startWaiting()
    // After an item that this account could not take, the next one waits for a freed slot, too.
    if (became !== undefined && became !== 'back') this.pullIfMore()
  }

  /** Its answer was lost. An event may have brought its job meanwhile. */
  async #search(tenant: string, about: { item: string; leaseId: string }): Promise<void> {
    const evidence = this.#evidence([about.leaseId])
    if (evidence.kind === 'under way')
      this.#context.defer(this.#deps.search(about.leaseId).catch(() => {}))
    else if (evidence.kind !== 'none') await this.#tell(tenant, about, evidence)
  }

  async #decide(work: Work): Promise<Became> {
    const { item, leaseId, earlier, record } = work
    const { tenant } = record
    const about = { item, leaseId }
    const evidence = this.#evidence(earlier)
    if (evidence.kind === 'under way') return 'under way'
    if (evidence.kind !== 'none') {
      await this.#tell(tenant, about, evidence)
      return 'told'
    }
    const { absents } = evidence
    const account = this.#accountFor(work)
    if (!account) {
      await this.#unreported.send(tenant, { ...about, kind: 'back', why: 'may not start', absents })
      return 'passed'
    }
    const started = await this.#start(work, account, absents)
    if (started.kind === 'back') await this.#giveBack(work, { ...started, absents })
    if (started.kind === 'ends') await this.#end(work, started)
    const isPassed = started.kind === 'back' && (started.isLeftOut || started.isTooEarly)
    return isPassed ? 'passed' : started.kind
  }

  /** Undefined: the item must not be started here. */
  #accountFor({ mayStart, record }: Work): Account | undefined {
    const { tables } = this.#context
    const isIts = this.#isHolder(record.tenant) && !tables.isRetired()
    return mayStart && isIts ? tables.account() : undefined
  }

  #start(work: Work, account: Account, absents: number): Promise<Started> {
    const { item, leaseId, record } = work
    const begun: Parameters<typeof startItem>[2]['begun'] = (owners, starts) =>
      this.#unreported.send(record.tenant, { item, leaseId, kind: 'begun', owners, starts })
    const starter = { provider: this.#context.provider(), account, absents, begun }
    return startItem(ownPorts(this.#context), work, starter)
  }

  async #giveBack(
    { item, leaseId, record }: Work,
    back: Extract<Started, { kind: 'back' }> & { absents: number }
  ): Promise<void> {
    this.#pauses.noteBack(back.why)
    await this.#unreported.send(record.tenant, { item, leaseId, ...back })
    if (back.isLeftOut || back.isTooEarly) return
    // It waits again, and this account may serve it: at the next freed slot, or when the parking ends.
    this.#noteMore(this.#context.now() + AWAKE_MS)
    this.#more.save()
  }

  /** Tells the client first: the desk deletes the item when it hears that it is over. */
  async #end(
    { item, leaseId, record: { tenant } }: Work,
    { reason, detail, ask, refusal }: Extract<Started, { kind: 'ends' }>
  ): Promise<void> {
    await this.#deps.readTargets(tenant)
    const { durations } = this.#context.ports()
    this.#deps.end(unstartedEnds(ask, detail, this.#context.now(), durations, refusal))
    const report = { item, leaseId, kind: 'over', reason } as const
    if (refusal === undefined) await this.#unreported.send(tenant, report)
    else await this.#unreported.send(tenant, { ...report, refusal }, ask.leaseId)
  }

  #evidence(leaseIds: readonly string[]): Evidence {
    const { tables } = this.#context
    return evidenceOf(leaseIds, tables.leases(), (leaseId) => tables.endedOf(leaseId))
  }

  /** Reports what the tables say of an item. */
  async #tell(
    tenant: string,
    about: { item: string; leaseId: string },
    evidence: Evidence
  ): Promise<void> {
    const found = await reportOf(this.#context, tenant, about, evidence)
    if (found) await this.#unreported.send(tenant, found.report, found.endedUnder)
  }

  #log(event: string, facts: Record<string, unknown>): void {
    try {
      this.#context.ports().log(event, facts)
    } catch {
      // The settings are malformed.
    }
  }
}
