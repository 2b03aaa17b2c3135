/** A pool of a hundred accounts with a full line, over HTTP. Smaller pools: order.test.ts, storm.test.ts, budget.test.ts. */
import { expect, test } from 'vitest'
import { advance, clockOf, SECOND, stopped } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'

const open = gatewaysOfTests()
const ACCOUNTS = 100
const SLOTS = 2
const ITEMS = 1200
const AT_ONCE = 20
const JOB_MS = (ACCOUNTS * SLOTS * 6 * SECOND) / AT_ONCE

interface Counts {
  requests: number
  rows: number
}

async function takeCounts(gateway: Gateway): Promise<Counts> {
  await until(async () => (await clockOf(gateway)).calls === 0)
  return (await (await fetch(`${gateway.url}/__count`)).json()) as Counts
}

test('a line of 1,200 in a pool of a hundred accounts: each starts once, no account is above its slots, and a freed slot is used at once [I1, I4]', async () => {
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `pool${index}`)
  const gateway = await stopped(
    openHooked(open, {
      accounts: Object.fromEntries(names.map((name) => [name, SLOTS])),
      entry: 'test/support/workers/counting-worker.ts',
      simVars: { JOB_MS: '-1' },
    })
  )
  await advance(gateway, 60 * SECOND)
  await takeCounts(gateway)
  const titles = Array.from({ length: ITEMS }, (_, index) => `item${index}`)
  await queueTitles(gateway, titles.slice(0, 1000))
  await queueTitles(gateway, titles.slice(1000))
  const jobs = new PlayedJobs(gateway, () => JOB_MS)
  await jobs.started(ACCOUNTS * SLOTS)
  const gaps: number[] = []
  while (jobs.starts.length < ITEMS) {
    // An object hears of its own jobs at any time; the desk is asked by many at once.
    const wanted = Math.min(ITEMS, jobs.starts.length + AT_ONCE)
    const began = Date.now()
    for (let ended = 0; ended < AT_ONCE; ended += 1) await jobs.endNow()
    await jobs.started(wanted)
    gaps.push(Date.now() - began)
    await advance(gateway, 6 * SECOND)
  }
  while (await jobs.endNow());
  await until(async () => (await gateway.heldSlots()) === 0)
  const counts = await takeCounts(gateway)
  const { accounts } = await gateway.sim.state()
  expect(accounts.map(({ maxInFlight }) => maxInFlight)).toEqual(names.map(() => SLOTS))
  expect(jobs.starts.map(({ title }) => title).toSorted()).toEqual(titles.toSorted())
  const requests = counts.requests / ITEMS
  const rows = counts.rows / ITEMS
  gaps.sort((one, other) => one - other)
  console.log(
    `${requests} requests and ${rows} rows a job; ${AT_ONCE} ends to ${AT_ONCE} starts, real time: p50 ${gaps[Math.floor(gaps.length / 2)]} ms, most ${gaps.at(-1)} ms`
  )
  expect(requests).toBeLessThanOrEqual(7)
  expect(rows).toBeLessThanOrEqual(8)
}, 900_000)
