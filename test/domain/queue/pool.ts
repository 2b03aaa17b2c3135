/** A pool in small: accounts with slots, jobs that take a constant time, and the real order. Time is simulated. */
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import type { Pull } from '#domain/queue/may-start.ts'

export const MINUTE = 60_000
/** After which time an item is one step more urgent. */
export const STEP = 10 * MINUTE

export interface Wish {
  token: string
  at?: number
  priority?: number
  lane?: string
  slots?: number
}

let made = 0

/** Items of one wish each, in the order in which they are asked for. */
export function newItem({ token, at = 0, priority = 3, lane = '', slots = 1 }: Wish): WaitingItem {
  made += 1
  return {
    item: `item-${String(made).padStart(9, '0')}`,
    sort: {
      state: 'waiting',
      lane,
      ...(lane === '' ? {} : { laneSince: 1 }),
      token,
      priority,
      askedAt: at,
      startBy: Infinity,
      bytes: 2000,
      route: 'POST /v3/videos',
      slots,
    },
  }
}

export function newItems(count: number, wish: Wish): WaitingItem[] {
  return Array.from({ length: count }, () => newItem(wish))
}

export function pullOf(account: string, free: number, held = 0): Pull {
  const lane = laneName({ lane: account, laneSince: 1 })
  return { account, lane, free, held, parkings: [] }
}

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

export interface Start {
  waiting: WaitingItem
  at: number
  account: string
  /** Those that were left waiting. */
  left: WaitingItem[]
}

interface Plan {
  /** Slots by account. */
  accounts: Record<string, number>
  /** How long a job takes. */
  jobMs?: (waiting: WaitingItem) => number
  terms?: Record<string, TokenTerms>
  items: WaitingItem[]
  /** After so many starts the desk restarts: it has only what was written. */
  restartEvery?: number
  until?: number
  /** Keeps what was left at each start. It is slow. */
  isWatched?: boolean
}

/** Plays until nothing waits any more, or until that time. Returns the starts in order. */
export function play(plan: Plan): Start[] {
  const { jobMs = () => MINUTE, until = Infinity } = plan
  const arriving = plan.items.toSorted((a, b) => a.sort.askedAt - b.sort.askedAt)
  const accounts = Object.entries(plan.accounts).map(([name, slots]) => ({
    name,
    slots,
    ends: [] as number[],
  }))
  const starts: Start[] = []
  const written = new Map<string, number>()
  let order = newOrder(plan)
  let came = 0
  for (let now = 0; now <= until;) {
    for (; (arriving[came]?.sort.askedAt ?? Infinity) <= now; came += 1)
      order.add(arriving[came] as WaitingItem)
    for (const account of accounts) {
      account.ends = account.ends.filter((end) => end > now)
      for (;;) {
        const held = account.ends.length
        const chosen = order.choose(pullOf(account.name, account.slots - held, held), now)
        if (!chosen) break
        const { token, slots } = chosen.sort
        for (let slot = 0; slot < slots; slot += 1) account.ends.push(now + jobMs(chosen))
        const left = plan.isWatched === true ? waitingIn(order) : []
        starts.push({ waiting: chosen, at: now, account: account.name, left })
        written.set(token, order.passOf(token))
        if (plan.restartEvery !== undefined && starts.length % plan.restartEvery === 0) {
          const kept = waitingIn(order)
          order = newOrder(plan)
          order.load(written, kept)
        }
      }
    }
    const next = Math.min(
      arriving[came]?.sort.askedAt ?? Infinity,
      ...accounts.flatMap(({ ends }) => ends)
    )
    if (next === Infinity) break
    now = next
  }
  return starts
}

function newOrder({ terms = {} }: Plan): ItemOrder {
  const order = new ItemOrder(STEP)
  for (const [token, of] of Object.entries(terms)) order.setTerms(token, of)
  return order
}

export function waitingIn(order: ItemOrder): WaitingItem[] {
  return order.tokens().flatMap(({ lists }) => lists.flatMap(({ items }) => items))
}
