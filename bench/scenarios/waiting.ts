/**
 * 1,000 clients that wait for a slot (`Prefer: wait`): a hundred, which is the most, of each of ten tenants, whose accounts are full.
 * Counted by the gateway itself (test/support/workers/counting-worker.ts): object requests until they stand in line, while nothing
 * becomes free, and for each slot that becomes free. The clock stands still: while anybody waits, each account is looked at twice a
 * minute, and that would depend on how long the scenario takes.
 */
import path from 'node:path'
import { bundle } from '../../scripts/lib/build-worker.ts'
import { Connection } from '../lib/connection.ts'
import type { GatewayClient } from '../lib/gateway-client.ts'
import { toBytes, type BenchRequest } from '../lib/load.ts'
import type { Report } from '../lib/report.ts'
import { MADE_ID, VIDEO } from '../lib/upstream-answers.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const COUNTING = 'test/support/workers/counting-worker.ts'
const TENANTS = 10
const CLIENTS = 100
const ACCOUNTS = 4
const FREED = 2
/** workerd evicts an object after ten seconds without a call. What ends a job asks the desk about it then, with waiting clients or without. */
const EVICTED_S = 12
/** All clients stand in line when for so many seconds hardly an object was asked. */
const CALM_S = 3
const CALM_REQUESTS = 5
const SETTLE_S_MAX = 45
const PATIENCE_MS = 20_000

interface Tenant {
  client: GatewayClient
  /** Ids of running jobs, one on each account. */
  running: string[]
}

export const WAITING: Report = {
  name: 'waiting',
  title: `${TENANTS * CLIENTS} clients of ${TENANTS} tenants wait for a slot of ${ACCOUNTS} full accounts each`,
  async run(world) {
    const script = await bundle(path.resolve(COUNTING))
    const gateway = await world.newGateway('waiting', { script })
    await gateway.client.post('/__clock', { stopped: true })
    const tenants: Tenant[] = []
    for (let at = 0; at < TENANTS; at += 1) tenants.push(await openTenant(world, gateway, at))
    await pause(EVICTED_S * 1000)
    const alone = await costOfOne(world, gateway, tenants)
    const waiters = await startWaiters(tenants)
    const joined = await settle(gateway)
    await pause(EVICTED_S * 1000)
    const idle = await count(gateway)
    const freed = await free(world, gateway, tenants, waiters)
    waiters.end()
    await world.end(gateway)
    const each = freed.requests / Math.max(1, freed.served)
    return {
      rows: [
        {
          what: 'object requests for each client until it stands in line',
          number: joined / (TENANTS * CLIENTS),
        },
        {
          what: `object requests in ${EVICTED_S} s while nothing becomes free`,
          number: idle,
        },
        { what: 'slots that became free', number: TENANTS * FREED },
        { what: 'waiting clients that got one', number: freed.served },
        { what: 'object requests for each of them', number: each },
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

function creation(client: GatewayClient, more: Record<string, string> = {}): BenchRequest {
  return {
    method: 'POST',
    path: '/heygen/v3/videos',
    headers: { ...client.headers, ...more, 'content-type': 'application/json' },
    body: VIDEO,
    expect: { status: 200, has: '"video_id":"' },
  }
}

async function openTenant(world: World, gateway: BenchedGateway, at: number): Promise<Tenant> {
  const client = await gateway.newTenant(`waiting${at}`)
  for (let account = 0; account < ACCOUNTS; account += 1)
    await client.addAccount(`w${at}a${account}`, 1)
  return { client, running: await create(world, client, ACCOUNTS) }
}

async function create(world: World, client: GatewayClient, jobs: number): Promise<string[]> {
  const { collected } = await world.load.run({
    port: client.port,
    requests: [creation(client)],
    connections: 1,
    count: jobs,
    collect: MADE_ID,
  })
  return collected
}

/** Object requests of a job's end and a creation that finds the slot at once. Puts the new job in the place of the old one. */
async function costOfOne(world: World, gateway: BenchedGateway, tenants: readonly Tenant[]) {
  await count(gateway)
  for (const { client, running } of tenants) {
    await endJob(world, client, running.shift())
    running.push(...(await create(world, client, 1)))
  }
  return (await count(gateway)) / tenants.length
}

async function startWaiters(tenants: readonly Tenant[]): Promise<Waiters> {
  const connections: Connection[] = []
  let served = 0
  for (let at = 0; at < CLIENTS; at += 1) {
    for (const { client } of tenants) {
      const connection = await Connection.open(client.port)
      connections.push(connection)
      void connection.send(toBytes(creation(client, { prefer: 'wait=60' }), client.port)).then(
        ({ status }) => (served += status === 200 ? 1 : 0),
        () => undefined
      )
    }
  }
  return {
    served: () => served,
    end: () => {
      for (const connection of connections) connection.close()
    },
  }
}

/** Waits until all clients stand in line. Returns how many object requests that took. */
async function settle(gateway: BenchedGateway): Promise<number> {
  let sum = 0
  let calm = 0
  for (let second = 0; calm < CALM_S; second += 1) {
    if (second >= SETTLE_S_MAX) throw new Error(`no line after ${SETTLE_S_MAX} s`)
    await pause(1000)
    const requests = await count(gateway)
    sum += requests
    calm = requests <= CALM_REQUESTS ? calm + 1 : 0
  }
  return sum
}

async function free(
  world: World,
  gateway: BenchedGateway,
  tenants: readonly Tenant[],
  waiters: Waiters
): Promise<{ requests: number; served: number }> {
  const before = waiters.served()
  await count(gateway)
  for (const { client, running } of tenants)
    for (const id of running.slice(0, FREED)) await endJob(world, client, id)
  const end = Date.now() + PATIENCE_MS
  const wanted = before + tenants.length * FREED
  while (waiters.served() < wanted && Date.now() < end) await pause(50)
  return { requests: await count(gateway), served: waiters.served() - before }
}

async function endJob(world: World, client: GatewayClient, id = ''): Promise<void> {
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
