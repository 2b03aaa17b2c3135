/**
 * The shares of queued creations (domain/limits/share.ts). An item takes its share in the step that chooses it, and gives it back when
 * it goes back. The account's object tells the end of its jobs, as of any others. A token whose share is used up is stepped over.
 * Shares go by the item and not by its lease: an item may be handed over under several, and starts once.
 */
import type { JobLimits } from '#domain/limits/share.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import { likenessOf } from '#domain/queue/wakes.ts'
import type { Outcome } from '#domain/slots/lease.ts'
import { shareNamesOf } from '#domain/slots/queued-lease.ts'
import type { TokenShares } from './token-shares.ts'

/** So many items of a token are told of when it has room again. Each account that is told takes as many as it can. */
const TOLD_AT_ONCE = 200
/** No account may have its jobs any more. A lost notice of an end is as rare as that, and each mending asks every account. */
const MEND_EVERY_MS = 10 * 60_000

/** The reports of a job that may have run. Every other end came before the provider accepted anything. */
const MAY_HAVE_RUN: ReadonlySet<string> = new Set<Outcome['status']>([
  'completed',
  'failed',
  'gone',
  'absent',
  'lost',
  'forced',
  'outcome_unknown',
])

type Jobs = Pick<WaitingItem, 'item'> & { sort: Pick<WaitingItem['sort'], 'token' | 'jobs'> }

/** What is chosen and what waits, as the desk has it in memory. */
interface Memory {
  line: {
    chosen: ReadonlyMap<string, Pick<Jobs, 'sort'>>
    order: {
      lists: {
        wide: number
        tokens(): Iterable<string>
        listsOf(token: string): readonly { items: readonly WaitingItem[] }[]
      }
    }
  }
}

/** What the desk knows of tokens. */
interface Looks {
  limitsOf(token: string): JobLimits | undefined
  /** Those that may start nothing now, whatever their limits say. */
  stopped(): Set<string>
  /** `waits`: its subscription has lapsed. */
  stateOf(token: string): string
}

export class ItemShares {
  readonly #shares: TokenShares
  readonly #memory: Memory
  readonly #looks: Looks
  /** Tokens that were stepped over. */
  readonly #heldUp = new Set<string>()
  #mendedAt = 0

  constructor(shares: TokenShares, memory: Memory, looks: Looks) {
    this.#shares = shares
    this.#memory = memory
    this.#looks = looks
  }

  /** How many more jobs of the token may start now. */
  roomOf(token: string): number {
    const limits = this.#looks.limitsOf(token)
    return limits ? this.#shares.roomOf(token, limits) : Infinity
  }

  /** How long the last of so many jobs waits for the token's own limits. */
  waitFor(token: string, jobs: number, meanMs: number): number {
    const limits = this.#looks.limitsOf(token)
    return limits ? this.#shares.waitFor(token, limits, jobs, meanMs) : 0
  }

  /** How long the limits hold up the last of so many jobs. 0: it may start as soon as it is its turn. */
  heldFor(token: string, jobs: number, meanMs: number): number {
    return jobs <= this.roomOf(token) ? 0 : this.waitFor(token, jobs, meanMs)
  }

  /** The tokens of which no item may start now, for whatever reason. */
  stopped(): Set<string> {
    const stopped = this.#looks.stopped()
    for (const token of this.#waiting()) if (this.isUsedUp(token)) stopped.add(token)
    return stopped
  }

  /** Notes that the token is held up, so that it is told of when it has room. */
  isUsedUp(token: string): boolean {
    const isUsedUp = this.roomOf(token) <= 0
    if (isUsedUp) this.#heldUp.add(token)
    return isUsedUp
  }

  /** Why it may not start because of its token, for people. Of a token that could not be read it is not known. */
  whyStopped(jobs: Jobs): 'subscription' | 'token_limit' | undefined {
    if (this.#looks.stateOf(jobs.sort.token) === 'waits') return 'subscription'
    return this.holdsUp(jobs) ? 'token_limit' : undefined
  }

  /** Whether the item may not start because of a limit of its token. */
  holdsUp({ sort: { token, jobs = 1 } }: Jobs): boolean {
    return this.isUsedUp(token) || jobs > this.roomOf(token)
  }

  /** Call it in the step that chooses the item. What is counted already is not counted again. */
  take(jobs: Jobs): void {
    const { token } = jobs.sort
    if (this.#looks.limitsOf(token)) this.#shares.takeNow(token, namesOf(jobs))
  }

  isCounted(jobs: Jobs): boolean {
    return this.#shares.has(jobs.sort.token, namesOf(jobs))
  }

  /** It waits again: nothing ran. */
  giveBack(jobs: Jobs): void {
    this.#shares.end(namesOf(jobs), 'unused')
  }

  /** It has begun with these of its jobs. The others did not start, and nobody tells their end. */
  keepOnly(parts: readonly number[], jobs: Jobs): void {
    const others = namesOf(jobs).filter((_, part) => !parts.includes(part))
    if (others.length > 0) this.#shares.end(others, 'unused')
  }

  /** Its account's object has told that it is over. */
  endAs(reason: string, jobs: Jobs): void {
    this.#shares.end(namesOf(jobs), MAY_HAVE_RUN.has(reason) ? 'ended' : 'unused')
  }

  /** After a failed write. */
  readAgain(): void {
    this.#shares.readAgain()
  }

  /** What is chosen counts, whether or not an account has a lease of it yet. */
  chosen(): string[] {
    return Array.from(this.#memory.line.chosen, ([item, { sort }]) =>
      namesOf({ item, sort })
    ).flat()
  }

  /** Items of tokens that were held up and have room now: of each as many as may start. */
  opened(): string[] {
    const open = Array.from(this.#heldUp).filter((token) => this.roomOf(token) > 0)
    return open.flatMap((token) => {
      this.#heldUp.delete(token)
      return this.firstOf(token)
    })
  }

  /** The token's first items of each kind, as far as it has room. Where nobody can take the first, another kind may find a slot. */
  firstOf(token: string): string[] {
    const room = this.roomOf(token)
    const counts = new Map<string, number>()
    const isFirst = (waiting: WaitingItem) => {
      const kind = likenessOf(waiting)
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      return count <= room
    }
    const items = this.#listsOf(token).flatMap((list) => list.items.slice(0, TOLD_AT_ONCE))
    return items.filter(isFirst).map(({ item }) => item)
  }

  /** When tokens have room again only because time passes, epoch ms: the next day. Infinity: nothing waits for it. */
  opensAt(): number {
    const times = Array.from(this.#waiting(), (token) => {
      const limits = this.#looks.limitsOf(token)
      return limits ? this.#shares.opensAt(token, limits) : undefined
    })
    return Math.min(Infinity, ...times.flatMap((at) => at ?? []))
  }

  /** Finds out which ends were not heard of, while items wait for them. */
  async mend(now: number): Promise<void> {
    if (now < this.#mendedAt + MEND_EVERY_MS) return
    const held = Array.from(this.#waiting(), (token) => [token, this.#heldUpOf(token)] as const)
    const waiting = new Map(held.filter(([, jobs]) => jobs < Infinity))
    const isMended = await this.#shares.mendFor(waiting, (token) => this.#looks.limitsOf(token))
    if (!isMended) return
    this.#mendedAt = now
    for (const token of waiting.keys()) this.#heldUp.add(token)
  }

  /** How many jobs the smallest item has of those that the token's limits hold up. Infinity: they hold up none. */
  #heldUpOf(token: string): number {
    const room = this.roomOf(token)
    if (room <= 0) return 1
    if (room === Infinity || this.#memory.line.order.lists.wide === 0) return Infinity
    const items = this.#listsOf(token).flatMap((list) => list.items)
    return items.reduce((least, { sort: { jobs = 1 } }) => {
      return jobs > room ? Math.min(least, jobs) : least
    }, Infinity)
  }

  #listsOf(token: string) {
    return this.#memory.line.order.lists.listsOf(token)
  }

  #waiting(): Iterable<string> {
    return this.#memory.line.order.lists.tokens()
  }
}

function namesOf({ item, sort: { jobs = 1 } }: Jobs): string[] {
  return shareNamesOf(item, jobs)
}
