/**
 * 1,000 clients that wait for a slot (`Prefer: wait`) in a full pool of ten accounts. Counted by the gateway itself
 * (test/support/workers/counting-worker.ts): object requests while nothing becomes free, and for each slot that becomes free.
 */
import path from 'node:path'
import { bundle } from '../../scripts/lib/build-worker.ts'
import { Connection } from '../lib/connection.ts'
import { toBytes, type BenchRequest } from '../lib/load.ts'
import type { Report } from '../lib/report.ts'
import { MADE_ID, VIDEO } from '../lib/upstream-answers.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const COUNTING = 'test/support/workers/counting-worker.ts'
const CLIENTS = 1000
const ACCOUNTS = 10
const SLOTS = 2
const FREED = 20
const IDLE_S = 9
const SETTLED_MS = 3000
const PATIENCE_MS = 20_000

export const WAITING: Report = {
  name: 'waiting',
  title: `${CLIENTS} clients wait for a slot of ${ACCOUNTS} full accounts`,
  async run(world) {
    const script = await bundle(path.resolve(COUNTING))
    const gateway = await world.newGateway('waiting', { script })
    for (let at = 0; at < ACCOUNTS; at += 1) await gateway.client.addAccount(`a${at}`, SLOTS)
    const running = await fill(world, gateway)
    const alone = await costOfOne(world, gateway, running)
    const waiters = await startWaiters(gateway)
    await pause(SETTLED_MS)
    await count(gateway)
    await pause(IDLE_S * 1000)
    const idle = await count(gateway)
    const freed = await free(world, gateway, running.splice(0, FREED), waiters)
    waiters.end()
    await world.end(gateway)
    const each = freed.requests / Math.max(1, freed.served)
    return {
      rows: [
        { what: `object requests in ${IDLE_S} s while nothing becomes free`, number: idle },
        { what: 'slots that became free', number: FREED },
        { what: 'waiting clients that got one', number: freed.served },
        { what: 'object requests for each of them, all included', number: each },
        { what: 'a poll that ends a job, and a creation that need not wait', number: alone },
      ],
      wishes: [
        {
          what: 'object requests for each freed slot and waiter served, beyond the same without waiting',
          measured: each - alone,
          atMost: 1,
        },
      ],
    }
  },
}

interface Waiters {
  served(): number
  end(): void
}

function creation({ client }: BenchedGateway, more: Record<string, string> = {}): BenchRequest {
  return {
    method: 'POST',
    path: '/heygen/v3/videos',
    headers: { ...client.headers, ...more, 'content-type': 'application/json' },
    body: VIDEO,
    expect: { status: 200, has: '"video_id":"' },
  }
}

async function fill(world: World, gateway: BenchedGateway): Promise<string[]> {
  const { collected } = await world.load.run({
    port: gateway.client.port,
    requests: [creation(gateway)],
    connections: 1,
    count: ACCOUNTS * SLOTS,
    collect: MADE_ID,
  })
  return collected
}

/** Object requests of a job's end and a creation that finds the slot at once. Puts the new job in the place of the old one. */
async function costOfOne(world: World, gateway: BenchedGateway, running: string[]) {
  const rounds = 5
  await count(gateway)
  for (let round = 0; round < rounds; round += 1) {
    await endJob(world, gateway, running.shift() ?? '')
    const { collected } = await world.load.run({
      port: gateway.client.port,
      requests: [creation(gateway)],
      connections: 1,
      count: 1,
      collect: MADE_ID,
    })
    running.push(...collected)
  }
  return (await count(gateway)) / rounds
}

async function startWaiters(gateway: BenchedGateway): Promise<Waiters> {
  const { port } = gateway.client
  const bytes = toBytes(creation(gateway, { prefer: 'wait=60' }), port)
  const connections: Connection[] = []
  let served = 0
  for (let at = 0; at < CLIENTS; at += 1) {
    const connection = await Connection.open(port)
    connections.push(connection)
    void connection.send(bytes).then(
      ({ status }) => (served += status === 200 ? 1 : 0),
      () => undefined
    )
  }
  return {
    served: () => served,
    end: () => {
      for (const connection of connections) connection.close()
    },
  }
}

async function free(
  world: World,
  gateway: BenchedGateway,
  jobs: readonly string[],
  waiters: Waiters
): Promise<{ requests: number; served: number }> {
  const before = waiters.served()
  await count(gateway)
  for (const id of jobs) {
    await endJob(world, gateway, id)
    await pause(100)
  }
  const end = Date.now() + PATIENCE_MS
  while (waiters.served() - before < jobs.length && Date.now() < end) await pause(50)
  return { requests: await count(gateway), served: waiters.served() - before }
}

async function endJob(world: World, { client }: BenchedGateway, id: string): Promise<void> {
  await world.control({ completed: [id] })
  await client.get(`/heygen/v3/videos/${id}`)
}

/** Object requests since the last call. */
async function count({ client }: BenchedGateway): Promise<number> {
  return (JSON.parse(await client.get('/__count')) as { requests: number }).requests
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
