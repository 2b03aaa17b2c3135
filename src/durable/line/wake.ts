/**
 * Tells accounts that something waits, in the order of `Wakes` (src/domain/queue/wakes.ts), until one pulls the item. It does so for one
 * item after the other, so a burst of items does not call one idle account a hundred times. A call is a notice: the look mends a lost one.
 */
import { isPaused } from '#domain/line/pauses.ts'
import type { Account } from '#domain/accounts/account.ts'
import { orderOf } from '#domain/accounts/balancing.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { likenessOf, Wakes } from '#domain/queue/wakes.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { LineContext } from './context.ts'
import { laneOf } from './take-work.ts'

/** How long an account that was told of the line asks by itself. */
export const AWAKE_MS = 10 * 60_000
/** An account that does not answer must not keep the others from being told. */
const ANSWERED_WITHIN_MS = 10_000
/** So many are called one after the other, and then the next ones together. */
const ALONE = 3
const TOGETHER = 6

export class Waking {
  readonly wakes = new Wakes()
  readonly #context: LineContext
  readonly #fresh = new Set<string>()
  /** Those of them after which the next one of their list is told of, once an account has taken them. */
  readonly #heads = new Map<string, WaitingItem>()
  #isRunning = false

  constructor(context: LineContext) {
    this.#context = context
  }

  /** Tells accounts of these items, if they still wait. */
  add(items: Iterable<string>): void {
    for (const item of items) this.#fresh.add(item)
    if (this.#isRunning || this.#fresh.size === 0) return
    this.#isRunning = true
    this.#context.ports().defer(this.#run())
  }

  /**
   * Tells accounts of the first item of each list, and of the next one as long as some account takes it: several may be idle. `isAnew`:
   * also those that should ask by themselves.
   */
  addHeads(isAnew = false): void {
    if (isAnew) this.wakes.forgetAwake()
    const tokens = this.#context.memory.line.order.tokens()
    const heads = tokens.flatMap(({ lists }) => lists.flatMap(({ items }) => items[0] ?? []))
    for (const head of heads) this.#heads.set(head.item, head)
    this.add(heads.map(({ item }) => item))
  }

  async #run(): Promise<void> {
    try {
      for (const item of this.#fresh) {
        this.#fresh.delete(item)
        const head = this.#heads.get(item)
        this.#heads.delete(item)
        if (!(await this.#tellOf(item))) this.#dropAlike(item)
        else if (head) this.#addNext(head)
      }
    } catch {
      // The look tells them.
      this.#fresh.clear()
      this.#heads.clear()
    } finally {
      this.#isRunning = false
    }
  }

  /** The account that took it may have been told of another list. */
  #addNext({ item, sort }: WaitingItem): void {
    const lists = this.#context.memory.line.order.lists.listsOf(sort.token)
    const list = lists.find((one) => one.lane === laneName(sort) && one.priority === sort.priority)
    const next = list?.items[0]
    // It is still there if its token may start nothing now.
    if (!next || next.item === item) return
    this.#heads.set(next.item, next)
    this.#fresh.add(next.item)
  }

  /** False: nobody was left to be told. */
  async #tellOf(item: string): Promise<boolean> {
    const told = new Set<string>()
    for (let round = 0; ; round += 1) {
      const waiting = this.#find(item)
      if (!waiting) return true
      const left = this.#whom(waiting).filter((account) => !told.has(account))
      const next = left.slice(0, round < ALONE ? 1 : TOGETHER)
      if (next.length === 0) return false
      for (const account of next) told.add(account)
      await Promise.all(next.map((account) => this.tell(account)))
    }
  }

  #find(item: string): WaitingItem | undefined {
    if (this.#context.isClosed()) return undefined
    const { memory, itemShares } = this.#context
    const waiting = memory.line.order.lists.find(item)
    // No account may start it, so none is asked. The end of another job of its token brings it here again.
    return waiting && itemShares.holdsUp(waiting) ? undefined : waiting
  }

  /** In the order that the tenant chose, and those lately full last. */
  #whom(waiting: WaitingItem): string[] {
    const { now, ports, accounts, full, memory, balancing } = this.#context
    const late = new Set(full())
    const shares = this.wakes.usedShares()
    const usedShare = ({ key }: Account) => (late.has(key) ? 1 : (shares.get(key) ?? 0))
    const ordered = orderOf(accounts(), balancing(), usedShare, ports().random)
    const { pauses } = memory.line
    const ranked = ordered
      .filter(({ isDrained }) => isDrained !== true)
      .toSorted((one, other) => Number(late.has(one.key)) - Number(late.has(other.key)))
      .map((account) => ({ account: account.key, lane: laneOf(account) }))
      .filter(({ lane }) => !isPaused(pauses, waiting.sort.token, lane))
    return this.wakes.toTell(waiting, ranked, now())
  }

  /** Thousands may come at once, and what nobody has a slot for, nobody has for its like. */
  #dropAlike(item: string): void {
    const waiting = this.#find(item)
    if (!waiting) return
    const kind = likenessOf(waiting)
    for (const other of this.#fresh) {
      const found = this.#find(other)
      const isOver = found ? likenessOf(found) === kind : !this.#heads.has(other)
      if (isOver) this.#fresh.delete(other)
    }
  }

  /** Never throws. `isOwed`: something is chosen there. `isMore`: something waits that the account may serve. */
  async tell(
    account: string,
    { isOwed, isMore = true }: { isOwed?: boolean; isMore?: boolean } = {}
  ): Promise<void> {
    const { tenant, now } = this.#context
    const { slots, after } = this.#context.ports()
    const toldAt = now()
    this.wakes.noteCalled(account, toldAt)
    const until = isMore ? toldAt + AWAKE_MS : toldAt
    const told = async () => {
      const answer = await slots(account).work(tenant, until, ...(isOwed ? [true] : []))
      this.wakes.noteTold(account, toldAt, until, answer?.parkings)
    }
    await inTime({ after }, told(), ANSWERED_WITHIN_MS).catch(() => {})
  }
}
