/** What a whole job costs, from its creation until everything that follows from it has rung. */
import { clockOf, MINUTE, SECOND } from '../../../test/support/clock/clock.ts'
import { until, type Gateway } from '../../../test/support/gateway.ts'
import { Receiver } from '../../../test/support/receiver.ts'
import {
  expectStatus,
  letAllRing,
  measure,
  openMetered,
  type Budget,
  type Line,
  type Meter,
} from './measure.ts'

const TOLD_DOLLARS = 5
const ALONE = 2
const BUSY = 100
/** On the busy account a job begins every six seconds and ends after five minutes, so 50 run at a time. */
const STEP_MS = 6 * SECOND
const JOB_STEPS = (5 * MINUTE) / STEP_MS

interface Kind {
  name: string
  /** HeyGen tells the end. */
  isTold: boolean
  body?: (receiver: string) => Record<string, unknown>
  headers?: (receiver: string) => Record<string, string>
  /** Each running job is polled once in so many steps. */
  pollEvery?: number
  isDelivered?: boolean
  budget?: Budget
  target?: number
}

const KINDS: Kind[] = [
  {
    name: 'told by webhook, no delivery',
    isTold: true,
    budget: { kv: 0, requests: 4, rows: 4 },
    target: TOLD_DOLLARS,
  },
  {
    name: 'told by webhook, one delivery',
    isTold: true,
    headers: (receiver) => ({ 'x-gateway-reply-url': receiver }),
    isDelivered: true,
    budget: { kv: 0, requests: 4, rows: 4 + 1 },
    target: TOLD_DOLLARS,
  },
  {
    name: 'told at its callback URL (ticket), one delivery',
    isTold: true,
    body: (receiver) => ({ callback_url: receiver }),
    isDelivered: true,
    budget: { kv: 0, requests: 4, rows: 4 + 1 },
    target: TOLD_DOLLARS,
  },
  {
    name: 'nobody polls, nobody tells',
    isTold: false,
    budget: { kv: 0, requests: 6, rows: 5 },
  },
  { name: 'polled every 30 s, nobody tells', isTold: false, pollEvery: 5 },
]

export async function priceJobs(): Promise<Line[]> {
  const receiver = await Receiver.open()
  try {
    return [...(await priceKinds(true, receiver)), ...(await priceKinds(false, receiver))].toSorted(
      (one, other) => one.group.localeCompare(other.group)
    )
  } finally {
    await receiver.close()
  }
}

/** One job has run before anything is counted: its ids are looked for on every account, once. */
async function priceKinds(isTold: boolean, receiver: Receiver): Promise<Line[]> {
  const gateway = await openMetered({ accounts: { a: BUSY } }, isTold)
  try {
    const lines: Line[] = []
    for (const kind of KINDS.filter((one) => one.isTold === isTold)) {
      console.error(`  ${kind.name}`)
      const run = (meter: Meter, count: number) => runJobs(gateway, kind, meter, receiver, count)
      await measure(gateway, 1, (meter) => run(meter, 1))
      const alone = await measure(gateway, ALONE, async (meter) => {
        for (let job = 0; job < ALONE; job += 1) await run(meter, 1)
      })
      const busy = await measure(gateway, BUSY, (meter) => run(meter, BUSY))
      lines.push(
        lineOf(kind, 'a job alone', ALONE, alone),
        lineOf(kind, 'one of 100 on a busy account', BUSY, busy)
      )
    }
    return lines
  } finally {
    await gateway.dispose()
  }
}

function lineOf(kind: Kind, where: string, count: number, usage: Line['usage']): Line {
  const { name, budget, target } = kind
  return {
    group: `whole job: ${where}`,
    name,
    per: 'job',
    count,
    usage,
    ...(budget && { budget }),
    ...(target && { target }),
  }
}

let runs = 0

async function runJobs(
  gateway: Gateway,
  kind: Kind,
  meter: Meter,
  receiver: Receiver,
  count: number
): Promise<void> {
  const path = `/run-${(runs += 1)}`
  const ids: string[] = []
  const body = kind.body?.(receiver.url + path) ?? {}
  const headers = kind.headers?.(receiver.url + path) ?? {}
  // The isolate's copies of what KV holds are as old as the last call. Budgets are for a warm isolate.
  const warm = () => meter.aside(() => expectStatus(gateway.fetch('/heygen/v3/users/me')))
  await warm()
  for (let step = 0; step < count - 1 + JOB_STEPS; step += 1) {
    if (step < count) {
      const created = await expectStatus(gateway.createVideo(body, headers))
      ids.push(created.headers.get('x-gateway-job') ?? '')
    }
    await meter.pass(STEP_MS)
    await warm()
    const ended = ids[step + 1 - JOB_STEPS]
    if (ended) await gateway.sim.control('POST', `/jobs/${ended}`, { status: 'completed' })
    if (kind.pollEvery) await pollSome(gateway, ids, step + 1 - JOB_STEPS, kind.pollEvery, step)
  }
  if (kind.isDelivered) await untilDelivered(gateway, receiver, path, count)
  await letAllRing((ms) => meter.pass(ms))
}

async function untilDelivered(
  gateway: Gateway,
  receiver: Receiver,
  path: string,
  count: number
): Promise<void> {
  await until(async () => receiver.posts(path).length >= count, 30_000)
  // The receiver's answer is on its way back, and must not be counted as if it never came.
  await until(async () => (await clockOf(gateway)).calls === 0)
  const { length } = receiver.posts(path)
  if (length !== count) throw new Error(`${length} deliveries of ${count} jobs`)
}

/** Polls the job that has just ended, and one in `every` of those that run. */
async function pollSome(
  gateway: Gateway,
  ids: string[],
  ended: number,
  every: number,
  step: number
): Promise<void> {
  for (const [at, id] of ids.entries()) {
    const isDue = at === ended || (at > ended && at % every === step % every)
    if (isDue) await expectStatus(gateway.fetch(`/heygen/v3/videos/${id}`))
  }
}
