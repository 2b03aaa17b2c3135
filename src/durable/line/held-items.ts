/**
 * Items that name the job of another item wait for its end (docs/rfc/0009-queue.md, state `held`). The desk does not hear of ends, so it
 * asks the account's object: in each look, and soon after an account asked for work, since a job has ended then. An item that came too
 * early waits here, too, for a minute: the provider said that a job named in it has not ended.
 */
import { sameEmail } from '#domain/accounts/account.ts'
import { turnOfHeld, type NamedItem } from '#domain/line/held.ts'
import { move } from '#domain/queue/item-state.ts'
import type { ItemRecord, ItemSort } from '#domain/queue/item.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { LineContext } from './context.ts'
import type { ItemRow } from './item-rows.ts'
import { jobIdOf, realIdsOf } from './enqueue.ts'
import { endWaiting } from './reports.ts'
import { AWAKE_MS } from './wake.ts'

const ASKED_AT_ONCE = 20
const AGAIN_MS = 1000

type Named = NonNullable<ItemRecord['named']>[number]

interface HeldDeps {
  /** These wait for their turn from now on. */
  onReady(items: string[]): void
  /** The account runs a job that is waited for, and may not know that anything waits. */
  tell(account: string): Promise<void>
  /** Ends are to be told. */
  onEnded(): void
}

export class HeldItems {
  readonly #context: LineContext
  readonly #deps: HeldDeps
  /** Accounts that run a job which an item waits for, until when they ask for work at each freed slot. */
  readonly #told = new Map<string, number>()
  #askedAt = -Infinity
  #asking: Promise<void> | undefined
  #isPlanned = false

  constructor(context: LineContext, deps: HeldDeps) {
    this.#context = context
    this.#deps = deps
  }

  /** Something waits for a job of the account, so it is to ask for work when that has ended. */
  isAwaited(account: string): boolean {
    const { memory, now } = this.#context
    return memory.line.held.size > 0 && (this.#told.get(account) ?? 0) > now()
  }

  /** Asks in the background, once a second at most. Never throws. */
  lookSoon(): void {
    const { ports } = this.#context
    if (this.#isPlanned || this.#due().length === 0) return
    this.#isPlanned = true
    ports().defer(this.#lookLater().catch(() => {}))
  }

  async #lookLater(): Promise<void> {
    const { now, ports } = this.#context
    const pauseMs = this.#askedAt + AGAIN_MS - now()
    if (pauseMs > 0) await ports().after(pauseMs)
    // From here on a later call asks again.
    this.#isPlanned = false
    await this.look()
  }

  /** Asks about the items that were not asked about for the longest. */
  look(): Promise<void> {
    this.#asking ??= this.#look().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #look(): Promise<void> {
    const { memory, now } = this.#context
    this.#askedAt = now()
    const { held } = memory.line
    const next = this.#due().slice(0, ASKED_AT_ONCE)
    for (const [item, sort] of next) {
      held.delete(item)
      held.set(item, sort)
    }
    const ready = await Promise.all(next.map(([item]) => this.#decide(item)))
    this.#deps.onReady(ready.filter((item) => item !== undefined))
  }

  /** Those that do not wait for a time. */
  #due(): [item: string, sort: ItemSort][] {
    const { memory, now } = this.#context
    const all = Array.from(memory.line.held)
    return all.filter(([, { heldUntil = 0 }]) => heldUntil <= now())
  }

  /** Returns the item if it waits for its turn from now on. */
  async #decide(item: string): Promise<string | undefined> {
    const { memory, isClosed } = this.#context
    const { named = [] } = memory.items.find(item)?.record ?? {}
    const found = await Promise.all(named.map((one) => this.#ask(one)))
    const turn = turnOfHeld(found)
    if (turn.kind === 'held' || isClosed()) return undefined
    return memory.change((line) => {
      const row = memory.items.find(item)
      if (!row || memory.stateOf(row) !== 'held') return undefined
      if (turn.kind === 'failed') {
        endWaiting(this.#context, line, row, 'dependency_failed', 'dependency_failed')
        this.#deps.onEnded()
        return undefined
      }
      if (move('held', 'ready') === 'refused') return undefined
      const { heldUntil: _, ...before } = row.sort
      const sort: ItemSort = { ...before, ...this.#laneOf(row), state: 'waiting' }
      memory.items.save({ ...row, sort }, 'kept')
      line.held.delete(item)
      line.order.add({ item, sort })
      return item
    })
  }

  async #ask({ item, name }: Named): Promise<NamedItem> {
    const { memory, ports, tenant, now } = this.#context
    const row = memory.items.find(item)
    // Its row is kept longer than any item waits.
    if (!row) return { item, state: 'ended' }
    const state = memory.stateOf(row)
    if (state !== 'begun') return { item, state }
    const jobId = jobIdOf(row, name)
    if (jobId === undefined) return { item, state: 'ended' }
    const { key = '' } = row.record
    const { slots, durations } = ports()
    const asked = await inTime(ports(), slots(key).findJob(tenant, { jobId }))
      .then((job) => ({ job }))
      .catch(() => undefined)
    const begunAt = row.record.leftAt ?? row.sort.askedAt
    // One that it does not know and that began lately may not have been told to it yet.
    if (asked && !asked.job && begunAt <= now() - durations.keepEndedMs)
      return { item, state, isForgotten: true }
    const outcome = asked?.job?.ended?.outcome.status
    if (outcome === undefined) this.#tell(key)
    return { item, state, ...(outcome === undefined ? {} : { outcome }) }
  }

  #tell(account: string): void {
    const { now, ports } = this.#context
    if (this.isAwaited(account)) return
    this.#told.set(account, now() + AWAKE_MS)
    ports().defer(this.#deps.tell(account).catch(() => {}))
  }

  /** Only the account that has the named job can serve the item. Absent: it has a lane, or that account is gone. */
  #laneOf({ sort, record }: ItemRow): Pick<ItemSort, 'lane' | 'laneSince'> {
    const { accounts, jobsNamed } = this.#context
    const jobs = realIdsOf(this.#context, record).map(({ id }) => id)
    // By the email, since the account may have got another key meanwhile.
    const emails = jobsNamed(jobs).map(({ email }) => email ?? '')
    const account = accounts().find((one) => emails.some((email) => sameEmail(email, one.email)))
    if (sort.lane !== '' || !account) return { lane: sort.lane }
    return { lane: account.email, laneSince: account.createdAt }
  }
}
