/** The place of what waits and when it starts, as HTTP tells them, beside what then happens. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, SECOND, stopped } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { QUEUED } from '../../../support/queue/videos.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'
import { limitedBy } from '../../../support/scenes/tokens/limits.ts'

const open = gatewaysOfTests()
const JOB_MS = 30 * SECOND
const SLOTS = 5

interface Told {
  id: string
  place: number | null
  startsAround: string | null
}

/** Everything that waits, as the list of the queue tells it. */
async function lineOf(gateway: Gateway): Promise<Told[]> {
  const all: Told[] = []
  for (let cursor = ''; ;) {
    const answer = await gateway.fetch(`/v1/heygen/queue?limit=40${cursor}`)
    const { items, next } = (await answer.json()) as { items: Told[]; next: string | null }
    all.push(...items)
    if (next === null) return all
    cursor = `&cursor=${encodeURIComponent(next)}`
  }
}

const titles = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`)

/** Two accounts in which jobs take 30 seconds each, full, with the ends of some known and a place and a time told for what waits. */
async function fullPool(): Promise<{ gateway: Gateway; jobs: PlayedJobs }> {
  const gateway = await stopped(
    openHooked(open, { accounts: { x: 2, y: 3 }, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const jobs = new PlayedJobs(gateway, () => JOB_MS)
  // Their ends are apart, as in a pool that has run for a while.
  for (const title of titles('first', SLOTS)) {
    await queueTitles(gateway, [title])
    await jobs.started(jobs.starts.length + 1)
    await advance(gateway, 4 * SECOND)
  }
  await queueTitles(gateway, titles('second', SLOTS))
  await jobs.play(2 * SLOTS)
  return { gateway, jobs }
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

test('the item with place k is the k-th to start, with three tokens of other weights and priorities, and the times are off by a quarter at most', async () => {
  const { gateway, jobs } = await fullPool()
  const heavy = (await limitedBy(gateway, { weight: 30 })).as
  const light = (await limitedBy(gateway, { weight: 5 })).as
  const named = new Map<string, string>()
  const put = async (by: Gateway, of: string[], priority = 3) => {
    const names = await queueTitles(by, of, () => ({ 'X-Gateway-Priority': priority }))
    for (const [index, name] of names.entries()) named.set(of[index] ?? '', name)
  }
  await put(gateway, titles('plain', 10))
  await put(gateway, titles('urgent', 3), 2)
  await put(heavy, titles('heavy', 12))
  await put(light, titles('light', 6))
  await put(light, titles('later', 2), 4)
  const before = jobs.starts.length
  const { now } = await clockOf(gateway)
  const told = await lineOf(gateway)
  expect(told).toHaveLength(33)
  await jobs.play(before + 33)
  const order = jobs.starts.slice(before)
  const places = order.map(({ title }) => told.find(({ id }) => id === named.get(title))?.place)
  expect(places).toEqual(order.map((_, index) => index + 1))
  const off = order.map(({ title, at }) => {
    const { startsAround } = told.find(({ id }) => id === named.get(title)) ?? {}
    return Math.abs(Date.parse(startsAround ?? '') - at) / Math.max(1, at - now)
  })
  console.log(`estimates: median ${median(off)}, worst ${Math.max(...off)}`)
  expect(median(off)).toBeLessThanOrEqual(0.25)
})

test('the answer to a creation, its polls and its view tell the place at which it then starts, and when', async () => {
  const { gateway, jobs } = await fullPool()
  await queueTitles(gateway, titles('plain', 7))
  // The items of one call are a ms apart each.
  await advance(gateway, SECOND)
  const answer = await gateway.createVideo({ title: 'mine' }, QUEUED)
  const name = answer.headers.get('x-gateway-job') ?? ''
  const before = jobs.starts.length
  const ofAnswer = told(answer)
  const { now } = await clockOf(gateway)
  const poll = await gateway.fetch(`/heygen/v3/videos/${name}`)
  const view = await gateway.fetch(`/v1/heygen/jobs/${name}`)
  expect([ofAnswer.place, told(poll).place]).toEqual([8, 8])
  const { place, startsAround } = (await view.json()) as { place: number; startsAround: string }
  expect([place, Date.parse(startsAround)]).toEqual([8, ofAnswer.at])
  expect(told(poll).at).toBe(ofAnswer.at)
  // Two have started, and what is told is old by then.
  await jobs.play(before + 2)
  await advance(gateway, SECOND)
  const later = await until(async () => {
    const one = told(await gateway.fetch(`/heygen/v3/videos/${name}`))
    return one.place === 6 && one
  })
  await jobs.play(before + 8)
  const [last] = jobs.starts.slice(-1)
  expect(last?.title).toBe('mine')
  for (const { at } of [ofAnswer, later])
    expect(Math.abs(at - (last?.at ?? 0))).toBeLessThanOrEqual(((last?.at ?? 0) - now) / 4)
})

function told({ headers }: Response): { place: number; at: number } {
  const place = Number(headers.get('x-gateway-queue-place'))
  return { place, at: Date.parse(headers.get('x-gateway-starts-around') ?? '') }
}
