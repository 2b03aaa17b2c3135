/**
 * A line without storage, with the product's own decisions. It stands in for a tenant's desk in tests of what asks it: Workers and
 * accounts' objects. What it lacks is what the desk does by itself: wake accounts, look every 30 s, and survive a restart.
 */
import type {
  EnqueueAnswer,
  Line,
  LinePage,
  LineQuery,
  Work,
  WorkAnswer,
  WorkAsk,
  WorkReport,
} from '#domain/ports/line.ts'
import { capOf } from '#domain/queue/caps.ts'
import { ItemOrder } from '#domain/queue/item-order.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { move, type ItemEvent } from '#domain/queue/item-state.ts'
import type { ItemRecord, ItemShown, ItemSort, ItemState, NewItem } from '#domain/queue/item.ts'
import { judgeReport } from '#domain/queue/judge-report.ts'
import type { Pull } from '#domain/queue/may-start.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'

interface Kept extends NewItem {
  sort: ItemSort
  state: ItemState
  chosen?: ItemRecord['tries'][number]
  /** Which choice that was: the first is 1. */
  turn?: number
}

interface Setting {
  now: () => number
  /** The accounts by key. A removed account gets nothing new. */
  accounts: Record<string, { email: string; createdAt: number; isRemoved?: true }>
  /** Of a token's hash. `waits`: it starts nothing now. `gone`: its items end. */
  stateOf?: (tokenHash: string) => 'good' | 'waits' | 'gone'
  stepMs?: number
}

export class LineInMemory implements Line {
  readonly #setting: Setting
  readonly #order: ItemOrder
  readonly #items = new Map<string, Kept>()
  /** The item that holds a key. */
  readonly #keys = new Map<string, string>()
  #leases = 0
  #turns = 0

  constructor(setting: Setting) {
    this.#setting = setting
    this.#order = new ItemOrder(setting.stepMs ?? 600_000)
  }

  /** Items whose end nobody was told yet. */
  untold(): Kept[] {
    return Array.from(this.#items.values()).filter(({ state }) => state === 'untold')
  }

  /** The state of an item, and whether its body is still kept. */
  look(item: string): { state: ItemState; hasBody: boolean } | undefined {
    const kept = this.#items.get(item)
    return kept && { state: kept.state, hasBody: kept.sealed !== '' }
  }

  /** Its time as one that came too early is over. */
  ready(item: string): void {
    const kept = this.#items.get(item)
    if (!kept) throw new Error(`no item ${item}`)
    this.#move(kept, 'ready')
    this.#order.add({ item, sort: kept.sort })
  }

  async enqueue(items: NewItem[]): Promise<EnqueueAnswer[]> {
    return items.map((item) => this.#enqueueOne(item))
  }

  #enqueueOne(added: NewItem): EnqueueAnswer {
    const known = this.#items.get(added.item)
    const isSame = known?.record.requestId === added.record.requestId
    if (known) return isSame ? { kind: 'known', shown: toShown(known) } : { kind: 'taken' }
    const first = added.key === undefined ? undefined : this.#keys.get(added.key)
    const kept = first === undefined ? undefined : this.#items.get(first)
    if (kept) return { kind: 'known', shown: toShown(kept) }
    const taken = added.record.names.some((name) => this.#named(name) !== undefined)
    if (taken) return { kind: 'taken' }
    const { lists } = this.#order
    const ofToken = lists.countOf(added.sort.token)
    const cap = capOf({ items: lists.count, bytes: lists.bytes, ofToken }, added.sort.bytes)
    if (cap) return { kind: 'full', cap, retryAfterSeconds: 5 }
    const sort: ItemSort = { ...added.sort, state: 'waiting' }
    this.#items.set(added.item, { ...added, sort, state: 'waiting' })
    this.#order.add({ item: added.item, sort })
    if (added.key !== undefined) this.#keys.set(added.key, added.item)
    return { kind: 'queued' }
  }

  async itemsOf(names: string[]): Promise<ItemShown[]> {
    const found = names.map((name) => this.#named(name)).filter((kept) => kept !== undefined)
    return Array.from(new Set(found), toShown)
  }

  /** Nothing is listed. A test puts its own in this place. */
  listLine: (query: LineQuery) => Promise<LinePage> = async () => ({
    waiting: 0,
    starting: 0,
    tokens: [],
    startsAMinute: 0,
    items: [],
  })

  async namesOf(): Promise<{ id: string; name: string }[]> {
    return []
  }

  async cancelItem(
    name: string,
    token?: string,
    isOwn = false
  ): Promise<ItemShown | 'late' | undefined> {
    const kept = this.#named(name)
    if (!kept || (token !== undefined && kept.sort.token !== token)) return undefined
    if (isOwn && !kept.record.own) return undefined
    if (kept.state === 'chosen' || kept.state === 'begun') return 'late'
    this.#end(kept, 'cancel', 'cancelled')
    return toShown(kept)
  }

  async cancelItemBy(name: string): Promise<ItemShown | 'late' | undefined> {
    return this.cancelItem(name)
  }

  async pauseLine(): Promise<[]> {
    return []
  }

  async takeWork(ask: WorkAsk): Promise<WorkAnswer> {
    const account = this.#setting.accounts[ask.account]
    if (!account) return { work: [], leave: 0, isMore: false }
    this.#endWhatMayNotStart()
    const owed = this.#owedTo(ask).slice(0, ask.most)
    const left = { free: ask.free - slotsOf(owed), held: ask.held + slotsOf(owed) }
    const work = owed.map((kept) => this.#handOver(kept, ask.account))
    const lane = laneName({ lane: account.email, laneSince: account.createdAt })
    const stopped = new Set(this.#tokensThat('waits'))
    const { most = Infinity } = ask
    while (account.isRemoved !== true && left.free > 0 && work.length < most) {
      const pull: Pull = { account: ask.account, lane, ...left, parkings: ask.parkings, stopped }
      const chosen = this.#order.choose(pull, this.#setting.now())
      const kept = chosen && this.#items.get(chosen.item)
      if (!kept) break
      left.free -= kept.sort.slots
      left.held += kept.sort.slots
      this.#move(kept, 'choose')
      kept.turn = this.#turns += 1
      work.push(this.#handOver(kept, ask.account))
    }
    const isMore = this.#order
      .tokens()
      .some(({ lists }) => lists.some((list) => list.lane === '' || list.lane === lane))
    return { work, leave: 0, isMore }
  }

  /** What is chosen for this account and not under way there: its answer was lost, or its object died. */
  #owedTo({ account, underWay }: WorkAsk): Kept[] {
    const owed = Array.from(this.#items.values()).filter(
      ({ item, chosen }) => chosen?.account === account && !underWay.includes(item)
    )
    return owed.toSorted(({ turn: one = 0 }, { turn: other = 0 }) => one - other)
  }

  #handOver(kept: Kept, account: string): Work {
    const { item, sort, record, sealed } = kept
    if (kept.chosen) this.#move(kept, 'again')
    kept.chosen ??= { account, leaseIds: [], at: this.#setting.now() }
    this.#leases += 1
    const leaseId = newTimedId(this.#setting.now() + this.#leases, crypto.randomUUID())
    const earlier = record.tries.filter((one) => one.account === account)
    const ids = [...earlier, kept.chosen].flatMap(({ leaseIds }) => leaseIds)
    kept.chosen.leaseIds.push(leaseId)
    return { item, leaseId, earlier: ids, mayStart: this.#mayStart(kept), sort, record, sealed }
  }

  #mayStart({ sort, record, chosen }: Kept): boolean {
    const isOfToken = (this.#setting.stateOf?.(record.tokenHash) ?? 'good') === 'good'
    const isRemoved = chosen && this.#setting.accounts[chosen.account]?.isRemoved === true
    return isOfToken && isRemoved !== true && sort.startBy > this.#setting.now()
  }

  async report(account: string, reports: WorkReport[]): Promise<string[]> {
    for (const report of reports) {
      const kept = this.#items.get(report.item)
      if (kept) this.#take(kept, account, report)
    }
    return reports.map(({ item }) => item)
  }

  #take(kept: Kept, account: string, report: WorkReport): void {
    const { record, sort, state, chosen } = kept
    const tries = chosen ? [...record.tries, chosen] : record.tries
    const leaseIds = tries.flatMap((one) => one.leaseIds)
    const { leftOut = [] } = sort
    const serving = this.#serving(sort)
    const event = judgeReport({ state, leaseIds, leftOut, serving }, account, report)
    if (!event || move(state, event) === 'refused') return
    const why = report.kind === 'back' ? report.why : undefined
    const absents = report.kind === 'back' ? (report.absents ?? 0) : 0
    record.tries = tries.map((one) => (one === chosen && why ? { ...one, why, absents } : one))
    delete kept.chosen
    if (report.kind === 'begun') {
      const email = this.#setting.accounts[account]?.email ?? ''
      const jobIds = report.starts.map(({ jobId }) => jobId)
      kept.record = { ...record, leaseId: report.leaseId, email, key: account, jobIds }
    } else {
      const isLeftOut = report.kind === 'back' && report.isLeftOut === true
      if (isLeftOut) kept.sort = { ...sort, leftOut: [...leftOut, account] }
      if (report.refusal !== undefined) kept.record = { ...record, refusal: report.refusal }
    }
    if (event === 'refused') kept.sort = { ...kept.sort, reason: 'refused' }
    this.#move(kept, event)
    if (event === 'not_ready') this.#order.refund({ item: kept.item, sort: kept.sort })
    if (event === 'back') this.#order.giveBack({ item: kept.item, sort: kept.sort })
    else this.#order.remove(kept.item)
  }

  /** The accounts of the item's lane. */
  #serving({ lane, laneSince }: ItemSort): string[] {
    return Object.entries(this.#setting.accounts).flatMap(([key, one]) => {
      const isOfLane = lane === '' || (one.email === lane && one.createdAt === laneSince)
      return isOfLane && one.isRemoved !== true ? [key] : []
    })
  }

  async tokenChanged(_tokenHash: string): Promise<void> {
    this.#endWhatMayNotStart()
  }

  #endWhatMayNotStart(): void {
    const gone = new Set(this.#tokensThat('gone'))
    for (const kept of this.#items.values()) {
      if (kept.state !== 'waiting') continue
      if (gone.has(kept.sort.token)) this.#end(kept, 'token_removed', 'token_removed')
      else if (this.#isOfRemoved(kept.sort)) this.#end(kept, 'account_removed', 'account_removed')
      else if (kept.sort.startBy <= this.#setting.now())
        this.#end(kept, 'start_deadline', 'start_deadline')
    }
  }

  #isOfRemoved({ lane, laneSince }: ItemSort): boolean {
    return Object.values(this.#setting.accounts).some(
      ({ email, createdAt, isRemoved }) => isRemoved && email === lane && createdAt === laneSince
    )
  }

  #tokensThat(state: 'waits' | 'gone'): string[] {
    return Array.from(this.#items.values())
      .filter(({ record }) => this.#setting.stateOf?.(record.tokenHash) === state)
      .map(({ sort }) => sort.token)
  }

  #end(kept: Kept, event: ItemEvent, reason: ItemSort['reason'] & string): void {
    if (move(kept.state, event) === 'refused') return
    kept.sort = { ...kept.sort, reason }
    this.#move(kept, event)
    this.#order.remove(kept.item)
  }

  /** Throws where the table of states names no such move. A body is kept only while it may still be sent. */
  #move(kept: Kept, event: ItemEvent): void {
    const to = move(kept.state, event)
    if (to === 'refused') throw new Error(`${kept.state} and ${event}`)
    kept.state = to
    if (to === 'untold' || to === 'begun' || to === 'ended') kept.sealed = ''
  }

  #named(name: string): Kept | undefined {
    const requestId = name.startsWith('request:') ? name.slice('request:'.length) : undefined
    // Of two under one name of their client the last one counts.
    return Array.from(this.#items.values()).findLast(({ item, record }) =>
      requestId === undefined
        ? item === name || record.names.includes(name) || `task:${record.taskName}` === name
        : record.requestId === requestId
    )
  }
}

function slotsOf(items: Kept[]): number {
  return items.reduce((sum, { sort }) => sum + sort.slots, 0)
}

function toShown({ item, record, state, sort }: Kept): ItemShown {
  const { names, taskName, leaseId, jobIds, refusal } = record
  return {
    item,
    names,
    ...(taskName === undefined ? {} : { taskName }),
    state,
    route: sort.route,
    askedAt: sort.askedAt,
    requestId: record.requestId,
    token: sort.token,
    ...(record.own ? { isOwn: true as const } : {}),
    ...(sort.reason === undefined ? {} : { reason: sort.reason }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(jobIds === undefined ? {} : { jobIds }),
    ...(leaseId === undefined ? {} : { leaseId }),
  }
}
