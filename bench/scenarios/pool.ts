/**
 * A job creation in a pool, by how many accounts it has and how many are full: latency, object requests and rows. The gateway counts
 * them itself (test/support/workers/counting-worker.ts), so its latencies compare only with each other. One creation at a time.
 * Each account has two slots. A full one has two jobs, another has none; a pool of one account has ten slots.
 */
import path from 'node:path'
import { bundle } from '../../scripts/lib/build-worker.ts'
import type { Report, Row, Wish } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'
import { MADE_ID, VIDEO } from '../lib/upstream-answers.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const COUNTING = 'test/support/workers/counting-worker.ts'
/** Longer than anything that the isolate remembers of accounts that are full. */
const QUIET_MS = 61_000
const WARM = 8
const COLD = 4
/** How full pools are in which all states are measured. In others only warm hints. */
const FULL_OF_ALL_STATES = [0, 90]

type State = 'warm hints' | 'fresh isolate' | 'after a quiet minute'

const POOLS = [1, 10, 100].flatMap((accounts) =>
  [0, 50, 90, 100].map((full) => ({ accounts, full }))
)
const STATES: readonly State[] = ['warm hints', 'fresh isolate', 'after a quiet minute']

interface Creation {
  ms: number
  requests: number
  rows: number
}

export const POOL: Report = {
  name: 'pool',
  title: 'creation by accounts and how many are full, c=1',
  async run(world) {
    const script = await bundle(path.resolve(COUNTING))
    const rows: Row[] = []
    const medians = new Map<string, { ms: number; requests: number }>()
    for (const { accounts, full } of POOLS) {
      const gateway = await world.newGateway(`pool-${accounts}-${full}`, { script, copies: COLD })
      await fill(world, gateway, accounts, full)
      for (const state of FULL_OF_ALL_STATES.includes(full) ? STATES : STATES.slice(0, 1)) {
        const creations = await measure(world, gateway, state, full)
        const { median: ms } = spreadOf(creations.map((one) => one.ms))
        const requests = spreadOf(creations.map((one) => one.requests))
        const mean = creations.reduce((sum, one) => sum + one.requests, 0) / creations.length
        const written = spreadOf(creations.map((one) => one.rows))
        medians.set(`${accounts} ${full} ${state}`, { ms, requests: mean })
        rows.push({
          accounts,
          'full %': full,
          state,
          answer: full === 100 ? '429' : '200',
          'p50 ms': ms,
          'object requests': mean,
          most: requests.max,
          'rows written': written.median,
        })
      }
      await world.end(gateway)
    }
    return { rows, wishes: wishesOf(medians) }
  },
}

function wishesOf(medians: ReadonlyMap<string, { ms: number; requests: number }>): Wish[] {
  const states: [State, number][] = [
    ['warm hints', 1.3],
    ['fresh isolate', 1.5],
    ['after a quiet minute', 1.5],
  ]
  return states.flatMap(([state, atMost]) => {
    const one = medians.get(`1 0 ${state}`)
    const many = medians.get(`100 90 ${state}`)
    const ratio = (many?.ms ?? NaN) / (one?.ms ?? NaN)
    return [
      { what: `p50 of 100 accounts, 90 full / 1 account, ${state}`, measured: ratio, atMost },
      {
        what: `object requests of 100 accounts, 90 full, ${state}`,
        measured: many?.requests ?? NaN,
        atMost: 6,
      },
    ]
  })
}

/** Makes the accounts. Fills the first ones, by creations that name the account. */
async function fill(
  world: World,
  { client, worker }: BenchedGateway,
  accounts: number,
  full: number
): Promise<void> {
  const slots = accounts === 1 ? 10 : 2
  for (let at = 0; at < accounts; at += 1) await client.addAccount(`a${at}`, slots)
  const jobs = accounts === 1 ? (10 * full) / 100 : 2 * Math.round((accounts * full) / 100)
  if (jobs === 0) return
  const requests = Array.from({ length: jobs }, (_, job) => {
    const email = accounts === 1 ? 'a0@example.com' : `a${Math.floor(job / 2)}@example.com`
    return creationOf(client.headers, { 'x-gateway-account': email })
  })
  await world.load.run({ port: worker.port, requests, connections: 1, count: jobs })
}

function creationOf(headers: Record<string, string>, more: Record<string, string> = {}) {
  return {
    method: 'POST',
    path: '/heygen/v3/videos',
    headers: { ...headers, ...more, 'content-type': 'application/json' },
    body: VIDEO,
    expect: { status: 200, has: '"video_id":"' },
  }
}

async function measure(
  world: World,
  gateway: BenchedGateway,
  state: State,
  full: number
): Promise<Creation[]> {
  const creations: Creation[] = []
  // The first ones warm the isolate up: code, token, hints.
  const warmUp = state === 'warm hints' && full < 100 ? WARM : 1
  for (let at = 0; at < warmUp; at += 1) await createOne(world, gateway, full)
  for (let at = 0; at < (state === 'warm hints' && full < 100 ? WARM : COLD); at += 1) {
    const port = state === 'fresh isolate' ? gateway.worker.copies[at] : undefined
    // Another call first, because the first call of an isolate compiles the code: another scenario.
    if (port !== undefined) await gateway.client.get('/heygen/v3/users/me', port)
    if (state === 'after a quiet minute') await advance(gateway, QUIET_MS)
    creations.push(await createOne(world, gateway, full, port))
  }
  return creations
}

/** Creates a job, counts, and ends the job again. `port`: of another isolate that uses the same objects. */
async function createOne(
  world: World,
  gateway: BenchedGateway,
  full: number,
  port = gateway.client.port
): Promise<Creation> {
  const { client } = gateway
  const creation = creationOf(client.headers)
  const isRefused = full === 100
  // A refusal is answered from memory for a second.
  if (isRefused) await new Promise((resolve) => setTimeout(resolve, 1050))
  const request = isRefused ? { ...creation, expect: { status: 429 } } : creation
  await count(gateway, port)
  const { p50, collected } = await world.load.run({
    port,
    requests: [request],
    connections: 1,
    count: 1,
    collect: MADE_ID,
  })
  const counted = await count(gateway, port)
  const [id] = collected
  if (id !== undefined) {
    await world.control({ completed: [id] })
    await client.get(`/heygen/v3/videos/${id}`)
  }
  return { ms: p50, ...counted }
}

/** Since the last call: of the isolate that was asked, and of the objects, which are in the first one. */
async function count(
  { client }: BenchedGateway,
  port: number
): Promise<{ requests: number; rows: number }> {
  const ports = new Set([port, client.port])
  const counts = { requests: 0, rows: 0 }
  for (const one of ports) {
    const counted = JSON.parse(await client.get('/__count', one)) as typeof counts
    counts.requests += counted.requests
    counts.rows += counted.rows
  }
  return counts
}

async function advance({ client }: BenchedGateway, ms: number): Promise<void> {
  await client.post('/__clock', { advanceMs: ms })
}
