/** The load generator: sends requests on keep-alive connections, one after the other on each, and checks every answer. */
import { Connection, type Answer } from './connection.ts'
import { toBytes, type BenchRequest, type Load, type Measured } from './load.ts'
import { cpuMs } from './processes.ts'
import { quantile } from './statistics.ts'

const EXAMPLES = 3

process.on('message', (load: Load) => {
  void run(load)
    .catch((error: Error) => ({ error: `${error.message} (${load.requests[0]?.path})` }))
    .then((measured) => process.send?.(measured))
})

/** A server may close a connection that was idle for some seconds (Node: 5 s). */
const IDLE_MS = 2000

const kept = new Map<number, { connections: Connection[]; usedAt: number }>()

/** Connections stay open between two loads, as a client's do. */
async function connectionsTo(port: number, count: number): Promise<Connection[]> {
  const before = kept.get(port)
  const isFresh = before !== undefined && performance.now() - before.usedAt < IDLE_MS
  if (!isFresh) for (const connection of before?.connections ?? []) connection.close()
  const connections = (isFresh ? before.connections : []).filter((one) => !one.isClosed)
  while (connections.length < count) connections.push(await Connection.open(port))
  kept.set(port, { connections, usedAt: performance.now() })
  return connections.slice(0, count)
}

function noteUse(port: number): void {
  const used = kept.get(port)
  if (used) used.usedAt = performance.now()
}

async function run(load: Load): Promise<Measured> {
  const requests = load.requests.map((request) => ({
    ...request,
    bytes: toBytes(request, load.port),
  }))
  const connections = await connectionsTo(load.port, load.connections)
  const pattern = load.collect === undefined ? undefined : new RegExp(load.collect)
  const result = { wrong: 0, examples: [] as string[], collected: [] as string[] }
  let latencies: number[] = []
  let next = 0
  const check = (request: BenchRequest, answer: Answer) => {
    if (!isRight(request, answer)) {
      result.wrong += 1
      if (result.examples.length < EXAMPLES)
        result.examples.push(`${request.path} ${answer.status} ${answer.body.slice(0, 300)}`)
    }
  }
  const sendOn = async (connection: Connection, isOver: () => boolean) => {
    while (!isOver()) {
      const request = requests[next++ % requests.length]
      if (!request) return
      const startedAt = performance.now()
      const answer = await connection.send(request.bytes)
      latencies.push(performance.now() - startedAt)
      check(request, answer)
      const found = pattern?.exec(answer.body)?.[1]
      if (found !== undefined) result.collected.push(found)
    }
  }
  const drive = (isOver: () => boolean) =>
    Promise.all(connections.map((connection) => sendOn(connection, isOver)))
  const until = (ms: number) => {
    const end = performance.now() + ms
    return () => performance.now() >= end
  }
  const times = (count: number) => {
    const last = next + count
    return () => next >= last
  }
  if (load.warmUp) await drive(times(load.warmUp))
  latencies = []
  result.collected = []
  const cpuBefore = load.pid === undefined ? 0 : cpuMs(load.pid)
  const startedAt = performance.now()
  await drive(load.count === undefined ? until(load.ms ?? 1000) : times(load.count))
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = load.pid === undefined ? 0 : cpuMs(load.pid) - cpuBefore
  noteUse(load.port)
  latencies.sort((a, b) => a - b)
  return {
    answers: latencies.length,
    seconds,
    cpuMs: cpu,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    ...result,
  }
}

function isRight({ expect }: BenchRequest, { status, body }: Answer): boolean {
  if (status !== expect.status) return false
  if (expect.is !== undefined) return body === expect.is
  return expect.has === undefined || body.includes(expect.has)
}
