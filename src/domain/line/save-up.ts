/**
 * Saves up slots for an item that needs several at once. Each slot that comes free goes to an item that needs one, so the wider item
 * would never find enough. One account at a time is kept for it until it fits: slots stand idle meanwhile, which is the price. The
 * price is bounded: what stands idle so is a small share of all slots' time, however many such items wait.
 */
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { asIfEmpty, mayStartBy, servesLane, type Pull } from '#domain/queue/may-start.ts'

/** 2 % is promised. The rest is for the time between a freed slot and the next start. */
const IDLE_SHARE = 0.017

export interface Saving {
  item: string
  /** The account's key. */
  account: string
}

/** What is known when an account asks. `accounts`: what all of them said last. */
export interface SlotsNow {
  pull: Pull
  accounts: readonly Pull[]
  now: number
  /** How many slots the tenant's accounts have. */
  slots: number
  /** How long a job usually takes. */
  jobMs: number
  /** How long the account's jobs will go on, of as many as are known. */
  leftMs(account: string): readonly number[]
}

type Turn = { next: WaitingItem; isLate: boolean } | undefined
type Find = (item: string) => WaitingItem | undefined

export class SavingUp {
  #saving: Saving | undefined
  /** For how much time slots may still stand idle, as slots × ms. Undefined: nothing was saved up yet, so it is all that it can be. */
  #budget: number | undefined
  /** Since `#at` so many slots stand idle. */
  #idle = 0
  #at = 0

  get isOn(): boolean {
    return this.#saving !== undefined
  }

  /** The item for which slots are saved up at this account. */
  savedFor(account: string): string | undefined {
    return this.#saving?.account === account ? this.#saving.item : undefined
  }

  /**
   * The pull as the choice is to see it: at the account where slots are saved up, only that item starts. `turn`: whose turn it would
   * be at this account as if it were empty (`ItemOrder.peek`). `find`: an item that waits.
   */
  pullFor(turn: Turn, facts: SlotsNow, find: Find): Pull {
    const saving = savingAt(this.#saving, turn, { ...facts, budget: this.#pass(facts) }, find)
    if (saving !== this.#saving) this.#idle = 0
    this.#saving = saving
    return withSaving(facts.pull, saving)
  }

  /** After the choice. `fits`: without the saving something would start in the slots that are left. */
  noteLeft(pull: Pull, fits: boolean, facts: SlotsNow): void {
    this.#pass(facts)
    if (this.#saving?.account === pull.account) this.#idle = fits ? pull.free : 0
  }

  /** The budget grows with time, up to one job's time of each slot, and what stood idle is taken from it. */
  #pass({ now, slots, jobMs }: SlotsNow): number {
    const passedMs = Math.max(0, now - this.#at)
    const grown = (this.#budget ?? Infinity) + (IDLE_SHARE * slots - this.#idle) * passedMs
    this.#budget = Math.min(grown, slots * jobMs)
    this.#at = now
    return this.#budget
  }
}

/**
 * The saving from now on, decided before an account is given anything. One goes on while its item waits and its account could serve
 * it, unless it has cost far more than was thought: a job that never ends may hold the last slot. A new one begins for an item whose
 * turn it is here, that has waited a whole step and does not fit, at the account where it costs least, once the budget has that much.
 */
export function savingAt(
  saving: Saving | undefined,
  turn: Turn,
  facts: SlotsNow & { budget: number },
  find: Find
): Saving | undefined {
  const { pull, accounts, now, budget, slots, jobMs } = facts
  const known = [...accounts.filter(({ account }) => account !== pull.account), pull]
  const item = saving && find(saving.item)
  const at = known.find(({ account }) => account === saving?.account)
  if (item && at && budget >= -slots * jobMs && couldStart(at, item, now)) return saving
  if (!turn?.isLate || turn.next.sort.slots <= pull.free) return undefined
  const best = saverFor(turn.next, { ...facts, accounts: known })
  return best && best.cost <= budget ? { item: turn.next.item, account: best.account } : undefined
}

/** Where saving for the item costs least. Undefined: no account has so many slots, or none may serve it. */
export function saverFor(
  waiting: WaitingItem,
  { accounts, now, jobMs, leftMs }: Pick<SlotsNow, 'accounts' | 'now' | 'jobMs' | 'leftMs'>
): { account: string; cost: number } | undefined {
  const able = accounts.filter((pull) => couldStart(pull, waiting, now))
  const priced = able.map((pull) => {
    const cost = costOf(pull, waiting.sort.slots, leftMs(pull.account), jobMs)
    return { account: pull.account, cost, size: pull.free + pull.held }
  })
  const [best] = priced.toSorted(
    (one, other) =>
      one.cost - other.cost || other.size - one.size || (one.account < other.account ? -1 : 1)
  )
  return best && { account: best.account, cost: best.cost }
}

/** How long slots would stand idle until so many are free, as slots × ms. A job of which nothing is known has just begun. */
function costOf(
  { free, held }: Pull,
  slots: number,
  leftMs: readonly number[],
  jobMs: number
): number {
  const lacking = slots - free
  if (lacking <= 0) return 0
  const all = Array.from({ length: held }, (_, index) => leftMs[index] ?? jobMs)
  const waited = all.toSorted((a, b) => a - b).slice(0, lacking)
  const lastMs = waited.at(-1) ?? jobMs
  return free * lastMs + waited.reduce((sum, ms) => sum + lastMs - ms, 0)
}

/** Whether the account could start it if nothing ran there. */
function couldStart(pull: Pull, waiting: WaitingItem, now: number): boolean {
  return servesLane(pull, laneName(waiting.sort)) && mayStartBy(asIfEmpty(pull), now)(waiting)
}

export function withSaving(pull: Pull, saving: Saving | undefined): Pull {
  return saving?.account === pull.account ? { ...pull, savedFor: saving.item } : pull
}
