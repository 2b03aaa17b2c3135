/** The place of what waits and when it starts, as HTTP tells them, beside what then happens. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, MINUTE, SECOND, stopped } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { PlayedJobs, queueTitles, type Start } from '../../../support/queue/played-jobs.ts'
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

/** Two accounts in which jobs take 30 seconds each unless `jobMs` says otherwise, full, with the ends of some known and a place and a time told for what waits. */
async function fullPool(jobMs = JOB_MS): Promise<{ gateway: Gateway; jobs: PlayedJobs }> {
  const gateway = await stopped(
    openHooked(open, { accounts: { x: 2, y: 3 }, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const jobs = new PlayedJobs(gateway, () => jobMs)
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

/** How far the times of the starts were off, as shares of the time that was left. */
function offBy(starts: Start[], now: number, toldOf: (title: string) => Told | undefined) {
  const off = starts.map(({ title, at }) => {
    const told = Date.parse(toldOf(title)?.startsAround ?? '')
    return Math.abs(told - at) / Math.max(1, at - now)
  })
  console.log(`estimates: median ${median(off)}, worst ${Math.max(...off)}`)
  return off
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
  const off = offBy(order, now, (title) => told.find(({ id }) => id === named.get(title)))
  expect(median(off)).toBeLessThanOrEqual(0.25)
})

test('the places are exact also of what is pinned to an account, and where another token goes first and the others have waited ten minutes', async () => {
  const { gateway, jobs } = await fullPool(3 * MINUTE)
  const first = (await limitedBy(gateway, { maxPriority: 1 })).as
  const named = new Map<string, string>()
  const put = async (by: Gateway, of: string[], headers: object) => {
    const names = await queueTitles(by, of, () => headers)
    for (const [index, name] of names.entries()) named.set(name, of[index] ?? '')
  }
  await put(gateway, titles('open', 8), { 'X-Gateway-Priority': 4 })
  await put(gateway, titles('x', 5), { 'X-Gateway-Account': 'x@example.com' })
  await put(gateway, titles('y', 5), { 'X-Gateway-Account': 'y@example.com' })
  await put(first, titles('first', 28), { 'X-Gateway-Priority': 1 })
  // From ten minutes on the accounts owe those that they pass over.
  await jobs.play(jobs.starts.length + 20)
  const { now } = await clockOf(gateway)
  const told = await lineOf(gateway)
  expect(told).toHaveLength(26)
  const before = jobs.starts.length
  // What only one account may start may be left at the end, while the other one has nothing.
  const kinds = new Set<string>()
  while (jobs.starts.length < before + 22) {
    await jobs.play(jobs.starts.length + 1)
    kinds.add((jobs.starts.at(-1)?.title ?? '').replace(/\d+$/, ''))
  }
  expect(kinds).toEqual(new Set(['open', 'x', 'y', 'first']))
  const order = jobs.starts.slice(before)
  const toldOf = (title: string) => told.find(({ id }) => named.get(id) === title)
  expect(order.map(({ title }) => toldOf(title)?.place)).toEqual(order.map((_, index) => index + 1))
  expect(median(offBy(order, now, toldOf))).toBeLessThanOrEqual(0.25)
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
