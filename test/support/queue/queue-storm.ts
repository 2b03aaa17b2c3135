/**
 * Many creations at once into a small pool, over real HTTP: every one is queued, started at most once, and told once. With kills the
 * clients repeat what had no answer, under its own key, as clients do.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openGateway, VIDEO, type Gateway } from '../gateway.ts'
import { Receiver } from '../receiver.ts'
import { addEndpoint, hookOf, LOOPBACK } from '../scenes/hooked.ts'
import { Simulator } from '../simulator.ts'
import { QUEUED, startedJobs, wordOf, type StartedJob } from './started.ts'

export interface QueueStormPlan {
  jobs: number
  accounts: Record<string, number>
  jobMs: number
  timeScale: number
  /** Within which time all of them are sent. */
  overMs: number
  kills: number
  /** A fifth of the webhooks is lost, and so are some answers of the provider. */
  isRough: boolean
  tailMs: number
  onProgress?: (line: string) => void
}

export interface QueueStormReport {
  broken: string[]
  numbers: Record<string, number>
}

interface Wish {
  title: string
  statuses: number[]
  name?: string
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const REPEATS_MAX = 200

const ROUGH = [
  { effect: { reset: 'after' }, probability: 0.04 },
  { effect: { reset: 'before' }, probability: 0.02 },
  { effect: { badJson: true }, probability: 0.01 },
  { effect: { status: 429, headers: { 'retry-after': '1' } }, probability: 0.01 },
]

export async function runQueueStorm(plan: QueueStormPlan): Promise<QueueStormReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-queue-storm-'))
  const simulator = await Simulator.start({ vars: { JOB_MS: String(plan.jobMs) } })
  const receiver = await Receiver.open()
  try {
    const gateway = await openGateway({
      simulator,
      accounts: plan.accounts,
      timeScale: plan.timeScale,
      vars: LOOPBACK,
      ...(plan.kills > 0 ? { persist: folder } : { isAlone: true }),
    })
    try {
      for (const name of Object.keys(plan.accounts)) await hookOf(gateway, name)
      await addEndpoint(gateway, receiver.url)
      return await storm(plan, gateway, receiver)
    } finally {
      await gateway.dispose()
    }
  } finally {
    await Promise.all([simulator.dispose(), receiver.close()])
    await rm(folder, { recursive: true, force: true })
  }
}

async function storm(
  plan: QueueStormPlan,
  gateway: Gateway,
  receiver: Receiver
): Promise<QueueStormReport> {
  const { jobs, overMs, kills, isRough, tailMs, onProgress = () => undefined } = plan
  if (isRough) {
    await gateway.sim.settings({ loseRate: 0.2 })
    const match = { method: 'POST', kind: 'creates-job' }
    for (const { effect, probability } of ROUGH)
      await gateway.sim.control('POST', '/faults', { match, effect, probability })
  }
  const wishes = Array.from({ length: jobs }, (_, n): Wish => ({
    title: `wish-${n}`,
    statuses: [],
  }))
  const began = Date.now()
  const all = Promise.all(
    wishes.map(async (wish, n) => {
      await wait((n * overMs) / jobs)
      await queueUntilKnown(gateway, wish, kills > 0)
    })
  )
  let isOver = false
  const endedBy = () => {
    const names = new Set(wishes.map(({ name }) => name))
    const told = receiver.posts().flatMap(({ body }) => nameIn(body) ?? [])
    return new Set(told.filter((name) => names.has(name)))
  }
  const killing = killAll()
  async function killAll(): Promise<void> {
    for (let n = 0; n < kills; n += 1) {
      const at = Math.round((jobs * (n + 0.5)) / kills)
      while (!isOver && endedBy().size < at) await wait(200)
      if (isOver) return
      onProgress(`kill ${n + 1} at ${endedBy().size} ends`)
      await killOnce(gateway)
    }
  }
  await all
  const askedMs = Date.now() - began
  onProgress(`asked in ${askedMs} ms`)
  for (let said = 0; Date.now() - began < tailMs; await wait(200)) {
    const told = endedBy().size
    if (told - said >= jobs / 10) onProgress(`${(said = told)} told after ${Date.now() - began} ms`)
    if (told >= jobs) break
  }
  isOver = true
  await killing
  if (isRough) await gateway.sim.clearFaults()
  // What is told twice would come now.
  await wait(2000)
  const started = await startedJobs(gateway)
  const { accounts } = await gateway.sim.state()
  const broken = [
    ...brokenByAnswers(wishes, kills === 0),
    ...brokenByStarts(wishes, started),
    ...brokenByEvents(wishes, started, receiver, kills === 0),
    ...(await brokenByPolls(gateway, wishes)),
    ...accounts.flatMap(({ email, maxInFlight }) => {
      const most = plan.accounts[email.split('@')[0] ?? ''] ?? 0
      return maxInFlight > most ? [`${email} had ${maxInFlight} at once`] : []
    }),
  ]
  const held = await gateway.heldSlots()
  if (held > 0) broken.push(`${held} slots are held after the end`)
  const asked = wishes.map(({ statuses }) => statuses.length)
  return {
    broken,
    numbers: {
      askedMs,
      wholeMs: Date.now() - began,
      answers: asked.reduce((sum, count) => sum + count, 0),
      started: started.length,
      posts: receiver.posts().length,
      kills,
      ...gapsOf(plan, started),
    },
  }
}

async function queueUntilKnown(gateway: Gateway, wish: Wish, repeats: boolean): Promise<void> {
  const headers = { ...QUEUED, 'idempotency-key': `key-${wish.title}` }
  for (let tried = 0; tried < (repeats ? REPEATS_MAX : 1); tried += 1) {
    const init = { ...headers, 'content-type': 'application/json' }
    const answer = await gateway
      .fetch('/heygen/v3/videos', {
        method: 'POST',
        headers: init,
        body: JSON.stringify({ ...VIDEO, title: wish.title }),
        signal: AbortSignal.timeout(60_000),
      })
      .catch(() => undefined)
    wish.statuses.push(answer?.status ?? 0)
    const text = await answer?.text().catch(() => undefined)
    if (answer?.ok && text !== undefined) {
      wish.name = (JSON.parse(text) as { data: { video_id: string } }).data.video_id
      return
    }
    await wait(300)
  }
}

async function killOnce(gateway: Gateway): Promise<void> {
  const { pid } = gateway
  if (pid === undefined) throw new Error('no workerd to kill')
  process.kill(pid, 'SIGKILL')
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    await wait(100)
    if (gateway.pid === pid) continue
    const signal = AbortSignal.timeout(5000)
    const answer = await fetch(`${gateway.url}/healthz`, { signal }).catch(() => undefined)
    if (answer?.ok) return
  }
  throw new Error('workerd did not come back')
}

interface Told {
  event_id: string
  event_type: string
  event_data: { video_id: string }
}

function toldIn(body: string): Told | undefined {
  const told = JSON.parse(body) as Partial<Told>
  return told.event_data?.video_id === undefined ? undefined : (told as Told)
}

function nameIn(body: string): string | undefined {
  return toldIn(body)?.event_data.video_id
}

/** With kills the product's time is fast, and a Worker on a busy machine may come too late to queue. It says so, and nothing is queued. */
function brokenByAnswers(wishes: Wish[], isExact: boolean): string[] {
  return wishes.flatMap(({ title, name, statuses }) => {
    if (isExact && statuses.includes(429)) return [`${title} was answered 429`]
    if (name === undefined) return [`${title} has no name: ${statuses.join(' ')}`]
    return []
  })
}

function brokenByStarts(wishes: Wish[], started: StartedJob[]): string[] {
  const titles = Map.groupBy(started, ({ title }) => title ?? '')
  return wishes.flatMap(({ title }) => {
    const count = titles.get(title)?.length ?? 0
    return count > 1 ? [`${title} was started ${count} times`] : []
  })
}

/** `isExact`: nobody was killed, so each event is sent once. */
function brokenByEvents(
  wishes: Wish[],
  started: StartedJob[],
  receiver: Receiver,
  isExact: boolean
): string[] {
  const told = Map.groupBy(
    receiver.posts().flatMap(({ body }) => toldIn(body) ?? []),
    (one) => one.event_data.video_id
  )
  const titles = new Set(started.map(({ title }) => title))
  const real = new Set(started.map(({ id }) => id))
  const names = new Set(wishes.map(({ name }) => name))
  // An event that comes before its job is found is passed on after ten minutes, as it came. The end is told under the name, too.
  const isPassedOn = (name: string) => !isExact && real.has(name)
  const strange = Array.from(told.keys()).filter((name) => !names.has(name) && !isPassedOn(name))
  const perWish = wishes.flatMap(({ title, name = '' }) => {
    const own = told.get(name) ?? []
    const ids = new Set(own.map((one) => one.event_id))
    if (ids.size === 0) return [`${title} (${name}) was not told`]
    if (ids.size > 1) return [`${title} was told under ${ids.size} ids`]
    if (isExact && own.length > 1) return [`${title} was told ${own.length} times`]
    const isGood = own[0]?.event_type.endsWith('.success') === true
    return isGood && !titles.has(title) ? [`${title} was told as done and never ran`] : []
  })
  return [...strange.map((name) => `an event is about ${name}, which nobody asked for`), ...perWish]
}

async function brokenByPolls(gateway: Gateway, wishes: Wish[]): Promise<string[]> {
  const broken: string[] = []
  for (let from = 0; from < wishes.length; from += 20) {
    await Promise.all(
      wishes.slice(from, from + 20).map(async ({ title, name = '' }) => {
        const word = await wordOf(gateway, name)
        if (word !== 'completed' && word !== 'failed') broken.push(`${title} is ${word}`)
      })
    )
  }
  return broken
}

/** How long a slot stood empty between a job and the next one, while more waited, as the simulator saw it. */
function gapsOf({ accounts, jobs, jobMs }: QueueStormPlan, started: StartedJob[]) {
  const slots = Object.values(accounts).reduce((sum, count) => sum + count, 0)
  // The last ones stand alone, since nothing waits any more.
  const lastStart = started.at(-1)?.startedAt ?? 0
  const gaps: number[] = []
  for (const own of Map.groupBy(started, ({ account }) => account).values()) {
    const ends = own.map(({ startedAt }) => startedAt + jobMs).toSorted((a, b) => a - b)
    const most = accounts[own[0]?.account.split('@')[0] ?? ''] ?? 0
    own
      .slice(most)
      .forEach(({ startedAt }, n) => gaps.push(Math.max(0, startedAt - (ends[n] ?? 0))))
  }
  const sorted = gaps.toSorted((a, b) => a - b)
  const first = started[0]?.startedAt ?? 0
  const busy = started.reduce(
    (sum, { startedAt }) => sum + Math.min(jobMs, lastStart - startedAt),
    0
  )
  const idle = 1 - busy / Math.max(1, (lastStart - first) * slots)
  return {
    jobs,
    freedToSentP50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    freedToSentP95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    idlePercent: Math.round(idle * 1000) / 10,
  }
}
