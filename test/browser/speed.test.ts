/**
 * How large the page is and how fast. What is checked is the processor time of the page's own thread, because the machine may be busy
 * with other tests; the times of the clock are printed. For the measure with 100 accounts and 10,000 jobs, the answers of the API are made here: to fill
 * a real gateway takes many minutes.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ASSETS } from '../../scripts/lib/assets/write-assets.ts'
import { openGateway, type Gateway } from '../support/gateway.ts'
import { useBrowser } from './support/pages.ts'

const ROUNDS = 5
const ACCOUNTS = 100
const JOBS = 10_000
const AT = '2026-11-29T06:00:00.000Z'

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function emailOf(index: number): string {
  return `account-${String(index).padStart(3, '0')}@example.com`
}

function poolAccount(index: number) {
  const isParked = index % 10 === 0
  const until = new Date(Date.now() + 3_600_000).toISOString()
  return {
    tenant: 'demo',
    provider: 'heygen',
    email: emailOf(index),
    maxJobs: 10,
    held: 10,
    free: 0,
    state: isParked ? 'parked' : 'full',
    parked: isParked ? [{ scope: 'jobs', reason: 'credit', detail: 'none left', until }] : [],
    credentials: ['apiKey'],
    webhook: { state: 'ok' },
    jobs: Array.from({ length: 10 }, (_, n) => ({
      id: `job-${String(index)}-${String(n)}`,
      requestId: `request-${String(index)}-${String(n)}`,
      type: 'POST /v3/videos',
      status: 'running',
      since: AT,
    })),
    errors: [{ at: AT, status: 402, code: 'credit', text: 'none left', route: 'POST /v3/videos' }],
    balance: { amount: 12, unit: 'usd', at: AT },
    deliveries: { pending: 0, failing: 0, dead: 0 },
    at: new Date().toISOString(),
  }
}

function jobOf(index: number) {
  return {
    jobid: `job-${String(index)}`,
    requestId: `request-${String(index)}`,
    email: emailOf(index % ACCOUNTS),
    type: 'POST /v3/videos',
    status: index % 7 === 0 ? 'failed' : 'completed',
    status_final: true,
    detail: null,
    created: AT,
    ended: AT,
  }
}

/** 10,000 jobs of the last day, as rows of throughput. */
function throughputHours() {
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000
  return Array.from({ length: 24 * ACCOUNTS }, (_, index) => ({
    hour: new Date(hour - Math.floor(index / ACCOUNTS) * 3_600_000).toISOString(),
    email: emailOf(index % ACCOUNTS),
    started: 4,
    ended: 4,
    completed: 3,
    failed: 1,
    lost: 0,
    refused: 1,
    waitedMs: 4000,
    waitedMaxMs: 2000,
    tookMs: 400_000,
    tookMaxMs: 200_000,
  }))
}

/** The processor time of the page's thread since it was loaded, in ms. */
async function workMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return Math.round((metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000)
  }
}

function printed(what: string, clock: number[], work: number[]): void {
  console.log(
    `${what}: clock median ${String(median(clock))} ms of ${clock.join(', ')}; ` +
      `work median ${String(median(work))} ms of ${work.join(', ')}`
  )
}

async function standIn(page: Page): Promise<void> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => poolAccount(index))
  const hours = throughputHours()
  await page.routeWebSocket(/\/v1\/live/, (socket) => {
    socket.send(JSON.stringify({ type: 'pool', at: AT, isWhole: true, accounts }))
  })
  await page.route('**/v1/live', (route) =>
    route.fulfill({ status: 201, json: { ticket: 'stand-in', expiresAt: AT } })
  )
  await page.route('**/v1/heygen/throughput?*', (route) =>
    route.fulfill({ json: { isWhole: true, hours } })
  )
  await page.route('**/v1/heygen/jobs?*', (route) => {
    const { searchParams } = new URL(route.request().url())
    const from = Number(searchParams.get('cursor') ?? 0)
    const limit = Number(searchParams.get('limit'))
    const jobs = Array.from({ length: limit }, (_, index) => jobOf(from + index))
    const next = from + limit < JOBS ? String(from + limit) : null
    return route.fulfill({ json: { jobs, next } })
  })
}

describe('the size and the speed of the page', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
  })
  afterAll(() => gateway.dispose())

  it('script, styles and page are at most 64 KiB, compressed', () => {
    const names = ['dashboard.js', 'dashboard.css', 'dashboard.html']
    const sizes = names.map((name) => gzipSync(readFileSync(path.join(ASSETS, name))).length)
    const sum = sizes.reduce((one, other) => one + other, 0)
    console.log(`dashboard, gzip: ${String(sum)} bytes (${sizes.join(' + ')})`)
    expect(sum).toBeLessThanOrEqual(64 * 1024)
  })

  it('the first paint takes at most 300 ms', async () => {
    const { page } = await open(gateway.url, { token: gateway.token })
    const workOf = await workMeter(page)
    const clock: number[] = []
    const work: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.reload()
      await page.getByRole('heading', { name: 'Pool' }).waitFor()
      work.push(await workOf())
      const paint = await page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity
      )
      clock.push(Math.round(paint))
    }
    printed('first paint', clock, work)
    expect(median(work)).toBeLessThanOrEqual(300)
  })

  it('100 accounts with 10,000 jobs are shown within a second, and nothing jumps', async () => {
    const { page } = await open(gateway.url, { token: gateway.token })
    await standIn(page)
    const workOf = await workMeter(page)
    await page.addInitScript(() => {
      const shifts = { sum: 0 }
      Object.assign(globalThis, { shifts })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, hadRecentInput } = entry as unknown as {
            value: number
            hadRecentInput: boolean
          }
          if (!hadRecentInput) shifts.sum += value
        }
      }).observe({ type: 'layout-shift', buffered: true })
    })
    for (const [hash, selector, count] of [
      ['#/pool', '.card', ACCOUNTS],
      ['#/jobs', 'tbody tr', 50],
      ['#/throughput', 'tbody tr', ACCOUNTS],
    ] as const) {
      await page.evaluate((to) => (location.hash = to), hash)
      const clock: number[] = []
      const work: number[] = []
      const shifts: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        await page.reload()
        const shown = await page.waitForFunction(
          ([what, many]) => {
            const isThere = document.querySelectorAll(what).length >= many
            return isThere ? performance.now() : 0
          },
          [selector, count] as const
        )
        clock.push(Math.round(await shown.jsonValue()))
        work.push(await workOf())
        shifts.push(
          await page.evaluate(
            () => (globalThis as unknown as { shifts: { sum: number } }).shifts.sum
          )
        )
      }
      printed(hash, clock, work)
      expect(median(work), hash).toBeLessThanOrEqual(1000)
      expect(Math.max(...shifts), `${hash} jumps`).toBeLessThan(0.1)
    }
  })
})
