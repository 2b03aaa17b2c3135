/**
 * A storm: many jobs while webhooks are lost, doubled, late and early, clients' receivers fail, and the gateway's
 * workerd is killed in the middle. It only watches; what it saw is a list of broken promises (none, it is hoped) and
 * numbers. The witnesses are the simulator (what was started) and the receivers (what was told).
 */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openGateway, type Gateway } from './gateway.ts'
import { hookOf, LOOPBACK } from './hooked.ts'
import { Receiver, type Received } from './receiver.ts'
import { Simulator, type SimJob } from './simulator.ts'

export interface StormPlan {
  jobs: number
  /** Clients that create at once. */
  clients: number
  /** Names and their `maxJobs`. */
  accounts: Record<string, number>
  timeScale: number
  jobMs: number
  /** Later than the first alarm of a job whose end is told: 10 min / timeScale. */
  lateMs: number
  /** workerd is killed when so many creations were answered, just after as many more as `lostAtKill` lost their answer. */
  killAt: number[]
  lostAtKill: number
  deadForMs: number
  /** How long the last report may take. */
  tailMs: number
  onProgress?: (line: string) => void
}

/** Names what was found wrong; all empty when the promises hold. */
export interface Broken {
  notStarted: string[]
  overLimit: string[]
  startedTwice: string[]
  slotsHeld: string[]
  notTold: string[]
  toldOtherwise: string[]
  severalIds: string[]
  unsigned: string[]
  failedForGood: string[]
  flakyNotTaken: string[]
  webhooksNotTaken: string[]
}

export interface StormReport {
  broken: Broken
  numbers: Record<string, number>
}

/** What issue 4 demands. */
const RATES = { loseRate: 0.2, doubleRate: 0.2, lateRate: 0.2, earlyRate: 0.1 }
const FAILED_ATTEMPTS = 5
const WATCHED_MS = 100

interface SimWebhook {
  url: string
  attempts: number
  lastStatus: number | null
  lastError: string | null
}

type Kind = 'told' | 'flaky' | 'dead'

interface Creation {
  callbackId: string
  kind: Kind | undefined
}

/** A quarter of the jobs have a callback of their own; some of those receivers are in trouble. */
function kindOf(n: number): Kind | undefined {
  if (n % 20 === 3) return 'flaky'
  if (n % 20 === 13) return 'dead'
  return n % 10 < 2 ? 'told' : undefined
}

export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-storm-'))
  const sim = await Simulator.start({ vars: { JOB_MS: String(plan.jobMs) } })
  const receivers = await openReceivers()
  try {
    const gateway = await openGateway({
      simulator: sim,
      accounts: plan.accounts,
      timeScale: plan.timeScale,
      vars: LOOPBACK,
      persist: folder,
    })
    try {
      return await new Storm(plan, gateway, receivers).run()
    } finally {
      await gateway.dispose()
    }
  } finally {
    await Promise.all([sim.dispose(), ...Object.values(receivers).map((one) => one.close())])
    await rm(folder, { recursive: true, force: true })
  }
}

type Receivers = Record<Kind | 'endpoint', Receiver>

async function openReceivers(): Promise<Receivers> {
  const receivers: Receivers = {
    endpoint: await Receiver.open(),
    told: await Receiver.open(),
    flaky: await Receiver.open(),
    dead: await Receiver.open(),
  }
  const { flaky } = receivers
  const tries = new Map<string, number>()
  flaky.answer = (received) => {
    const n = (tries.get(received.path) ?? 0) + 1
    tries.set(received.path, n)
    return n <= FAILED_ATTEMPTS ? 500 : 200
  }
  return receivers
}

class Storm {
  readonly #plan: StormPlan
  readonly #gateway: Gateway
  readonly #receivers: Receivers
  readonly #creations: Creation[] = []
  readonly #counts = { answered: 0, cut: 0, unknown: 0, full: 0, other: 0, kills: 0 }
  readonly #prefix = `storm-${Date.now()}-`
  #secret = ''
  #isDown = false
  #back: Promise<unknown> = Promise.resolve()

  constructor(plan: StormPlan, gateway: Gateway, receivers: Receivers) {
    this.#plan = plan
    this.#gateway = gateway
    this.#receivers = receivers
  }

  async run(): Promise<StormReport> {
    const { accounts, clients, tailMs, deadForMs } = this.#plan
    const sim = this.#gateway.sim
    for (const name of Object.keys(accounts)) await hookOf(this.#gateway, name)
    const url = `${this.#receivers.endpoint.url}/events`
    const added = await this.#gateway.post('/heygen/v3/webhooks/endpoints', { url })
    this.#secret = ((await added.json()) as { data: { secret: string } }).data.secret
    await sim.settings({ ...RATES, lateMs: this.#plan.lateMs })
    this.#dieFor(deadForMs)
    const began = Date.now()
    await Promise.all(Array.from({ length: clients }, () => this.#client()))
    await this.#back
    const createdMs = Date.now() - began
    this.#say('all created')
    const last = Date.now() + tailMs
    await this.#reach('every job told', last, async () => {
      const { jobs } = await this.#state()
      return jobs.length > 0 && jobs.every((job) => this.#targetsOf(job).every((has) => has))
    })
    await this.#reach('every slot back', last, async () => (await this.#held()) === 0)
    await this.#reach('nothing owed', last, async () => (await this.#owed('pending')).length === 0)
    await this.#reach('no webhook under way', last, async () => {
      return (await this.#due()).length === 0
    })
    await this.#reach('nothing owed', last, async () => (await this.#owed('pending')).length === 0)
    return this.#report(createdMs, Date.now() - began)
  }

  /** Its connections break for a while. */
  #dieFor(ms: number): void {
    const until = Date.now() + ms
    this.#receivers.dead.answer = (_, response) => {
      if (Date.now() < until) response.socket?.destroy()
      return undefined
    }
  }

  async #client(): Promise<void> {
    while (this.#creations.length - this.#notStarted() < this.#plan.jobs) {
      if (this.#isDown) await this.#back
      const n = this.#creations.length
      const kind = kindOf(n)
      const callbackId = `${this.#prefix}${n}`
      this.#creations.push({ callbackId, kind })
      await this.#create(n, kind, callbackId)
    }
  }

  #notStarted(): number {
    const { cut, unknown, full, other } = this.#counts
    return cut + unknown + full + other
  }

  /** Never again under the same name: after a cut nobody knows what became of it. */
  async #create(n: number, kind: Kind | undefined, callbackId: string): Promise<void> {
    const own = kind && { callback_url: `${this.#receivers[kind].url}/${kind}/${callbackId}` }
    const script = n % 25 === 7 ? 'Hello. [fail]' : 'Hello.'
    const more = { title: 'Storm', script, callback_id: callbackId, ...own }
    const answer = await this.#gateway.createVideo(more, { prefer: 'wait=60' }).catch(() => 'cut')
    if (typeof answer === 'string') this.#counts.cut += 1
    else if (answer.status === 200) this.#counts.answered += 1
    else if (answer.headers.get('x-gateway-error') === 'outcome_unknown') this.#counts.unknown += 1
    else if (answer.status === 429) this.#counts.full += 1
    else this.#counts.other += 1
    if (typeof answer !== 'string') await answer.body?.cancel().catch(() => {})
    const { killAt, jobs } = this.#plan
    const { answered, kills } = this.#counts
    if (typeof answer !== 'string' && answer.status === 200 && answered % 100 === 0)
      this.#say(`${answered} of ${jobs} answered`)
    if (answered < (killAt[kills] ?? Infinity)) return
    this.#counts.kills += 1
    this.#back = this.#kill()
    await this.#back
  }

  /** The whole of workerd, at once, with whatever it was doing. Miniflare starts it again on the same port. */
  async #kill(): Promise<void> {
    await this.#loseAnswers(this.#plan.lostAtKill)
    const { pid } = this.#gateway
    if (pid === undefined) throw new Error('no workerd to kill')
    this.#say('SIGKILL')
    this.#isDown = true
    process.kill(pid, 'SIGKILL')
    await this.#reach('back again', Date.now() + 60_000, async () => {
      if (this.#gateway.pid === pid) return false
      return (await fetch(`${this.#gateway.url}/openapi.json`)).ok
    })
    this.#isDown = false
  }

  /** So that the kill surely finds creations whose job runs and has no name. */
  async #loseAnswers(times: number): Promise<void> {
    const enough = this.#counts.unknown + times
    const match = { method: 'POST', path: '/v3/videos' }
    await this.#gateway.sim.fault({ match, times, effect: { reset: 'after' } })
    await this.#reach(
      'answers lost',
      Date.now() + 10_000,
      async () => this.#counts.unknown >= enough
    )
  }

  async #reach(what: string, until: number, isSo: () => Promise<boolean>): Promise<void> {
    while (Date.now() < until) {
      if (await isSo().catch(() => false)) return this.#say(what)
      await new Promise((resolve) => setTimeout(resolve, WATCHED_MS))
    }
    this.#say(`${what}: not in time`)
  }

  #say(line: string): void {
    this.#plan.onProgress?.(line)
  }

  async #state() {
    const { accounts, jobs } = await this.#gateway.sim.state()
    return { accounts, jobs: jobs.filter((job) => job.callbackId?.startsWith(this.#prefix)) }
  }

  #held(): Promise<number> {
    return this.#gateway.heldSlots()
  }

  async #owed(state: 'pending' | 'dead'): Promise<unknown[]> {
    const answer = await this.#gateway.fetch(`/v1/deliveries?state=${state}&limit=100`)
    return ((await answer.json()) as { deliveries: unknown[] }).deliveries
  }

  /** What the simulator still tries to tell us. */
  #due(): Promise<SimWebhook[]> {
    return this.#gateway.sim.control<SimWebhook[]>('GET', '/webhooks?state=due')
  }

  #creationOf(job: SimJob): Creation | undefined {
    return this.#creations[Number(job.callbackId?.slice(this.#prefix.length))]
  }

  /** Whether each who asked has taken a report of it. */
  #targetsOf(job: SimJob): boolean[] {
    const kind = this.#creationOf(job)?.kind
    const isTaken = (one: Received) => subjectOf(one) === job.id && one.status === 200
    const own = kind && this.#receivers[kind].posts(`/${kind}/${job.callbackId}`).some(isTaken)
    const events = this.#receivers.endpoint.posts('/events')
    return [events.some(isTaken), ...(own === undefined ? [] : [own])]
  }

  async #report(createdMs: number, allMs: number): Promise<StormReport> {
    const { accounts, jobs } = await this.#state()
    const { told, flaky, dead, endpoint } = this.#receivers
    const posts = [endpoint, told, flaky, dead].flatMap((one) => one.posts())
    const byJob = new Map<string, Received[]>()
    for (const post of posts) {
      const id = subjectOf(post) ?? ''
      byJob.set(id, [...(byJob.get(id) ?? []), post])
    }
    const idsOf = (job: SimJob) => new Set((byJob.get(job.id) ?? []).map(idOf))
    const callbackIds = jobs.map((job) => job.callbackId ?? '')
    const limits = new Map(
      Object.entries(this.#plan.accounts).map(([name, max]) => [`${name}@example.com`, max])
    )
    const ids = jobs.map((job) => [...idsOf(job)][0] ?? '')
    const byEvent = ids.filter((id) => SIMULATOR_ID.test(id)).length
    const distinct = new Set(posts.map((post) => `${post.path} ${idOf(post)}`))
    const held = await this.#held()
    const owed = [...(await this.#owed('pending')), ...(await this.#owed('dead'))]
    return {
      broken: {
        notStarted: jobs.length < this.#plan.jobs ? [`only ${jobs.length} jobs`] : [],
        overLimit: accounts.flatMap(({ email, maxInFlight }) =>
          maxInFlight > (limits.get(email) ?? 0) ? [`${email}: ${maxInFlight}`] : []
        ),
        startedTwice: callbackIds.filter((id, index) => callbackIds.indexOf(id) !== index),
        slotsHeld: held === 0 ? [] : [`${held} slots`],
        notTold: jobs.flatMap((job) => {
          const targets = this.#targetsOf(job)
          return targets.every((has) => has) ? [] : [`${job.callbackId}: ${targets.join(', ')}`]
        }),
        toldOtherwise: this.#toldOtherwise(jobs, byJob),
        severalIds: jobs.flatMap((job) =>
          idsOf(job).size > 1 ? [`${job.callbackId}: ${[...idsOf(job)].join(', ')}`] : []
        ),
        unsigned: endpoint.posts().flatMap((post) => {
          const hex = createHmac('sha256', this.#secret).update(post.body).digest('hex')
          return post.headers['signature'] === hex && bodyOf(post).event_id === idOf(post)
            ? []
            : [idOf(post)]
        }),
        webhooksNotTaken: (await this.#due()).map(
          ({ url, attempts, lastStatus, lastError }) =>
            `${url.includes('/callbacks/') ? 'callback' : 'webhook'}: ${attempts} attempts, ${lastStatus ?? lastError}`
        ),
        failedForGood: owed.map((one) => JSON.stringify(one)),
        flakyNotTaken: [...new Set(flaky.posts().map((post) => post.path))].flatMap((at) => {
          const tries = flaky.posts(at)
          const isTaken = tries.length > FAILED_ATTEMPTS && tries.at(-1)?.status === 200
          return isTaken ? [] : [`${at}: ${tries.length}`]
        }),
      },
      numbers: {
        ...this.#counts,
        jobsStarted: jobs.length,
        settledByEvent: byEvent,
        settledByAlarm: jobs.length - byEvent,
        attempts: posts.length,
        taken: posts.filter((post) => post.status === 200).length,
        repeats: posts.length - distinct.size,
        repeatsAfterTaken: repeatsAfterTaken(posts),
        flakyReceivers: new Set(flaky.posts().map((post) => post.path)).size,
        deadReceivers: new Set(dead.posts().map((post) => post.path)).size,
        createdMs,
        allMs,
      },
    }
  }

  /** Told of another end than it had, or at an address of its own something that is not about it. */
  #toldOtherwise(jobs: SimJob[], byJob: Map<string, Received[]>): string[] {
    const wrong = jobs.filter((job) => {
      const type = `avatar_video.${job.status === 'completed' ? 'success' : 'fail'}`
      return byJob.get(job.id)?.some((post) => bodyOf(post).event_type !== type)
    })
    const kinds = ['told', 'flaky', 'dead'] as const
    const strangers = kinds
      .flatMap((kind) => this.#receivers[kind].posts())
      .filter((post) => {
        const job = jobs.find((one) => post.path.endsWith(`/${one.callbackId}`))
        return job && subjectOf(post) !== job.id
      })
    return [...wrong.map((job) => job.callbackId ?? ''), ...strangers.map((post) => post.body)]
  }
}

/** Ours are longer. */
const SIMULATOR_ID = /^evt_[0-9a-f]{24}$/

interface EventBody {
  event_id: string
  event_type: string
  event_data: { video_id?: string }
}

function bodyOf(post: Received): EventBody {
  return JSON.parse(post.body) as EventBody
}

function subjectOf(post: Received): string | undefined {
  return bodyOf(post).event_data.video_id
}

function idOf(post: Received): string {
  return String(post.headers['webhook-id'])
}

function repeatsAfterTaken(posts: Received[]): number {
  const taken = new Set<string>()
  return posts.filter((post) => {
    const name = `${post.path} ${idOf(post)}`
    const isRepeat = taken.has(name)
    if (post.status === 200) taken.add(name)
    return isRepeat
  }).length
}
