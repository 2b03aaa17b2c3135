/** Opens gateways whose billable operations are counted, and counts what work costs. */
import { readFileSync } from 'node:fs'
import type { Bill } from '../../../test/support/meter/bill.ts'
import { advance, MINUTE, stopClock } from '../../../test/support/clock/clock.ts'
import { openGateway, type Gateway, type GatewayOptions } from '../../../test/support/gateway.ts'
import { callControl } from '../../../test/support/renewed/control.ts'
import { openHooked } from '../../../test/support/scenes/hooked.ts'
import { NOTHING, usagePer, type Usage } from './bill.ts'

/** The most that contract section 8 allows. Undefined: the contract says nothing. */
export interface Budget {
  kv?: number
  requests?: number
  rows?: number
}

/** A row of the table. */
export interface Line {
  group: string
  name: string
  /** What one of them is: a call, a job, a waiting client. */
  per: string
  /** How many were measured. */
  count: number
  usage: Usage
  budget?: Budget
  /** The most dollars that a million of them may cost. */
  target?: number
}

/** Its clock stands still. Jobs run until they are told to end. HeyGen tells the end only if `isHooked`. */
export async function openMetered(
  options: GatewayOptions = {},
  isHooked = false
): Promise<Gateway> {
  const entry = 'test/support/workers/counting-worker.ts'
  const vars = { HEYGEN_MAX_JOBS: '1000' }
  const given = { entry, simVars: { JOB_MS: '-1' }, vars, ...options }
  const gateway = isHooked ? await openHooked(openGateway, given) : await openGateway(given)
  await stopClock(gateway)
  return gateway
}

/** Parts of measured work that are not counted, or not wholly. */
export interface Meter {
  /** Nothing of this work is counted. */
  aside<T>(work: () => Promise<T>): Promise<T>
  /** The alarms that ring are counted, but not their CPU: objects are billed by their time. */
  pass(ms: number): Promise<void>
}

/** What `count` of something cost, on average. */
export async function measure(
  gateway: Gateway,
  count: number,
  work: (meter: Meter) => Promise<unknown>
): Promise<Usage> {
  const meter = new GatewayMeter(gateway)
  await meter.begin()
  await work(meter)
  await meter.add()
  const { sum } = meter
  const cpuMs = Math.max(0, sum.cpuMs - sum.workerRequests * (await emptyCallMs(gateway)))
  return usagePer(count, { ...sum, cpuMs })
}

class GatewayMeter implements Meter {
  readonly #gateway: Gateway
  #cpuMs = 0
  #lines = 0
  sum = NOTHING

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Forgets what was counted since the last call. */
  async begin(): Promise<void> {
    await takeBill(this.#gateway)
    this.#lines = this.#gateway.logs.length
    this.#cpuMs = cpuMsOf(this.#gateway.pid)
  }

  /** Adds what was counted since the last call. */
  async add(isCpuCounted = true): Promise<void> {
    const spentMs = cpuMsOf(this.#gateway.pid) - this.#cpuMs
    const lines = this.#gateway.logs.slice(this.#lines)
    const logBytes = lines.reduce((sum, line) => sum + line.length, 0)
    const cpuMs = isCpuCounted ? spentMs : 0
    this.sum = addUp(this.sum, { ...(await takeBill(this.#gateway)), cpuMs, logBytes })
    this.#lines += lines.length
    this.#cpuMs = cpuMsOf(this.#gateway.pid)
  }

  async aside<T>(work: () => Promise<T>): Promise<T> {
    await this.add()
    const result = await work()
    await this.begin()
    return result
  }

  async pass(ms: number): Promise<void> {
    await this.add()
    await advance(this.#gateway, ms)
    await this.add(false)
  }
}

const EMPTY_CALLS = 200
const emptyCalls = new WeakMap<Gateway, number>()

/** The processor time of a call that runs nothing of the gateway: the local entry, and HTTP. Cloudflare bills none of it. */
async function emptyCallMs(gateway: Gateway): Promise<number> {
  const known = emptyCalls.get(gateway)
  if (known !== undefined) return known
  const call = () => fetch(`${gateway.url}/__nothing`).then((answer) => answer.arrayBuffer())
  await repeat(EMPTY_CALLS, call)
  const before = cpuMsOf(gateway.pid)
  await repeat(EMPTY_CALLS, call)
  const ms = (cpuMsOf(gateway.pid) - before) / EMPTY_CALLS
  emptyCalls.set(gateway, ms)
  return ms
}

/** The same call several times, one after the other. `before` is not counted. */
export async function measureEach(
  gateway: Gateway,
  count: number,
  call: (n: number) => Promise<Response>,
  before: () => Promise<unknown> = async () => undefined,
  status = 200
): Promise<Usage> {
  return measure(gateway, count, async (meter) => {
    for (let n = 0; n < count; n += 1) {
      await meter.aside(before)
      await expectStatus(call(n), status)
    }
  })
}

export async function repeat(count: number, call: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 1) await call(n)
}

/** Reads the answer, so that all work for it is done. */
export async function expectStatus(call: Promise<Response>, status = 200): Promise<Response> {
  const answer = await call
  const text = await answer.clone().text()
  if (answer.status !== status) throw new Error(`${answer.url}: ${answer.status} ${text}`)
  return answer
}

function addUp(one: Usage, other: Usage): Usage {
  const names = Object.keys(one) as (keyof Usage)[]
  return Object.fromEntries(
    names.map((name) => [name, one[name] + other[name]])
  ) as unknown as Usage
}

async function takeBill(gateway: Gateway): Promise<Bill> {
  const { text } = await callControl('GET', `${gateway.url}/__bill`)
  return JSON.parse(text) as Bill
}

/** The isolate forgets what it remembers, as a new one would know nothing. */
export async function makeCold(gateway: Gateway): Promise<void> {
  await callControl('GET', `${gateway.url}/__cold`)
}

/** What is still due because of earlier work is done. A running job is asked about every ten minutes at the latest. */
export async function letAllRing(pass: (ms: number) => Promise<void>): Promise<void> {
  for (let minutes = 0; minutes < 90; minutes += 10) await pass(10 * MINUTE)
}

/** In /proc a tick is 10 ms on every Linux in use. */
const TICK_MS = 10

/** The processor time of a process until now. 0 where there is no /proc. */
function cpuMsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return 0
  }
}
