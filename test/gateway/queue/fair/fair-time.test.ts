/**
 * How long things wait, over HTTP: several tokens with weights and priorities, some of it pinned to an account. In generated lines:
 * test/domain/queue/order.test.ts.
 */
import { expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, MINUTE, stopped } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { testFull } from '../../../support/full.ts'
import { longestWait } from '../../../support/queue/fair-time.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'
import { limitedBy } from '../../../support/scenes/tokens/limits.ts'
import { Chance } from '../../../support/witness/witness-random.ts'

const open = gatewaysOfTests()
const JOB_MS = MINUTE
const SLOTS: Record<string, number> = { x: 3, y: 2 }
const WEIGHTS = { A: 30, B: 10, C: 5, D: 1 }

interface Item {
  title: string
  token: keyof typeof WEIGHTS
  priority: number
  /** The name of the only account that may serve it. */
  lane: string
  /** After the beginning, and then by the gateway's clock. */
  askedAt: number
}

/**
 * More than the pool can start meanwhile: three in four come at once, from the token with the smallest weight. Whoever comes later
 * should soon be served. One in five is pinned.
 */
function itemsOf(seed: number, count: number, spanMs: number): Item[] {
  const chance = new Chance(seed)
  const items = Array.from({ length: count }, (_, index): Item => {
    const isFirst = index < (count * 3) / 4
    return {
      title: `item${index}`,
      token: isFirst ? 'D' : chance.pick(['A', 'A', 'B', 'C'] as const),
      priority: chance.pick(isFirst ? [1, 2, 3] : [1, 2, 3, 3, 3, 4, 5]),
      lane: chance.isHit(0.2) ? chance.pick(['x', 'y']) : '',
      askedAt: isFirst ? 0 : Math.floor(chance.next() * spanMs),
    }
  })
  return items.toSorted((one, other) => one.askedAt - other.askedAt)
}

async function longestOf(seed: number, count: number, spanMs: number): Promise<number> {
  const gateway = await stopped(
    openHooked(open, { accounts: SLOTS, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const tokens = new Map<string, Gateway>()
  for (const [token, weight] of Object.entries(WEIGHTS))
    tokens.set(token, (await limitedBy(gateway, { weight })).as)
  const items = itemsOf(seed, count, spanMs)
  const jobs = new PlayedJobs(gateway, () => JOB_MS)
  const waiting = new Map<string, Item>()
  /** No account has a free slot and something that it may serve. */
  const isUsed = async () => {
    await jobs.look()
    for (const { title } of jobs.starts) waiting.delete(title)
    const own = [...waiting.values()]
    return Object.entries(SLOTS).every(([name, slots]) => {
      const held = jobs.running.filter(({ account }) => nameOf(account) === name).length
      return held >= slots || !own.some(({ lane }) => lane === '' || lane === name)
    })
  }
  const { now: began } = await clockOf(gateway)
  for (const item of items) {
    const at = began + item.askedAt
    while (await jobs.end(at)) await until(isUsed)
    item.askedAt = (await clockOf(gateway)).now
    waiting.set(item.title, item)
    const by = tokens.get(item.token) ?? gateway
    await queueTitles(by, [item.title], () => ({
      'X-Gateway-Priority': item.priority,
      ...(item.lane === '' ? {} : { 'X-Gateway-Account': `${item.lane}@example.com` }),
    }))
    await until(isUsed)
    // Items of one moment have no order that a client may count on.
    await advance(gateway, 1)
  }
  while (waiting.size > 0) {
    if (!(await jobs.end())) throw new Error('nothing runs, and more waits')
    await until(isUsed)
  }
  const byTitle = new Map(items.map((item) => [item.title, item]))
  const turns = jobs.starts.map(({ title, account, at }) => {
    const { token, lane, askedAt } = byTitle.get(title) as Item
    return { token, lane, askedAt, account: nameOf(account), at }
  })
  expect(turns).toHaveLength(count)
  return longestWait(turns, { weights: WEIGHTS, slots: SLOTS, jobMs: JOB_MS })
}

const nameOf = (email: string) => email.split('@')[0] ?? ''

test('of four tokens with weights, priorities and pinned items, nothing waits more than ten times its fair time', async () => {
  const factor = await longestOf(1, 60, MINUTE)
  console.log(`longest wait: ${factor} times its fair time`)
  expect(factor).toBeLessThan(10)
})

testFull(
  'over three lines of 200 items, nothing waits more than ten times its fair time',
  async () => {
    for (const seed of [2, 3, 4]) {
      const factor = await longestOf(seed, 200, 10 * MINUTE)
      console.log(`line ${seed}: longest wait ${factor} times its fair time`)
      expect(factor).toBeLessThan(10)
    }
  },
  600_000
)
