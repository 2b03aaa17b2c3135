/** Lets clients wait for slots of a full pool, and counts the calls to objects that this costs. */
import { advance, clockOf, SECOND } from '../clock/clock.ts'
import { until, type Gateway } from '../gateway.ts'

export interface Crowd {
  accounts: number
  clients: number
  /** How many jobs end, one for each second by which the clock is moved. */
  freed: number
  waitSeconds: number
}

export interface CrowdCost {
  served: number
  refused: number
  /** The calls that clients and freed slots cost. */
  asked: number
  /** The calls that the waiting line costs, whatever its length. */
  watches: number
  methods: Record<string, number>
}

/** `gateway` counts calls (counting-worker.ts), and its clock stands still. Each of its accounts has one slot, which is taken. */
export async function waitInCrowd(
  gateway: Gateway,
  running: string[],
  crowd: Crowd
): Promise<CrowdCost> {
  // This call teaches the isolate that all accounts are full, as an isolate with so many clients would know.
  await gateway.createVideo()
  await methodsOf(gateway)
  const patient = { prefer: `wait=${crowd.waitSeconds}` }
  const waiting = Array.from({ length: crowd.clients }, () => gateway.createVideo({}, patient))
  const inLine = (count: number) => until(async () => (await clockOf(gateway)).timers === count)
  await inLine(crowd.clients)
  for (let freed = 1; freed <= crowd.freed; freed += 1) {
    const job = running[freed - 1]
    await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
    await gateway.fetch(`/heygen/v3/videos/${job}`)
    await inLine(crowd.clients - freed)
    await advance(gateway, SECOND)
  }
  for (let passed = crowd.freed; passed <= crowd.waitSeconds; passed += 5) {
    await advance(gateway, 5 * SECOND)
  }
  const statuses = (await Promise.all(waiting)).map((answer) => answer.status)
  const methods = await methodsOf(gateway)
  const asked = ['awaitTurn', 'acquire', 'noteFreed'].reduce(
    (sum, name) => sum + (methods[name] ?? 0),
    0
  )
  return {
    served: statuses.filter((status) => status === 200).length,
    refused: statuses.filter((status) => status === 429).length,
    asked,
    watches: methods['watch'] ?? 0,
    methods,
  }
}

async function methodsOf(gateway: Gateway): Promise<Record<string, number>> {
  return (await (await fetch(`${gateway.url}/__methods`)).json()) as Record<string, number>
}

/** One job on each account, so that all of them are full. */
export async function fillPool(gateway: Gateway, names: readonly string[]): Promise<string[]> {
  const running: string[] = []
  for (const name of names) {
    const headers = { 'x-gateway-account': `${name}@example.com` }
    const created = await gateway.createVideo({}, headers)
    running.push(created.headers.get('x-gateway-job') ?? '')
  }
  return running
}
