/**
 * The line of a tenant's desk: creations that wait for a slot (docs/rfc/0009-queue.md). The desk decides who is next. Accounts' objects
 * ask for work and send it. An item stays in the line, with its body, until somebody says for certain what became of it.
 */
import { GaveBack } from '#domain/line/gave-back.ts'
import { Outlook } from '#domain/line/outlook.ts'
import type {
  EnqueueAnswer,
  LinePage,
  LineQuery,
  WorkAnswer,
  WorkAsk,
  WorkReport,
} from '#domain/ports/line.ts'
import type { LineEnd } from '#domain/creations/idempotency.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import { pausesOf, type Pause } from '#domain/line/pauses.ts'
import type { ItemShown, NewItem } from '#domain/queue/item.ts'
import { clientInLine, type ClientWish } from '#domain/queue/waiting-clients.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { Resealer } from '#flows/access/reseal-text.ts'
import { endWaiting, takeReport } from './reports.ts'
import { enqueueAll, findNamed, listLine, toShown } from './enqueue.ts'
import { HeldItems } from './held-items.ts'
import type { CancelWish, LineContext, LineDeps } from './context.ts'
import { ItemRows } from './item-rows.ts'
import { ItemShares } from '#durable/limits/item-shares.ts'
import { LineMemory, STEP_MS } from './line-memory.ts'
import {
  callSilent,
  deadlineOf,
  dropPausesOfGone,
  dropTokens,
  endOverdue,
  isServed,
  movePauses,
  oldSince,
} from './look.ts'
import { resealLine } from './resealing.ts'
import { lineNow, takeWork } from './take-work.ts'
import { TokenLooks } from './token-looks.ts'
import { TokenRows } from './token-rows.ts'
import { UntoldEnds } from './untold-ends.ts'
import { AWAKE_MS, Waking } from './wake.ts'

/** Not divided by TIME_SCALE, because jobs take real time. */
const LOOK_EVERY_MS = 30_000
/** While nothing waits, the pauses double up to this one. */
const LOOK_SELDOM_MS = 10 * 60_000
/** How long jobs take is stored so often at most. */
const SAVE_PACE_EVERY_MS = 60_000
/** A client waits for a minute at most. */
const CLIENT_WAITS_MS = 60_000
/** An item may wait for so long before its job begins, and its name must lead to the job as long as the job's owner is known. */
const WAITS_AT_MOST_MS = 7 * 86_400_000

export class DeskLine {
  readonly #context: LineContext
  readonly #looks: TokenLooks
  readonly #waking: Waking
  readonly #untold: UntoldEnds
  readonly #held: HeldItems
  readonly #gaveBack = new GaveBack()
  #outlookSoFar: Outlook | undefined
  #paceSavedAt = 0
  /** Clients that the order sent to an account, and when. One that comes back is given its turn back. */
  readonly #sent = new Map<string, number>()
  /** When the next look is due. Undefined: none is planned, since nothing is owed or the object woke up. Then the alarm looks when it rings. */
  #lookAt: number | undefined
  #pauseMs = LOOK_EVERY_MS
  /** Something was queued before, as far as it was looked. */
  #hasNames = false

  constructor(storage: Pick<DurableObjectStorage, 'sql' | 'transactionSync'>, deps: LineDeps) {
    const rows = [new ItemRows(storage.sql), new TokenRows(storage.sql)] as const
    const memory = new LineMemory(storage, ...rows, deps.now)
    this.#looks = new TokenLooks({ ...deps, memory })
    const itemShares = new ItemShares(deps.shares, memory, this.#looks)
    memory.onFailed = () => itemShares.readAgain()
    const pulls = () => this.#waking.wakes.pulls()
    const saidOf = (account: string) => this.#waking.wakes.saidOf(account, deps.now())
    this.#context = { ...deps, memory, itemShares, pulls, saidOf }
    this.#waking = new Waking(this.#context)
    this.#untold = new UntoldEnds(this.#context)
    this.#held = new HeldItems(this.#context, {
      onReady: (ready) => this.#waking.add(ready),
      tell: (account) => this.#waking.tell(account),
      onEnded: () => deps.ports().defer(this.#untold.handOver().catch(() => {})),
    })
  }

  async enqueue(items: NewItem[]): Promise<EnqueueAnswer[]> {
    for (const { sort, record } of items) this.#looks.noteHash(sort.token, record.tokenHash)
    await this.#looks.look(items.map(({ sort }) => sort.token))
    if (this.#context.isClosed()) return items.map(() => ({ kind: 'closed' }))
    // Before the first item is written, so that a crash in between leaves a needless copy, and not none.
    this.#hasNames ||= this.namesSince !== undefined
    if (!this.#hasNames) this.#context.touchAccounts()
    const maxQueuedOf = (token: string) => this.#looks.maxQueuedOf(token)
    const line = () => lineNow(this.#context)
    const roomIn = (count: number, token?: string) => this.#outlook.roomIn(count, line(), token)
    const expectedMs = this.#outlook.firstEstimates(line, this.#context.itemShares)
    const answers = enqueueAll(this.#context, items, { maxQueuedOf, roomIn, expectedMs })
    const added = items.filter((_, at) => answers[at]?.kind === 'queued')
    if (added.length > 0) this.#armSoon(Math.min(...added.map(({ sort }) => sort.startBy)))
    const told = this.#withPlaces(items, answers)
    this.#waking.add(added.map(({ item }) => item))
    this.#held.lookSoon()
    return told
  }

  /** Their places when all of them are in the line. */
  #withPlaces(items: readonly NewItem[], answers: EnqueueAnswer[]): EnqueueAnswer[] {
    const line = lineNow(this.#context)
    return answers.map((answer, at): EnqueueAnswer => {
      const waiting = this.#waiting(items[at]?.item)
      if (answer.kind !== 'queued' || !waiting) return answer
      return { ...answer, ...this.#outlook.expect(waiting, line, true) }
    })
  }

  #waiting(item = ''): WaitingItem | undefined {
    return this.#context.memory.line.order.lists.find(item)
  }

  get #outlook(): Outlook {
    if (this.#outlookSoFar) return this.#outlookSoFar
    const outlook = new Outlook(STEP_MS)
    outlook.load(this.#context.memory.tokens.pace())
    this.#outlookSoFar = outlook
    return outlook
  }

  /** Since when the tenant queues. Undefined: nothing of that is kept. */
  get namesSince(): number | undefined {
    return this.#context.isClosed() ? undefined : this.#context.memory.items.firstAt()
  }

  itemsOf(names: string[]): ItemShown[] {
    if (this.#context.isClosed()) return []
    const found = names.flatMap((name) => findNamed(this.#context, name) ?? [])
    const once = new Map(found.map((row) => [row.item, row]))
    return Array.from(once.values(), (row) => {
      // What left the line needs no memory of it.
      const waiting = row.isGone ? undefined : this.#waiting(row.item)
      const expected = waiting ? this.#outlook.expect(waiting, lineNow(this.#context)) : {}
      return { ...toShown(this.#context, row), ...expected }
    })
  }

  list(query: LineQuery): LinePage {
    const line = lineNow(this.#context)
    const startsAMinute = Math.round(this.#outlook.startsASecond(line, query.token) * 6000) / 100
    const expect = (waiting: WaitingItem) => this.#outlook.expect(waiting, line)
    const pauses = pausesOf(this.pauses(), query.token)
    return { ...listLine(this.#context, query, expect), startsAMinute, pauses }
  }

  namesOf(ids: string[]): { id: string; name: string }[] {
    const jobs = this.#context.isClosed() ? [] : this.#context.jobsNamed(ids)
    return jobs.flatMap(({ id, name }) => (name === undefined ? [] : [{ id, name }]))
  }

  /** What the line has of a request, for the key under which it came. */
  endOf(requestId: string): LineEnd {
    const row = findNamed(this.#context, `request:${requestId}`)
    return row && (row.isGone ? (row.record.leftAt ?? row.sort.askedAt) : 'waits')
  }

  cancel(name: string, { token, isOwn, onEnded }: CancelWish = {}): ItemShown | 'late' | undefined {
    const row = this.#context.isClosed() ? undefined : findNamed(this.#context, name)
    if (!row || (token !== undefined && row.sort.token !== token)) return undefined
    if (isOwn && !row.record.own) return undefined
    const { memory, ports } = this.#context
    const state = memory.stateOf(row)
    if (state === 'chosen' || state === 'begun') return 'late'
    const isEnded = memory.change((line) => {
      const isOver = endWaiting(this.#context, line, row, 'cancel', 'cancelled')
      if (isOver) onEnded?.()
      return isOver
    })
    if (isEnded) {
      this.#armSoon()
      this.#held.lookSoon()
      ports().defer(this.#untold.handOver().catch(() => {}))
    }
    return toShown(this.#context, memory.items.find(row.item) ?? row)
  }

  async takeWork(ask: WorkAsk): Promise<WorkAnswer> {
    const { memory, tenant } = this.#context
    const isOurs = () => !this.#context.isClosed() && ask.tenant === tenant
    if (!isOurs()) return { work: [], leave: 0, isMore: false }
    const chosen = Array.from(memory.line.chosen.values(), ({ sort }) => sort.token)
    await this.#looks.look([...memory.line.order.lists.tokens(), ...chosen])
    if (!isOurs()) return { work: [], leave: 0, isMore: false }
    const gaveBack = (account: string) => this.#gaveBack.by(account, this.#context.now())
    const beside = { looks: this.#looks, gaveBack, outlook: this.#outlook }
    const { pull, isCut, ...answer } = takeWork(this.#context, beside, ask)
    answer.isMore ||= this.#held.isAwaited(ask.account)
    const now = this.#context.now()
    for (const { id } of answer.clients ?? []) this.#noteSent(id, now)
    if (pull) this.#waking.wakes.noteAsked(pull, now, answer.isMore ? now + AWAKE_MS : 0)
    if (answer.work.length > 0) this.#armSoon()
    this.#outlook.noteAsked(ask.account, ask, answer.work, now)
    this.#noteEnds(ask, now)
    if (isCut) this.#waking.addHeads()
    this.#held.lookSoon()
    return answer
  }

  report(account: string, reports: WorkReport[]): string[] {
    // A removed tenant has no items.
    if (this.#context.isClosed()) return reports.map(({ item }) => item)
    const back = reports.flatMap((report) => takeReport(this.#context, account, report) ?? [])
    for (const item of back) this.#gaveBack.note(account, item, this.#context.now())
    this.#held.lookSoon()
    if (this.#context.memory.owesAnything) this.#armSoon()
    this.#waking.add([...back, ...this.#context.itemShares.opened()])
    return reports.map(({ item }) => item)
  }

  /** For the mending of shares. */
  chosenShares(): string[] {
    const { memory, itemShares } = this.#context
    return memory.owesAnything ? itemShares.chosen() : []
  }

  /** `removed`: the token's id, if it was removed. One that has expired may be prolonged, so it keeps its pauses. */
  async tokenChanged(hash: string, removed?: string): Promise<void> {
    if (this.#context.isClosed()) return
    if (removed !== undefined) this.#context.memory.dropPauses(({ token }) => token === removed)
    if (!this.#context.memory.owesAnything) return
    const tokens = await this.#looks.lookAnew(hash)
    if (tokens.length === 0 || this.#context.isClosed()) return
    endOverdue(this.#context, this.#looks)
    this.#armSoon()
    this.#waking.addHeads()
    // Its limits may be others now. One account that takes an item is not enough then.
    this.#waking.add(tokens.flatMap((token) => this.#context.itemShares.firstOf(token)))
    this.#context.ports().defer(this.#untold.handOver().catch(() => {}))
  }

  /** Jobs of these tokens have ended. What waited for their shares is told of at once. */
  sharesEnded(tokens: readonly string[]): void {
    if (tokens.length === 0 || this.#context.isClosed()) return
    const { memory, itemShares } = this.#context
    if (!memory.owesAnything) return
    const items = [...itemShares.opened(), ...tokens.flatMap((token) => itemShares.firstOf(token))]
    if (items.length > 0) this.#armSoon()
    this.#waking.add(items)
  }

  /** An account was added or changed, or is gone. */
  accountsChanged(): void {
    if (this.#context.isClosed()) return
    movePauses(this.#context)
    if (!this.#context.memory.owesAnything) return
    this.#lookAt = 0
    this.#context.armIn(1)
    this.#waking.addHeads()
  }

  #noteEnds({ ended = [] }: WorkAsk, now: number): void {
    if (ended.length === 0) return
    this.#outlook.noteEnds(ended, now)
    if (now - this.#paceSavedAt < SAVE_PACE_EVERY_MS) return
    this.#paceSavedAt = now
    this.#context.memory.tokens.savePace(this.#outlook.toRecord(), now)
  }

  // Waiting clients

  /** A client waits, or is back from an account that was full. A Worker of an older release does not say whose it is. */
  addClient(waiter: Waiter & Partial<ClientWish>): void {
    const { id, tried, token = '' } = waiter
    if (tried !== undefined) this.#gaveBack.note(tried, id, this.#context.now())
    const isBack = this.#sent.delete(id) && tried !== undefined
    this.#context.memory.addClient(clientInLine({ ...waiter, token }), isBack)
  }

  removeClient(id: string): void {
    this.#context.memory.removeClient(id)
  }

  /**
   * An account has a free slot and clients wait. True: items wait too, so the account is told to ask, and its question decides in one
   * order.
   */
  tellOfSlot(account: string): boolean {
    const { memory, ports, isClosed } = this.#context
    if (isClosed() || !memory.owesAnything || memory.line.order.lists.count === 0) return false
    ports().defer(this.#waking.tell(account))
    return true
  }

  #noteSent(id: string, now: number): void {
    for (const [old, at] of this.#sent) if (at <= now - CLIENT_WAITS_MS) this.#sent.delete(old)
    this.#sent.set(id, now)
  }

  // Pauses

  pauses(): readonly Pause[] {
    return this.#context.isClosed() ? [] : this.#context.memory.line.pauses
  }

  /** Nothing is chosen there from now on. What is chosen already and was not sent goes back. */
  pause(pause: Pause): void {
    if (!this.#context.isClosed()) this.#context.memory.pause(pause)
  }

  resume(pause: Pause): void {
    const { memory, isClosed } = this.#context
    if (isClosed()) return
    memory.resume(pause)
    if (!memory.owesAnything) return
    this.#armSoon()
    this.#waking.addHeads(true)
  }

  // The alarm

  /** The pauses are short again. `by`: when something must have started. */
  #armSoon(by = Infinity): void {
    const due = this.#context.now() + LOOK_EVERY_MS
    this.#pauseMs = LOOK_EVERY_MS
    this.#lookAt = Math.min(due, by, this.#lookAt ?? due)
    this.#context.armIn(Math.max(1, this.#lookAt - this.#context.now()))
  }

  /** Also what only has to be deleted in time. */
  get hasWork(): boolean {
    const { memory } = this.#context
    return memory.owesAnything || memory.items.oldestGoneAt() !== undefined
  }

  /** Since when the oldest waits of what waits for too long. Undefined: nothing does. */
  readonly oldSince = (): number | undefined => oldSince(this.#context)

  async runDue(): Promise<void> {
    const { now, memory, itemShares, isClosed } = this.#context
    if (!memory.owesAnything) this.#lookAt = undefined
    if (isClosed() || !memory.owesAnything || now() < (this.#lookAt ?? 0)) return
    // If the look dies, the next one is not later.
    this.#lookAt = now() + LOOK_EVERY_MS
    const held = Array.from(memory.line.held.values(), ({ token }) => token)
    await this.#looks.look([...memory.line.order.lists.tokens(), ...held])
    if (isClosed()) return
    endOverdue(this.#context, this.#looks)
    dropTokens(this.#context, this.#looks)
    await this.#held.look()
    if (isClosed()) return
    await this.#untold.handOver()
    if (isClosed()) return
    await itemShares.mend(now())
    if (isClosed()) return
    this.#waking.add(itemShares.opened())
    const isWaiting = memory.line.held.size > 0 || isServed(this.#context, this.#looks)
    this.#pauseMs = isWaiting ? LOOK_EVERY_MS : Math.min(LOOK_SELDOM_MS, this.#pauseMs * 2)
    const at = Math.min(now() + this.#pauseMs, itemShares.opensAt())
    this.#lookAt = Math.min(at, deadlineOf(memory.line, now()))
    await callSilent(this.#context, this.#waking)
  }

  /** When the alarm rings next for the line, epoch ms. Undefined: never. */
  nextAt(keepOwnersMs: number, forgetEveryMs: number): number | undefined {
    const { memory, now, isClosed } = this.#context
    if (isClosed()) return undefined
    const oldest = memory.items.oldestGoneAt()
    const forgetAt =
      oldest === undefined
        ? Infinity
        : Math.max(now() + forgetEveryMs, oldest + WAITS_AT_MOST_MS + keepOwnersMs)
    const lookAt = memory.owesAnything ? Math.max(this.#lookAt ?? 0, now()) : Infinity
    const at = Math.min(lookAt, forgetAt)
    return at === Infinity ? undefined : at
  }

  forget(now: number, keepOwnersMs: number): void {
    const { memory, isClosed } = this.#context
    memory.items.forget(now - WAITS_AT_MOST_MS - keepOwnersMs)
    if (isClosed()) return
    dropTokens(this.#context, this.#looks)
    this.#context.ports().defer(dropPausesOfGone(this.#context).catch(() => {}))
  }

  reseal(resealer: Resealer, after: string): Promise<{ after?: string }> {
    return resealLine(this.#context, resealer, after)
  }

  forgetAll(): void {
    this.#context.memory.forgetAll()
    this.#hasNames = false
    this.#gaveBack.clear()
    this.#outlookSoFar = undefined
  }
}
