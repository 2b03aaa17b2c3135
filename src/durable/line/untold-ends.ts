/**
 * Hands ends without a start to an account's object, which writes and delivers them as every end. The desk has no outbox of its own.
 * Until an object has taken an end, the item stays in the line without its body, and every look hands it over again.
 */
import type { UnstartedEnd } from '#domain/ports/line.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { move } from '#domain/queue/item-state.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import type { LineContext } from './context.ts'
import { laneOf } from './take-work.ts'

const ENDS_AT_ONCE = 100
const ANSWERED_WITHIN_MS = 20_000
/** So many accounts are told side by side. */
const ACCOUNTS_AT_ONCE = 6
/** A run begins no further call after so long. The next look tells the rest. */
const RUN_MAX_MS = 60_000
/** After that an end that no account's object takes is not told any more. */
const TRIED_FOR_MS = 24 * 3_600_000

export class UntoldEnds {
  readonly #context: LineContext
  /** Accounts whose objects took nothing when they were told last. */
  readonly #silent = new Set<string>()
  #running: Promise<void> | undefined

  constructor(context: LineContext) {
    this.#context = context
  }

  /** One run at a time. What comes meanwhile is in the next one. */
  async handOver(): Promise<void> {
    await this.#running
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  async #run(): Promise<void> {
    const over = this.#context.now() + RUN_MAX_MS
    // Accounts that did not answer come last, or they would use up the time of each run.
    const all = Array.from(this.#byAccount())
    const isSilent = ([account]: (typeof all)[number]) => Number(this.#silent.has(account))
    const left = all.toSorted((one, other) => isSilent(one) - isSilent(other)).values()
    const tellNext = async () => {
      for (const [account, items] of left) {
        if (this.#context.isClosed() || this.#context.now() >= over) return
        await this.#giveAll(account, items, over)
      }
    }
    await Promise.all(Array.from({ length: ACCOUNTS_AT_ONCE }, tellNext))
    if (!this.#context.isClosed()) this.#giveUp()
  }

  async #giveAll(account: string, items: string[], over: number): Promise<void> {
    for (let from = 0; from < items.length; from += ENDS_AT_ONCE) {
      if (this.#context.now() >= over) return
      const isTaken = await this.#give(account, items.slice(from, from + ENDS_AT_ONCE))
      if (isTaken) this.#silent.delete(account)
      else this.#silent.add(account)
      if (!isTaken) return
    }
  }

  /** The lane's account, or any of the tenant. */
  #byAccount(): Map<string, string[]> {
    const { memory, accounts, ports } = this.#context
    const all = accounts()
    const any = all[Math.floor(ports().random() * all.length)]?.key
    const byAccount = new Map<string, string[]>()
    for (const [item, sort] of memory.line.untold) {
      const own = all.find((account) => laneOf(account) === laneName(sort))?.key
      const key = own ?? any
      if (key === undefined) continue
      const items = byAccount.get(key) ?? []
      items.push(item)
      byAccount.set(key, items)
    }
    return byAccount
  }

  /** False: the account's object took none of them. */
  async #give(account: string, items: string[]): Promise<boolean> {
    const { memory, tenant, ports, isClosed } = this.#context
    const ends = items.flatMap((item) => this.#endOf(item) ?? [])
    if (ends.length === 0) return true
    const { slots, after } = ports()
    const telling = slots(account).endUnstarted(tenant, ends)
    const none: string[] = []
    const taken = await inTime({ after }, telling, ANSWERED_WITHIN_MS).catch(() => none)
    if (isClosed() || taken.length === 0) return false
    memory.change(() => {
      for (const item of taken) this.#leave(item)
    })
    return true
  }

  #endOf(item: string): UnstartedEnd | undefined {
    const row = this.#context.memory.items.find(item)
    if (!row || row.isGone) return undefined
    const { sort, record } = row
    const { reason = 'cancelled' } = sort
    return { item, record, sort, reason, endedAt: record.endedAt ?? sort.askedAt }
  }

  /** It may have begun meanwhile. */
  #leave(item: string): void {
    const { memory, now } = this.#context
    const row = memory.items.find(item)
    if (!row || move(memory.stateOf(row), 'told') === 'refused') return
    memory.items.leave(row, now())
    memory.line.untold.delete(item)
  }

  /** A tenant without accounts has nobody who tells it. Then the end stands in the job's view. */
  #giveUp(): void {
    const { memory, now, ports, tenant } = this.#context
    const old = Array.from(memory.line.untold.keys()).filter((item) => {
      const end = this.#endOf(item)
      return !end || end.endedAt <= now() - TRIED_FOR_MS
    })
    if (old.length === 0) return
    memory.change(() => {
      for (const item of old) this.#leave(item)
    })
    ports().log('ends_not_told', { tenant, count: old.length })
  }
}
