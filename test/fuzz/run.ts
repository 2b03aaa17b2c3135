/**
 * Sends drawn requests to the real Worker in workerd, and checks each answer and what the provider saw. The same seed draws the same
 * requests. What is wrong with one answer is shrunk to the smallest request that shows it.
 */
import fc from 'fast-check'
import { faultsOf } from './checks.ts'
import { drawn, type Drawn } from './requests.ts'
import { send, type Wire } from './wire.ts'
import { openFuzzWorld, type FuzzWorld } from './world.ts'

export interface FuzzPlan {
  seed: number
  requests: number
  onProgress?: (line: string) => void
  onFailure?: (failure: Failure) => void
}

export interface Failure {
  faults: string[]
  /** The smallest request found that shows it. */
  wire: Wire
  answer: string
}

export interface FuzzReport {
  requests: number
  failures: Failure[]
  statuses: Map<number, number>
}

const BATCH = 200
const AT_ONCE = 8
/** Later ones are almost always the same fault again. */
const SHRUNK_MOST = 8
const SHRINK_MS = 20_000

export async function fuzz({
  seed,
  requests,
  onProgress,
  onFailure,
}: FuzzPlan): Promise<FuzzReport> {
  // Every other batch goes to a gateway that carries older calls itself.
  const worlds = [await openFuzzWorld(), await openFuzzWorld({ LEGACY: 'bridge' })] as const
  const report: FuzzReport = { requests: 0, failures: [], statuses: new Map() }
  try {
    for (let batch = 0; report.requests < requests; batch += 1) {
      const count = Math.min(BATCH, requests - report.requests)
      const before = report.failures.length
      await runBatch(worlds[batch % 2 === 0 ? 0 : 1], report, seed + batch, count)
      for (const failure of report.failures.slice(before)) onFailure?.(failure)
      onProgress?.(`${report.requests} requests, ${report.failures.length} failures`)
    }
  } finally {
    for (const { gateway } of worlds) await gateway.dispose()
  }
  return report
}

async function runBatch(world: FuzzWorld, report: FuzzReport, seed: number, count: number) {
  const all = fc.sample(drawn, { seed, numRuns: count })
  const before = new Set((await world.running()).map(({ id }) => id))
  const told: string[] = []
  let lost = 0
  const bad: { at: number; failure: Failure }[] = []
  const todo = all.entries()
  const sendNext = async () => {
    for (const [at, one] of todo) {
      const { failure, status, tells } = await tryOne(world, one, report.requests + at)
      report.statuses.set(status, (report.statuses.get(status) ?? 0) + 1)
      told.push(tells)
      if (status === 0) lost += 1
      if (failure) bad.push({ at, failure })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sendNext))
  report.requests += count
  for (const { at, failure } of bad) {
    const isShrunk = report.failures.length < SHRUNK_MOST
    report.failures.push(isShrunk ? await shrink(world, seed, at, failure) : failure)
  }
  // Whoever went away before the answer was told of nothing.
  const silent = bad.length === 0 ? await untold(world, before, told.join('\n')) : []
  if (silent.length > lost) report.failures.push(...silent)
  report.failures.push(...(await faultsOfLog(world)))
  await world.restore()
  await world.gateway.sim.forgetRequests()
}

let sent = 0
/** Answers about creations that were queued: by names of the gateway's own, and started in this batch or a later one. */
const queued: string[] = []

async function tryOne(world: FuzzWorld, one: Drawn, n: number) {
  const wire = world.toWire(one, n)
  sent += 1
  const answer = await send(world.gateway.url, wire).catch((error: Error) => error)
  if (answer instanceof Error)
    return { failure: { faults: [answer.message], wire, answer: '' }, status: 0, tells: '' }
  const faults = faultsOf(one, answer, world.known)
  // Only what was accepted may have started a job. An answer that was lost names it, too.
  const jobs = answer.headers.get('x-gateway-job') ?? ''
  const shown = `${answer.status} ${answer.text.slice(0, 500)}`
  if (answer.status === 202 || wire.target.includes('/queue')) queued.push(`${jobs} ${answer.text}`)
  return {
    failure: faults.length > 0 ? { faults, wire, answer: shown } : undefined,
    status: answer.status,
    tells: answer.status < 300 ? `${jobs} ${answer.text}` : jobs,
  }
}

/** fast-check draws the same request again from the seed and its place, and then smaller ones. */
async function shrink(
  world: FuzzWorld,
  seed: number,
  at: number,
  failure: Failure
): Promise<Failure> {
  let smallest = failure
  const property = fc.asyncProperty(drawn, async (one) => {
    const tried = await tryOne(world, one, sent)
    if (!tried.failure) return true
    smallest = tried.failure
    return false
  })
  await fc.check(property, {
    seed,
    path: String(at),
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MS,
  })
  return smallest
}

/** Every job that the provider started was told to whoever asked for it, so none was started twice or for a refused request. */
async function untold(world: FuzzWorld, before: Set<string>, told: string): Promise<Failure[]> {
  const started = (await world.running()).filter(({ id }) => !before.has(id))
  const others = started.filter(
    ({ id, entityId }) => !told.includes(id) && !told.includes(entityId)
  )
  const named = await Promise.all(others.map((job) => nameOf(world, job.entityId)))
  return others
    .filter((_, at) => !queued.some((answer) => answer.includes(named[at] ?? 'none')))
    .map(({ id, row }) => ({
      faults: ['a job that nobody was told of'],
      wire: { method: 'JOB', target: row, headers: [] },
      answer: id,
    }))
}

/** The gateway's own name of a job that was queued. Undefined: it was not. */
async function nameOf({ askers }: FuzzWorld, id: string): Promise<string | undefined> {
  const paths = ['heygen', 'kling'].map((provider) => `/v1/${provider}/jobs/${id}`)
  for (const answer of await Promise.all(
    paths.flatMap((path) => askers.map((asker) => asker.fetch(path)))
  )) {
    const { jobid } = (await answer.json()) as { jobid?: string }
    if (answer.ok && jobid !== undefined && jobid !== id) return jobid
  }
  return undefined
}

async function faultsOfLog({ gateway, known }: FuzzWorld): Promise<Failure[]> {
  const lines = gateway.logs.splice(0)
  const unexpected = lines.filter((line) => line.includes('"event":"unexpected"'))
  const telling = lines.filter((line) => known.secrets.some((one) => line.includes(one)))
  return [...unexpected, ...telling].map((line) => ({
    faults: [telling.includes(line) ? 'a secret in the log' : 'an unexpected failure in the log'],
    wire: { method: 'LOG', target: '', headers: [] },
    answer: line.slice(0, 1500),
  }))
}

export function printed({ wire, faults, answer }: Failure): string {
  const { body, ...head } = wire
  const shown = JSON.stringify({
    ...head,
    body: body === undefined ? undefined : short(String(body)),
  })
  return `${faults.join('; ')}\n  ${short(shown).slice(0, 3000)}\n  → ${answer}`
}

/** Long runs of one letter, as their length. */
function short(text: string): string {
  return text.replaceAll(/(\w)\1{20,}/g, (run, letter: string) => `${letter}{${run.length}}`)
}
