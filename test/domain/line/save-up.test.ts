/** Items of several slots: they get them in the end, and little stands idle for it. */
import { expect, test } from 'vitest'
import { saverFor, savingAt, withSaving, type Saving } from '#domain/line/save-up.ts'
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import { MINUTE, newItem, newItems, pullOf, randomOf, STEP } from '../queue/pool.ts'

interface Played {
  starts: { waiting: WaitingItem; at: number; account: string }[]
  /** Slots that stood idle while something waited that fitted, and all slots, by time. */
  idleMs: number
  slotMs: number
}

interface Plan {
  items: WaitingItem[]
  jobMs: () => number
  terms?: Record<string, TokenTerms>
  /** Without: nothing is saved up. */
  saves: boolean
  until?: number
}

const POOL = { a: 3, b: 3, c: 3 }

function play({ items, jobMs, terms = {}, saves, until = Infinity }: Plan): Played {
  const order = new ItemOrder(STEP)
  for (const [token, of] of Object.entries(terms)) order.setTerms(token, of)
  const arriving = items.toSorted((a, b) => a.sort.askedAt - b.sort.askedAt)
  const accounts = Object.entries(POOL).map(([name, slots]) => ({
    name,
    slots,
    ends: [] as number[],
  }))
  const pullNow = ({ name, slots, ends }: (typeof accounts)[number]) =>
    pullOf(name, slots - ends.length, ends.length)
  const played: Played = { starts: [], idleMs: 0, slotMs: 0 }
  let saving: Saving | undefined
  let came = 0
  for (let now = 0; now <= until;) {
    for (; (arriving[came]?.sort.askedAt ?? Infinity) <= now; came += 1)
      order.add(arriving[came] as WaitingItem)
    for (const account of accounts) account.ends = account.ends.filter((end) => end > now)
    for (const account of accounts) {
      while (account.ends.length < account.slots) {
        const pull = pullNow(account)
        const facts = { pull, accounts: accounts.map(pullNow), now }
        const find = (item: string) => order.lists.find(item)
        if (saves) saving = savingAt(saving, order.peek(pull, now), facts, find)
        const turn = order.chooseTurn(withSaving(pull, saving), now)
        if (!turn) break
        // The jobs of one item end apart.
        for (let slot = 0; slot < turn.waiting.sort.slots; slot += 1)
          account.ends.push(now + jobMs())
        played.starts.push({ waiting: turn.waiting, at: now, account: account.name })
      }
    }
    const ends = accounts.flatMap((account) => account.ends)
    const next = Math.min(arriving[came]?.sort.askedAt ?? Infinity, ...ends)
    if (next === Infinity) break
    for (const account of accounts) {
      const pull = pullNow(account)
      played.slotMs += account.slots * (next - now)
      if (pull.free > 0 && order.peek(pull, now) && fits(order, pull.free))
        played.idleMs += pull.free * (next - now)
    }
    now = next
  }
  return played
}

function fits(order: ItemOrder, free: number): boolean {
  return order
    .tokens()
    .some(({ lists }) => lists.some(({ items }) => items.some(({ sort }) => sort.slots <= free)))
}

function longestWait({ starts }: Played, token: string): number {
  const waits = starts
    .filter(({ waiting }) => waiting.sort.token === token)
    .map(({ waiting, at }) => at - waiting.sort.askedAt)
  return Math.max(...waits)
}

/** One token fills all slots for hours with jobs that end at any moment. Another needs all slots of an account now and then. */
function plan(seed: number, wide: number): Pick<Plan, 'items' | 'jobMs'> {
  const random = randomOf(seed)
  const items = [
    ...newItems(3000, { token: 'A' }),
    ...Array.from({ length: wide }, (_, index) =>
      newItem({ token: 'B', slots: 2 + random(2), at: index * 20 * MINUTE })
    ),
  ]
  return { items, jobMs: () => 30_000 + random(60_000) }
}

test('an item of several slots gets them soon after ten minutes, and without saving only when little else waits', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const saved = play({ ...plan(seed, 12), saves: true })
    expect(saved.starts).toHaveLength(3012)
    expect(longestWait(saved, 'B'), `seed ${seed}`).toBeLessThan(STEP + 5 * MINUTE)
  }
  const unsaved = play({ ...plan(1, 12), saves: false })
  expect(longestWait(unsaved, 'B')).toBeGreaterThan(60 * MINUTE)
})

test('for one such item every twenty minutes, slots stand idle at most 2 % of the time while anything fits', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const { idleMs, slotMs } = play({ ...plan(seed, 12), saves: true, until: 240 * MINUTE })
    expect(idleMs / slotMs, `seed ${seed}`).toBeLessThan(0.02)
  }
})

test.for([
  [10, 10],
  [30, 10],
  [10, 30],
  [100, 10],
] as const)(
  'a token whose items all need several slots has never more than its share, and half of it at least (weights %j, %j)',
  ([narrow, wide]) => {
    const random = randomOf(7)
    const items = [...newItems(6000, { token: 'A' }), ...newItems(900, { token: 'B', slots: 2 })]
    const jobMs = () => 30_000 + random(60_000)
    const terms = {
      A: { weight: narrow, maxPriority: 3 },
      B: { weight: wide, maxPriority: 3 },
    }
    const { starts } = play({ items, jobMs, terms, saves: true, until: 300 * MINUTE })
    const seen = starts.filter(({ at }) => at > 30 * MINUTE && at < 150 * MINUTE)
    const slotsOf = (token: string) =>
      seen
        .filter(({ waiting }) => waiting.sort.token === token)
        .reduce((sum, { waiting }) => sum + waiting.sort.slots, 0)
    const share = slotsOf('B') / (slotsOf('A') + slotsOf('B'))
    const fair = wide / (narrow + wide)
    expect(share).toBeLessThan(fair + 0.02)
    expect(share).toBeGreaterThan(fair / 2)
  }
)

test('where another token goes first for ever, an item of several slots gets them in the end', () => {
  const { jobMs } = plan(3, 0)
  const items = [
    ...Array.from({ length: 6000 }, (_, index) =>
      newItem({ token: 'A', priority: 1, at: Math.max(0, index - 200) * 6500 })
    ),
    newItem({ token: 'B', slots: 3 }),
  ]
  const terms = { A: { weight: 10, maxPriority: 1 }, B: { weight: 10, maxPriority: 3 } }
  const played = play({ items, jobMs, terms, saves: true, until: 600 * MINUTE })
  expect(longestWait(played, 'B')).toBeLessThan(STEP + 10 * MINUTE)
})

test('slots are saved up at the account that lacks the fewest, and never where the item could not start', () => {
  const wide = newItem({ token: 'A', slots: 3 })
  const choose = (...pulls: ReturnType<typeof pullOf>[]) => saverFor(wide, pulls, 1)
  expect(choose(pullOf('a', 1, 2), pullOf('b', 2, 1))).toBe('b')
  expect(choose(pullOf('a', 1, 2), pullOf('b', 1, 4))).toBe('b')
  expect(choose(pullOf('b', 1, 2), pullOf('a', 1, 2))).toBe('a')
  expect(choose(pullOf('a', 1, 1), pullOf('b', 2, 0))).toBeUndefined()
  const parkings = [
    { scope: 'jobs' as const, reason: 'busy' as const, detail: '', until: 9, streak: 1 },
  ]
  expect(choose({ ...pullOf('a', 2, 1), parkings }, pullOf('b', 1, 2))).toBe('b')
  const pinned = newItem({ token: 'A', slots: 2, lane: 'c' })
  expect(saverFor(pinned, [pullOf('a', 1, 2), pullOf('c', 0, 2)], 1)).toBe('c')
})

test('one account at a time is saved at: until the item starts, leaves, or that account could not start it', () => {
  const [wide, other] = newItems(2, { token: 'A', slots: 3 }) as [WaitingItem, WaitingItem]
  const turn = { next: wide, isLate: true }
  const pull = pullOf('a', 1, 2)
  const facts = { pull, accounts: [pull, pullOf('b', 0, 3)], now: STEP }
  const all = (item: string) => [wide, other].find((one) => one.item === item)
  const saving = savingAt(undefined, turn, facts, all)
  expect(saving).toEqual({ item: wide.item, account: 'a' })
  // Young, or it fits already.
  expect(savingAt(undefined, { ...turn, isLate: false }, facts, all)).toBeUndefined()
  const roomy = { ...facts, pull: pullOf('a', 3, 0) }
  expect(savingAt(undefined, turn, roomy, all)).toBeUndefined()
  expect(savingAt(undefined, undefined, facts, all)).toBeUndefined()
  // Another one has to wait for its turn.
  const next = { next: other, isLate: true }
  expect(savingAt(saving, next, { ...facts, pull: pullOf('b', 1, 2) }, all)).toBe(saving)
  const left = (item: string) => (item === other.item ? other : undefined)
  expect(savingAt(saving, next, facts, left)?.item).toBe(other.item)
  const parkings = [
    { scope: 'jobs' as const, reason: 'busy' as const, detail: '', until: 2 * STEP, streak: 1 },
  ]
  const parked = { ...facts, pull: { ...pull, parkings } }
  expect(savingAt(saving, turn, parked, all)?.account).toBe('b')
  expect(withSaving(pull, saving).savedFor).toBe(wide.item)
  expect(withSaving(pullOf('b', 1), saving).savedFor).toBeUndefined()
})
