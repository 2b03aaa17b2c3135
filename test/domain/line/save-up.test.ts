/** Items of several slots: they get them in the end, and little stands idle for it. */
import { expect, test } from 'vitest'
import { saverFor, savingAt, SavingUp, withSaving, type SlotsNow } from '#domain/line/save-up.ts'
import { ItemOrder, type TokenTerms } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import { MINUTE, newItem, newItems, pullOf, randomOf, STEP } from '../queue/pool.ts'

interface Played {
  starts: { waiting: WaitingItem; at: number; account: string }[]
  /** Slots that stood idle while something waited that fitted, and all slots, by time. */
  idleMs: number
  slotMs: number
  /** The same where no slots were saved up. */
  wrongMs: number
}

interface Plan {
  items: WaitingItem[]
  jobMs: () => number
  terms?: Record<string, TokenTerms>
  /** Without: nothing is saved up. */
  saves: boolean
  pool?: Record<string, number>
  /** What stands idle is counted from then on. */
  from?: number
  until?: number
}

/** What jobs take on average, of which the desk knows. */
const JOB_MS = MINUTE
const POOL = { a: 3, b: 3, c: 3 }

function play(plan: Plan): Played {
  const { items, jobMs, terms = {}, saves, pool = POOL, from = 0, until = Infinity } = plan
  const order = new ItemOrder(STEP)
  for (const [token, of] of Object.entries(terms)) order.setTerms(token, of)
  const arriving = items.toSorted((a, b) => a.sort.askedAt - b.sort.askedAt)
  const accounts = Object.entries(pool).map(([name, slots]) => ({
    name,
    slots,
    jobs: [] as { at: number; end: number }[],
  }))
  const pullNow = ({ name, slots, jobs }: (typeof accounts)[number]) =>
    pullOf(name, slots - jobs.length, jobs.length)
  const played: Played = { starts: [], idleMs: 0, slotMs: 0, wrongMs: 0 }
  const savingUp = new SavingUp()
  const find = (item: string) => order.lists.find(item)
  const factsAt = (account: (typeof accounts)[number], now: number): SlotsNow => ({
    pull: pullNow(account),
    accounts: accounts.map(pullNow),
    now,
    slots: accounts.reduce((sum, { slots }) => sum + slots, 0),
    jobMs: JOB_MS,
    leftMs: (name) =>
      accounts.flatMap((one) =>
        one.name === name ? one.jobs.map(({ at }) => Math.abs(at + JOB_MS - now)) : []
      ),
  })
  let came = 0
  for (let now = 0; now <= until;) {
    for (; (arriving[came]?.sort.askedAt ?? Infinity) <= now; came += 1)
      order.add(arriving[came] as WaitingItem)
    for (const account of accounts) account.jobs = account.jobs.filter(({ end }) => end > now)
    for (const account of accounts) {
      while (account.jobs.length < account.slots) {
        const facts = factsAt(account, now)
        const pull = saves ? savingUp.pullFor(order.peek(facts.pull, now), facts, find) : facts.pull
        const turn = order.chooseTurn(pull, now)
        if (!turn) break
        // The jobs of one item end apart.
        for (let slot = 0; slot < turn.waiting.sort.slots; slot += 1)
          account.jobs.push({ at: now, end: now + jobMs() })
        played.starts.push({ waiting: turn.waiting, at: now, account: account.name })
      }
      const facts = factsAt(account, now)
      savingUp.noteLeft(facts.pull, order.fits(facts.pull, now), facts)
    }
    const ends = accounts.flatMap(({ jobs }) => jobs.map(({ end }) => end))
    const next = Math.min(arriving[came]?.sort.askedAt ?? Infinity, ...ends)
    if (next === Infinity) break
    if (now >= from) {
      const idle = accounts.filter((one) => order.fits(pullNow(one), now))
      const idleMs = idle.reduce((sum, one) => sum + pullNow(one).free * (next - now), 0)
      played.idleMs += idleMs
      played.slotMs += accounts.reduce((sum, { slots }) => sum + slots * (next - now), 0)
      // One account at a time, and only while slots are saved up.
      if (idle.length > (savingUp.isOn ? 1 : 0)) played.wrongMs += idleMs
    }
    now = next
  }
  return played
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

/** Before it, what may stand idle at the beginning is used up. */
const FROM = 70 * MINUTE

/** Two tokens that always have more, B only items of several slots. */
function playBoth(
  [ofA, ofB]: readonly [number, number],
  slots: number,
  more: Partial<Plan>
): Played {
  const items = [...newItems(6000, { token: 'A' }), ...newItems(2500, { token: 'B', slots })]
  const terms = { A: { weight: ofA, maxPriority: 3 }, B: { weight: ofB, maxPriority: 3 } }
  const plan = { items, terms, saves: true, from: FROM, until: FROM + 150 * MINUTE }
  return play({ ...plan, jobMs: () => JOB_MS, ...more })
}

/** The share of B in the slots that were given out in the hours that count. */
function shareOfB({ starts }: Played): number {
  const seen = starts.filter(({ at }) => at > FROM)
  const slotsOf = (some: Played['starts']) =>
    some.reduce((sum, { waiting }) => sum + waiting.sort.slots, 0)
  return slotsOf(seen.filter(({ waiting }) => waiting.sort.token === 'B')) / slotsOf(seen)
}

const plans = [
  { weights: [90, 10], slots: 3, pool: POOL },
  { weights: [30, 10], slots: 2, pool: POOL },
  { weights: [10, 10], slots: 3, pool: POOL },
  { weights: [10, 20], slots: 3, pool: POOL },
  { weights: [10, 30], slots: 2, pool: { a: 3 } },
  { weights: [10, 10], slots: 3, pool: { a: 10, b: 10 } },
] as const

test.for(plans)(
  'slots stand idle at most 2 % of the time while anything fits, and a token that has only items of several slots has a tenth of its share at least: %j',
  ({ weights, slots, pool }) => {
    const random = randomOf(7)
    const jobMs = () => 30_000 + random(60_000)
    const played = playBoth(weights, slots, { pool, jobMs })
    const fair = weights[1] / (weights[0] + weights[1])
    expect(played.idleMs / played.slotMs).toBeLessThan(0.02)
    expect(played.wrongMs).toBe(0)
    expect(shareOfB(played)).toBeGreaterThan(fair / 10)
    expect(shareOfB(played)).toBeLessThan(fair + 0.02)
  }
)

test.for(plans)(
  'where jobs take the same time, that token has nearly all of its share: %j',
  ({ weights, slots, pool }) => {
    const played = playBoth(weights, slots, { pool })
    const fair = weights[1] / (weights[0] + weights[1])
    expect(played.idleMs / played.slotMs).toBeLessThan(0.02)
    expect(shareOfB(played)).toBeGreaterThan(0.85 * fair)
    expect(shareOfB(played)).toBeLessThan(fair + 0.02)
  }
)

test('where only items of several slots wait, slots stand idle only while nothing that waits fits', () => {
  for (const slots of [2, 3]) {
    const random = randomOf(slots)
    const jobMs = () => 30_000 + random(60_000)
    const items = newItems(400, { token: 'A', slots })
    const { idleMs, starts } = play({ items, jobMs, saves: true })
    expect(starts).toHaveLength(400)
    expect(idleMs).toBe(0)
  }
})

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

/** Nothing is known of the jobs that run, so each has just begun. */
function slotsAt(now: number, ...accounts: ReturnType<typeof pullOf>[]) {
  const [pull = pullOf('a', 0)] = accounts
  return { pull, accounts, now, slots: 6, jobMs: JOB_MS, leftMs: (): number[] => [] }
}

const BUSY = { scope: 'jobs' as const, reason: 'busy' as const, detail: '', streak: 1 }

test('slots are saved up where the fewest stand idle for it, and never where the item could not start', () => {
  const wide = newItem({ token: 'A', slots: 3 })
  const choose = (...pulls: ReturnType<typeof pullOf>[]) => saverFor(wide, slotsAt(1, ...pulls))
  expect(choose(pullOf('a', 2, 1), pullOf('b', 1, 2))).toEqual({ account: 'b', cost: JOB_MS })
  expect(choose(pullOf('a', 1, 2), pullOf('b', 1, 4))?.account).toBe('b')
  expect(choose(pullOf('b', 1, 2), pullOf('a', 1, 2))?.account).toBe('a')
  expect(choose(pullOf('a', 1, 1), pullOf('b', 2, 0))).toBeUndefined()
  const parkings = [{ ...BUSY, until: 9 }]
  expect(choose({ ...pullOf('a', 2, 1), parkings }, pullOf('b', 0, 2))).toBeUndefined()
  const pinned = newItem({ token: 'A', slots: 2, lane: 'c' })
  expect(saverFor(pinned, slotsAt(1, pullOf('a', 1, 2), pullOf('c', 0, 2)))?.account).toBe('c')
  // Two slots of a would stand idle for 10 s. At b the three jobs end at 10, 15 and 40 s.
  const left: Record<string, number[]> = { a: [10_000], b: [40_000, 10_000, 15_000] }
  const known = {
    ...slotsAt(1, pullOf('a', 2, 1), pullOf('b', 0, 3)),
    leftMs: (of: string) => left[of] ?? [],
  }
  expect(saverFor(wide, known)).toEqual({ account: 'a', cost: 20_000 })
  left['a'] = [40_000]
  expect(saverFor(wide, known)).toEqual({ account: 'b', cost: 30_000 + 25_000 })
})

test('one account at a time is saved at: until the item starts, leaves, that account could not start it, or it costs too much', () => {
  const [wide, other] = newItems(2, { token: 'A', slots: 3 }) as [WaitingItem, WaitingItem]
  const turn = { next: wide, isLate: true }
  const pull = pullOf('a', 1, 2)
  const facts = { ...slotsAt(STEP, pull, pullOf('b', 0, 3)), budget: JOB_MS }
  const all = (item: string) => [wide, other].find((one) => one.item === item)
  const saving = savingAt(undefined, turn, facts, all)
  expect(saving).toEqual({ item: wide.item, account: 'b' })
  // Young, or it fits already, or more would stand idle than may.
  expect(savingAt(undefined, { ...turn, isLate: false }, facts, all)).toBeUndefined()
  const roomy = { ...facts, pull: pullOf('a', 3, 0) }
  expect(savingAt(undefined, turn, roomy, all)).toBeUndefined()
  expect(savingAt(undefined, undefined, facts, all)).toBeUndefined()
  expect(savingAt(undefined, turn, { ...facts, budget: -1 }, all)).toBeUndefined()
  // Another one has to wait for its turn.
  const next = { next: other, isLate: true }
  expect(savingAt(saving, next, { ...facts, pull: pullOf('b', 1, 2) }, all)).toBe(saving)
  const left = (item: string) => (item === other.item ? other : undefined)
  expect(savingAt(saving, next, facts, left)?.item).toBe(other.item)
  const parkings = [{ ...BUSY, until: 2 * STEP }]
  const parked = { ...facts, accounts: [pull, { ...pullOf('b', 0, 3), parkings }] }
  expect(savingAt(saving, turn, parked, all)?.account).toBe('a')
  // One job's time of all slots, beside the budget that there was.
  expect(savingAt(saving, turn, { ...facts, budget: -6 * JOB_MS }, all)).toBe(saving)
  expect(savingAt(saving, turn, { ...facts, budget: -6 * JOB_MS - 1 }, all)).toBeUndefined()
  expect(withSaving(pullOf('b', 1), saving).savedFor).toBe(wide.item)
  expect(withSaving(pull, saving).savedFor).toBeUndefined()
})

test('a job that never ends holds up slots beside it for a bounded time, and then 2 % of the time at most', () => {
  const stuck = newItem({ token: 'C' })
  const items = [
    stuck,
    ...newItems(2000, { token: 'A' }),
    ...newItems(50, { token: 'B', slots: 3 }),
  ]
  let made = 0
  const jobMs = () => ((made += 1) === 1 ? 2000 * MINUTE : JOB_MS)
  const pool = { a: 3 }
  const { idleMs, slotMs } = play({ items, jobMs, saves: true, pool, until: 600 * MINUTE })
  expect(idleMs / slotMs).toBeLessThan(0.03)
})
