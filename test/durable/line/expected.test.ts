/**
 * What the desk tells of its line, played over its own storage: places, times of the start, when to ask again, shares by weight. The
 * accounts' slots and the clock are the test's.
 */
import { expect, test } from 'vitest'
import type { Running } from '#domain/line/outlook.ts'
import type { EndOfJob } from '#domain/line/pace.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { PlayedDesk, START, type PlayedAccount } from '../../support/queue/desk-line.ts'

const MINUTE = 60_000
const ROUTE = 'POST /v3/videos'

/** Accounts that run what they get for so long, and ask for more when a slot comes free. */
class Pool {
  readonly desk: PlayedDesk
  readonly jobMs: () => number
  readonly running = new Map<PlayedAccount, (Running & { endsAt: number; item: string })[]>()
  readonly ends = new Map<PlayedAccount, EndOfJob[]>()
  readonly started: { item: string; token: string; at: number }[] = []

  constructor(desk: PlayedDesk, jobMs: () => number) {
    this.desk = desk
    this.jobMs = jobMs
    desk.onWork = async (key) => {
      const account = desk.accounts.find((one) => one.key === key)
      if (account) await this.pull(account)
    }
  }

  async pull(account: PlayedAccount): Promise<void> {
    const { desk } = this
    const running = this.running.get(account) ?? []
    this.running.set(account, running)
    const free = account.maxJobs - running.length
    if (free <= 0) return
    const told = running.map(({ route, at }) => ({ route, at }))
    const ended = this.ends.get(account) ?? []
    this.ends.delete(account)
    const underWay = running.map(({ item }) => item)
    const more = { held: running.length, ended, running: told, underWay }
    const { work } = await desk.ask(account, free, more)
    for (const { item, leaseId, sort } of work) {
      const at = desk.now
      running.push({ route: ROUTE, at, endsAt: at + this.jobMs(), item })
      this.started.push({ item, token: sort.token, at })
      desk.line.report(account.key, [desk.begun(item, leaseId, account)])
    }
  }

  /** To the next end of a job. False: nothing runs. */
  async step(): Promise<boolean> {
    const all = [...this.running.values()].flat()
    if (all.length === 0) return false
    this.desk.now = Math.max(this.desk.now, Math.min(...all.map(({ endsAt }) => endsAt)))
    for (const [account, running] of this.running) {
      const ended = running.filter(({ endsAt }) => endsAt <= this.desk.now)
      if (ended.length === 0) continue
      const left = running.filter(({ endsAt }) => endsAt > this.desk.now)
      this.running.set(account, left)
      const took = ended.map(({ at, endsAt }) => ({ route: ROUTE, tookMs: endsAt - at }))
      this.ends.set(account, took)
      await this.pull(account)
      await this.desk.settle()
    }
    return true
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) if (!(await this.step())) throw new Error('nothing runs any more')
  }
}

function newPool(slots: number[], jobMs: () => number = () => MINUTE): Pool {
  const desk = new PlayedDesk()
  for (const [index, count] of slots.entries()) desk.addAccount(`a${index}`, count)
  return new Pool(desk, jobMs)
}

const shown = (pool: Pool, item: string) => pool.desk.line.itemsOf([item])[0] as ItemShown

test('the place is exact, also where three tokens of other weights wait, and estimates are off by a quarter at most', async () => {
  const pool = newPool([2, 3])
  const { desk } = pool
  desk.addToken('A', { weight: 30 })
  desk.addToken('B')
  desk.addToken('C', { weight: 5 })
  await desk.enqueue(...desk.newItems(30, { token: 'A' }))
  await pool.until(() => pool.started.length >= 10)
  const more = [...desk.newItems(40, { token: 'B' }), ...desk.newItems(20, { token: 'C' })]
  await desk.enqueue(...more)
  const now = desk.now
  const waiting = desk.line.list({ limit: 100 }).items
  expect(waiting).toHaveLength(80)
  const before = pool.started.length
  await pool.until(() => pool.started.length === 90)
  const order = pool.started.slice(before).map(({ item }) => item)
  expect(waiting.map(({ item, place }) => place === order.indexOf(item) + 1)).not.toContain(false)
  const off = waiting.map(({ item, startsAt = 0 }) => {
    const at = pool.started.find((one) => one.item === item)?.at ?? 0
    return Math.abs(startsAt - at) / Math.max(1, at - now)
  })
  expect(median(off)).toBeLessThanOrEqual(0.25)
})

test('what is put in is told its place and when it starts, and both move with the line', async () => {
  const pool = newPool([3])
  const { desk } = pool
  const idle = await desk.put(desk.newItem())
  expect(idle).toMatchObject({ kind: 'queued', place: 1 })
  await desk.enqueue(...desk.newItems(8))
  const last = desk.newItem()
  expect(await desk.put(last)).toMatchObject({ kind: 'queued', place: 7 })
  await pool.until(() => pool.started.length === 6)
  expect(shown(pool, last.item).place).toBe(4)
  // Three jobs began at this moment, and one has ended: each takes a minute.
  expect(shown(pool, last.item).startsAt).toBe(desk.now + 2 * MINUTE)
  await pool.until(() => pool.started.some(({ item }) => item === last.item))
  expect(shown(pool, last.item)).not.toHaveProperty('place')
})

test('a long line of one token tells the place at once, as the order has it', async () => {
  const { desk } = newPool([1])
  const items = desk.newItems(1200, { priority: 4 })
  await desk.enqueue(...items)
  const urgent = desk.newItem({ priority: 2 })
  expect(await desk.put(urgent)).toMatchObject({ place: 1 })
  const places = desk.line.itemsOf([items[1199]?.item ?? '', items[600]?.item ?? ''])
  const mine = places.map(({ place }) => place)
  desk.addToken('other')
  await desk.put(desk.newItem({ token: 'other', priority: 4 }))
  // From now on the order is run.
  const run = desk.line.itemsOf([items[1199]?.item ?? '', items[600]?.item ?? ''])
  expect(run.map(({ place = 0 }, at) => place - (mine[at] ?? 0))).toEqual([1, 1])
})

test('what comes in the moment of a start is told its own place, and the others theirs', async () => {
  const pool = newPool([1])
  const { desk } = pool
  desk.addToken('A')
  desk.addToken('B')
  await desk.enqueue(...desk.newItems(3, { token: 'A' }), ...desk.newItems(3, { token: 'B' }))
  await pool.until(() => pool.started.length === 2)
  const placesNow = () => desk.line.list({ limit: 10 }).items.map(({ place = 0 }) => place)
  expect(placesNow().toSorted()).toEqual([1, 2, 3, 4])
  // The job ends, and no time passes.
  const [account] = desk.accounts
  if (!account) throw new Error('no account')
  pool.running.set(account, [])
  await pool.pull(account)
  expect(pool.started).toHaveLength(3)
  expect(await desk.put(desk.newItem({ token: 'B' }))).toMatchObject({ place: 4 })
  expect(placesNow().toSorted()).toEqual([1, 2, 3, 4])
})

test('an item of one account is told when a slot of that account comes free', async () => {
  const pool = newPool([1, 1])
  const { desk } = pool
  await desk.enqueue(...desk.newItems(2))
  await pool.until(() => pool.started.length === 2)
  desk.now += 20_000
  const [account] = desk.accounts
  const lane = { lane: account?.email ?? '', laneSince: START }
  await desk.enqueue(desk.newItem(lane))
  const second = desk.newItem(lane)
  await desk.put(second)
  await pool.until(() => pool.started.length === 3)
  const told = shown(pool, second.item).startsAt
  await pool.until(() => pool.started.length === 4)
  expect(told).toBe(pool.started[3]?.at)
})

test('how long jobs take outlives a restart of the desk', async () => {
  const pool = newPool([1], () => 20_000)
  const { desk } = pool
  await desk.enqueue(...desk.newItems(8))
  await pool.until(() => pool.started.length === 6)
  desk.restart()
  const item = desk.newItem()
  await desk.put(item)
  await pool.step()
  const { startsAt = 0 } = shown(pool, item.item)
  expect(startsAt - desk.now).toBe(40_000)
  // It is no token of the line.
  expect(desk.line.list({ limit: 10 }).tokens.map(({ token }) => token)).toEqual(['token'])
})

test('with weights of 3 to 1 a token has 75 % of the starts, to 5 %', async () => {
  const pool = newPool([3, 3, 3])
  const { desk } = pool
  desk.addToken('A', { weight: 30 })
  desk.addToken('B')
  await desk.enqueue(...desk.newItems(400, { token: 'A' }), ...desk.newItems(400, { token: 'B' }))
  await pool.until(() => pool.started.length >= 400)
  const ofA = pool.started.slice(0, 400).filter(({ token }) => token === 'A').length
  expect(ofA / 400).toBeGreaterThanOrEqual(0.7)
  expect(ofA / 400).toBeLessThanOrEqual(0.8)
})

test('a token whose weight is changed while it waits has its new share from then on', async () => {
  const pool = newPool([2])
  const { desk } = pool
  desk.addToken('A')
  desk.addToken('B')
  await desk.enqueue(...desk.newItems(200, { token: 'A' }), ...desk.newItems(200, { token: 'B' }))
  await pool.until(() => pool.started.length >= 40)
  desk.addToken('A', { weight: 90 })
  await desk.line.tokenChanged('hash-A')
  const from = pool.started.length
  await pool.until(() => pool.started.length >= from + 100)
  const ofA = pool.started.slice(from, from + 100).filter(({ token }) => token === 'A').length
  expect(ofA).toBeGreaterThanOrEqual(85)
})

test('a full line says a time after which there is room', async () => {
  const pool = newPool([2], () => 20_000)
  const { desk } = pool
  desk.addToken('A', { maxQueued: 6 })
  await desk.enqueue(...desk.newItems(20, { token: 'B' }))
  await pool.until(() => pool.started.length >= 10)
  await desk.enqueue(...desk.newItems(6, { token: 'A' }))
  const refused = await desk.put(desk.newItem({ token: 'A' }))
  if (refused?.kind !== 'full') throw new Error(`the line answered ${refused?.kind}`)
  expect(refused.cap).toBe('token')
  const { retryAfterSeconds } = refused
  expect(retryAfterSeconds).toBeGreaterThanOrEqual(5)
  expect(retryAfterSeconds).toBeLessThanOrEqual(59)
  const due = desk.now + retryAfterSeconds * 1000
  while (nextEnd(pool) <= due) await pool.step()
  desk.now = due
  expect(await desk.put(desk.newItem({ token: 'A' }))).toMatchObject({ kind: 'queued' })
})

test('a page of the line has the items of each token, oldest first, and goes on where the last one stopped', async () => {
  const { desk } = newPool([0])
  const own = { A: desk.newItems(5, { token: 'A' }), B: desk.newItems(4, { token: 'B' }) }
  await desk.enqueue(...own.B, ...own.A)
  const first = desk.line.list({ limit: 6 })
  expect(first).toMatchObject({ waiting: 9, starting: 0 })
  const { next = '' } = first
  const second = desk.line.list({ limit: 6, after: next })
  const listed = [...first.items, ...second.items].map(({ item }) => item)
  expect(listed).toEqual([...own.A, ...own.B].map(({ item }) => item))
  expect(second.next).toBeUndefined()
  expect(desk.line.list({ limit: 6, token: 'B' })).toMatchObject({ waiting: 4 })
})

function nextEnd(pool: Pool): number {
  return Math.min(...[...pool.running.values()].flat().map(({ endsAt }) => endsAt))
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
