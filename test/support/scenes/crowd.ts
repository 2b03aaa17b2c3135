/** Clients that wait for slots of a full pool, and what that costs in questions to objects. */
import { advance, clockOf, SECOND } from '../clock/clock.ts'
import { until, type Gateway } from '../gateway.ts'

export interface Crowd {
  accounts: number
  clients: number
  /** So many jobs end, one every second that the clock is moved by. */
  freed: number
  waitSeconds: number
}

export interface CrowdCost {
  served: number
  refused: number
  /** Questions that a client or a freed slot costs. */
  asked: number
  /** Questions that the line costs, however many stand in it. */
  watches: number
  methods: Record<string, number>
}

/** `gateway` counts (counting-worker.ts), its clock stands still, and its accounts have one slot each, all taken. */
export async function waitInCrowd(
  gateway: Gateway,
  running: string[],
  crowd: Crowd
): Promise<CrowdCost> {
  // The isolate knows that all are full, as one that serves so many does.
  await gateway.createVideo()
  await methodsOf(gateway)
  const patient = { prefer: `wait=${crowd.waitSeconds}` }
  const waiting = Array.from({ length: crowd.clients }, () => gateway.createVideo({}, patient))
  const inLine = (count: number) =>
    until(async () => (await clockOf(gateway)).timers === count, 60_000)
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
