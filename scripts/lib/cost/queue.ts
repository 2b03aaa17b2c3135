/** What a queued job costs, from its creation through the line until everything that follows from it has rung. */
import { advance, MINUTE, SECOND } from '../../../test/support/clock/clock.ts'
import { until, VIDEO, type Gateway } from '../../../test/support/gateway.ts'
import { queueVideo, startedJobs } from '../../../test/support/queue/videos.ts'
import { limitedBy } from '../../../test/support/scenes/tokens/limits.ts'
import {
  expectStatus,
  letAllRing,
  measure,
  openMetered,
  type Budget,
  type Line,
  type Meter,
} from './measure.ts'

const SLOTS = 10
const MANY = 100
const ALONE = 2
/** With ten slots a job takes five minutes, as in jobs.ts. */
const STEP_MS = (5 * MINUTE) / SLOTS
/**
 * A job that HeyGen tells, the line beside it (contract section 8), and a look: here one job starts every 30 s, and while something waits
 * the desk looks as often. It is an alarm, and reads the tokens from KV.
 */
const BUDGET: Budget = { requests: 4 + 3 + 1, rows: 4 + 4 + 1 }

interface Kind {
  name: string
  count: number
  put(as: Gateway, titles: string[]): Promise<unknown>
  /** Absent: alarms of an idle account and an idle desk are in it, which no budget counts. */
  budget?: Budget
  isLimited?: true
}

const oneByOne = async (as: Gateway, titles: string[]) => {
  for (const title of titles) {
    await queueVideo(as, title)
    // The line keeps the order of the times.
    await advance(as, 1)
  }
}

const KINDS: Kind[] = [
  {
    name: 'a job alone, a slot is free',
    count: 1,
    put: oneByOne,
  },
  { name: `one of ${MANY}, ${SLOTS} slots`, count: MANY, put: oneByOne, budget: BUDGET },
  {
    name: `one of ${MANY} in one call, ${SLOTS} slots`,
    count: MANY,
    put: inBulk,
    budget: BUDGET,
  },
  {
    name: `one of ${MANY}, of a token with maxConcurrent ${SLOTS / 2}`,
    count: MANY,
    put: oneByOne,
    budget: { requests: 4 + 3 + 1 + 1, rows: 4 + 4 + 1 + 2 },
    isLimited: true,
  },
]

export async function priceQueue(): Promise<Line[]> {
  const gateway = await openMetered({ accounts: { a: SLOTS } }, true)
  try {
    const lines: Line[] = []
    for (const kind of KINDS) {
      console.error(`  ${kind.name}`)
      const { name, count, budget, isLimited } = kind
      const as = isLimited ? (await limitedBy(gateway, { maxConcurrent: SLOTS / 2 })).as : gateway
      await measure(gateway, 1, (meter) => runLine(gateway, as, { ...kind, count: 1 }, meter))
      const runs = count === 1 ? ALONE : 1
      const usage = await measure(gateway, runs * count, async (meter) => {
        for (let run = 0; run < runs; run += 1) await runLine(gateway, as, kind, meter)
      })
      lines.push({
        ...{ group: 'whole queued job, told by webhook, no delivery', name, per: 'job' },
        ...{ count: runs * count, usage },
        ...(budget && { budget }),
      })
    }
    return lines
  } finally {
    await gateway.dispose()
  }
}

let lines = 0

/** All are queued at once. Each ends when those before it have ended, and the next one gets its slot. */
async function runLine(
  gateway: Gateway,
  as: Gateway,
  { count, put }: Kind,
  meter: Meter
): Promise<void> {
  lines += 1
  const titles = Array.from({ length: count }, (_, n) => `line ${lines} job ${n}`)
  // The isolate's copies of what KV holds are as old as the last call. Budgets are for a warm isolate.
  const warm = () => meter.aside(() => expectStatus(as.fetch('/heygen/v3/users/me')))
  await warm()
  await put(as, titles)
  for (const title of titles) {
    const id = await until(async () => {
      const started = await startedJobs(gateway)
      return started.find((job) => job.title === title)?.id
    }, 30 * SECOND)
    await meter.pass(count === 1 ? 5 * MINUTE : STEP_MS)
    await warm()
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  }
  await letAllRing((ms) => meter.pass(ms))
}

async function inBulk(as: Gateway, titles: string[]): Promise<void> {
  const items = titles.map((title) => ({ path: '/v3/videos', body: { ...VIDEO, title } }))
  const answer = await expectStatus(as.post('/v1/heygen/queue', items))
  const queued = ((await answer.json()) as { items: { id?: string }[] }).items
  if (queued.some(({ id }) => id === undefined)) throw new Error(JSON.stringify(queued))
}
