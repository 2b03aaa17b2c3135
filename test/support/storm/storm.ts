/**
 * Runs a storm: many creations of every kind, while answers, webhooks and connections are lost, receivers fail and the gateway's
 * workerd is killed. The report has the broken promises (storm-checks.ts) and numbers. The facts come from the HeyGen of the
 * storm (storm-world.ts: what was started) and from the receivers (what was delivered).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openGateway, type Gateway } from '../gateway.ts'
import { LOOPBACK } from '../scenes/hooked.ts'
import { Receiver, type Received } from '../receiver.ts'
import * as checks from './storm-checks.ts'
import type { Intention, OwnKind, Seen } from './storm-checks.ts'
import { simulatorWorld, witnessWorld, type World } from './storm-world.ts'
import { Chance } from '../witness/witness-random.ts'

export interface StormPlan {
  world: 'witness' | 'simulator'
  seed: number
  /** How many creations must be accepted. */
  jobs: number
  /** How many clients create at once. */
  clients: number
  /** `maxJobs` by name. */
  accounts: Record<string, number>
  timeScale: number
  jobMs: number
  /** How late a late webhook is. More than 10 min / timeScale, when a job with events gets its first status check. */
  lateMs: number
  /** workerd is killed after these numbers of accepted creations, as soon as `lostAtKill` more have lost their answer. */
  killAt: number[]
  lostAtKill: number
  deadForMs: number
  /** How often a flaky receiver refuses a delivery before it accepts it. */
  flakyTimes: number
  /** How often something goes wrong with an account, and for how long. */
  troubleEveryMs: number
  troubleForMs: number
  /** How long the storm waits for the last deliveries. */
  tailMs: number
  /** How long alarms are counted after the last delivery. */
  idleMs: number
  onProgress?: (line: string) => void
}

/** What was found wrong, by promise. All lists are empty if the promises hold. */
interface Broken {
  notStarted: string[]
  overCap: string[]
  doubled: string[]
  slotsHeld: string[]
  untold: string[]
  toldOtherwise: string[]
  twoIds: string[]
  sharedIds: string[]
  falselyAbsent: string[]
  unsigned: string[]
  failedForGood: string[]
  webhooksNotTaken: string[]
  awake: string[]
  odd: string[]
}

export interface StormReport {
  broken: Broken
  numbers: Record<string, number>
}

const WATCHED_MS = 150
/** A client waits half a minute for a slot, and some seconds more for its creation. */
const UNANSWERED_MS = 60_000
const KEYED_TRIES_MAX = 8
const ENTRY = 'test/support/workers/storm-worker.ts'

export async function runStorm(plan: StormPlan): Promise<StormReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-storm-'))
  const open = plan.world === 'witness' ? witnessWorld : simulatorWorld
  const world = await open(plan.seed, plan.jobMs)
  const receivers = await openReceivers(plan)
  try {
    const gateway = await openGateway({
      simulator: world.simulator,
      accounts: plan.accounts,
      timeScale: plan.timeScale,
      // Without the daily question which older calls an account has: it may come while nothing must wake.
      vars: { ...LOOPBACK, LEGACY: 'pass' },
      persist: folder,
      entry: ENTRY,
    })
    try {
      return await new Storm(plan, world, gateway, receivers).run()
    } finally {
      await gateway.dispose()
    }
  } finally {
    await Promise.all([world.close(), ...Object.values(receivers).map((one) => one.close())])
    await rm(folder, { recursive: true, force: true })
  }
}

type Receivers = Record<OwnKind | 'one' | 'two', Receiver>

async function openReceivers({ flakyTimes }: StormPlan): Promise<Receivers> {
  const names = ['told', 'flaky', 'dead', 'one', 'two'] as const
  const opened = await Promise.all(
    names.map(async (name) => [name, await Receiver.open()] as const)
  )
  const receivers = Object.fromEntries(opened) as Receivers
  const tries = new Map<string, number>()
  receivers.flaky.answer = (received) => {
    const n = (tries.get(received.path) ?? 0) + 1
    tries.set(received.path, n)
    return n <= flakyTimes ? 500 : 200
  }
  return receivers
}

/** What a client does next, after an answer to its creation. */
type Next = 'done' | 'again' | 'give up'

class Storm {
  readonly #plan: StormPlan
  readonly #world: World
  readonly #gateway: Gateway
  readonly #receivers: Receivers
  readonly #chance: Chance
  readonly #intentions = new Map<string, Intention>()
  readonly #counts: Record<string, number> = { kills: 0 }
  readonly #secrets: string[] = []
  #accepted = 0
  #isOver = false
  #isDown = false
  #back: Promise<unknown> = Promise.resolve()

  constructor(plan: StormPlan, world: World, gateway: Gateway, receivers: Receivers) {
    this.#plan = plan
    this.#world = world
    this.#gateway = gateway
    this.#receivers = receivers
    this.#chance = new Chance(plan.seed * 7919)
  }

  async run(): Promise<StormReport> {
    const { accounts, clients, tailMs, deadForMs, lateMs, timeScale } = this.#plan
    const names = Object.keys(accounts)
    for (const name of names) await this.#world.hooked(this.#gateway, name)
    for (const name of ['one', 'two'] as const) await this.#addEndpoint(name)
    await this.#world.rage(names, lateMs, timeScale)
    this.#dieFor(deadForMs)
    const began = Date.now()
    const watching = this.#watch()
    const troubling = this.#trouble(names)
    await Promise.all(Array.from({ length: clients }, () => this.#client()))
    this.#isOver = true
    await Promise.all([watching, troubling, this.#back])
    const createdMs = Date.now() - began
    this.#say('all created')
    await this.#world.calm()
    const last = Date.now() + tailMs
    const isOver = async () =>
      (await this.#world.books()).creations.every((one) => one.jobs.every((job) => job.isOver))
    await this.#reach('every job over', last, isOver)
    await this.#reach('every slot back', last, async () => (await this.#gateway.heldSlots()) === 0)
    await this.#reach(
      'no webhook under way',
      last,
      async () => (await this.#world.due()).length === 0
    )
    await this.#reach('nothing owed', last, async () => (await this.#owed('pending')).length === 0)
    await this.#reach(
      'every end told',
      last,
      async () => checks.untold(await this.#seen()).length === 0
    )
    await this.#reach('nothing owed', last, async () => (await this.#owed('pending')).length === 0)
    const awake = await this.#idle()
    return this.#report(createdMs, Date.now() - began, awake)
  }

  async #addEndpoint(name: 'one' | 'two'): Promise<void> {
    const url = `${this.#receivers[name].url}/events`
    const added = await this.#gateway.post('/heygen/v3/webhooks/endpoints', { url })
    this.#secrets.push(((await added.json()) as { data: { secret: string } }).data.secret)
  }

  /** Breaks the client's connections for a while. */
  #dieFor(ms: number): void {
    const until = Date.now() + ms
    this.#receivers.dead.answer = (_, response) => {
      if (Date.now() < until) response.socket?.destroy()
      return undefined
    }
  }

  /** Counts accepted creations, and kills workerd at the planned numbers. */
  async #watch(): Promise<void> {
    const { killAt, jobs } = this.#plan
    let said = 0
    while (!this.#isOver) {
      this.#accepted = await this.#world.accepted()
      if (this.#accepted - said >= jobs / 10)
        this.#say(`${(said = this.#accepted)} of ${jobs} accepted`)
      const kills = this.#counts['kills'] ?? 0
      if (this.#accepted >= (killAt[kills] ?? Infinity)) {
        this.#count('kills')
        this.#back = this.#kill()
        await this.#back
      }
      await wait(WATCHED_MS / 3)
    }
  }

  async #trouble(names: string[]): Promise<void> {
    const { troubleEveryMs, troubleForMs } = this.#plan
    while (!this.#isOver) {
      await wait(troubleEveryMs)
      if (this.#isOver) return
      this.#count('troubles')
      await this.#world.trouble(this.#chance.pick(names), troubleForMs)
    }
  }

  async #client(): Promise<void> {
    while (this.#accepted < this.#plan.jobs) {
      if (this.#isDown) await this.#back
      await this.#carryOut(this.#intend())
    }
  }

  #intend(): Intention {
    const chance = this.#chance
    const mark = `mark-${this.#plan.seed}-${this.#intentions.size}`
    const kind = chance.pick(this.#world.kinds)
    const intention: Intention = {
      mark,
      kind,
      ...(chance.isHit(0.35) ? { key: `key-${mark}` } : {}),
      ...(chance.isHit(0.5) ? { callbackId: mark } : {}),
      ...(chance.isHit(0.35)
        ? { own: chance.pick(['told', 'told', 'flaky', 'dead'] as const) }
        : {}),
      answers: [],
      requestIds: [],
      jobIds: [],
      views: [],
    }
    this.#intentions.set(mark, intention)
    return intention
  }

  async #carryOut(intention: Intention): Promise<void> {
    const { kind, mark, callbackId, own, key } = intention
    const chance = this.#chance
    const { path: at, body } = this.#world.creation(kind, mark)
    const isNamed = !this.#world.allowsEqualTitles || chance.isHit(0.5)
    const text = JSON.stringify({
      ...body,
      ...(isNamed && 'title' in body ? { title: mark } : {}),
      ...('output_languages' in body && this.#world.allowsEqualTitles
        ? {
            output_languages: ['Spanish', 'French', 'German'].slice(
              0,
              1 + Math.floor(chance.next() * 3)
            ),
          }
        : {}),
      ...(callbackId === undefined ? {} : { callback_id: callbackId }),
      ...(own === undefined ? {} : { callback_url: `${this.#receivers[own].url}/${own}/${mark}` }),
    })
    const headers = {
      'content-type': 'application/json',
      ...(chance.isHit(0.7) ? { prefer: 'wait=30' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }
    for (let n = 0; n < KEYED_TRIES_MAX; n += 1) {
      const next = await this.#try(intention, `/heygen${at}`, text, headers)
      if (next === 'done') await this.#follow(`/heygen${at}`, intention)
      if (next !== 'again') return
      await wait(200 + chance.next() * 800)
      if (this.#isDown) await this.#back
    }
  }

  async #try(
    intention: Intention,
    at: string,
    body: string,
    headers: Record<string, string>
  ): Promise<Next> {
    const signal = AbortSignal.timeout(UNANSWERED_MS)
    const answer = await this.#gateway
      .fetch(at, { method: 'POST', body, headers, signal })
      .catch(() => undefined)
    if (signal.aborted) this.#count('unanswered')
    if (!answer) {
      intention.answers.push('cut')
      this.#count('cut')
      // Without a key the client must not try again, because the job may have been started.
      return intention.key === undefined ? 'give up' : 'again'
    }
    const code = answer.headers.get('x-gateway-error')
    const requestId = answer.headers.get('x-request-id')
    const named = answer.headers.get('x-gateway-job')
    intention.answers.push(code === null ? String(answer.status) : `${answer.status} ${code}`)
    if (requestId !== null) intention.requestIds.push(requestId)
    if (named !== null) intention.jobIds.push(...named.split(',').map((id) => id.trim()))
    await answer.body?.cancel().catch(() => undefined)
    this.#count(answer.ok ? 'answered' : (code ?? `status ${answer.status}`))
    if (answer.ok) return 'done'
    if (answer.status === 429) await wait(100)
    const mayRepeat = answer.status >= 409 || answer.status >= 500
    return intention.key !== undefined && mayRepeat ? 'again' : 'give up'
  }

  /** Polls a job, as some clients do. */
  async #follow(at: string, { jobIds }: Intention): Promise<void> {
    const [id] = jobIds
    if (id === undefined || !this.#chance.isHit(0.2)) return
    for (let n = 0; n < 3; n += 1) {
      await wait(this.#plan.jobMs / 2)
      this.#count('polls')
      // The client gives up a status check that HeyGen never answers.
      const init = { signal: AbortSignal.timeout(3000) }
      const answer = await this.#gateway.fetch(`${at}/${id}`, init).catch(() => undefined)
      await answer?.body?.cancel().catch(() => undefined)
    }
  }

  /** Kills workerd at once, with all its work. Miniflare starts it again on the same port. */
  async #kill(): Promise<void> {
    await this.#world.loseAnswers(this.#plan.lostAtKill)
    await wait(this.#chance.next() * 300)
    const { pid } = this.#gateway
    if (pid === undefined) throw new Error('no workerd to kill')
    this.#say('SIGKILL')
    this.#isDown = true
    process.kill(pid, 'SIGKILL')
    await this.#reach('back again', Date.now() + 60_000, async () => {
      if (this.#gateway.pid === pid) return false
      // Requests that the killed process had accepted are never answered.
      const signal = AbortSignal.timeout(5000)
      return (await fetch(`${this.#gateway.url}/healthz`, { signal })).ok
    })
    this.#isDown = false
  }

  async #reach(what: string, until: number, isSo: () => Promise<boolean>): Promise<void> {
    while (Date.now() < until) {
      if (await isSo().catch(() => false)) return this.#say(what)
      await wait(WATCHED_MS)
    }
    this.#say(`${what}: not in time`)
  }

  /** After the last delivery, objects wake up only to delete old rows, at most once an hour, and the gateway calls nobody. */
  async #idle(): Promise<string[]> {
    const productMinute = 60_000 / this.#plan.timeScale
    await wait(productMinute)
    const before = await this.#alarms()
    const heard = await this.#world.callCount()
    await wait(this.#plan.idleMs)
    const after = await this.#alarms()
    const hours = Math.ceil(this.#plan.idleMs / (60 * productMinute))
    const woken = Object.entries(after.alarms).flatMap(([name, count]) => {
      const times = count - (before.alarms[name] ?? 0)
      return times > hours
        ? [`${name}: ${times} times in ${(this.#plan.idleMs / productMinute).toFixed(0)} minutes`]
        : []
    })
    const called = (await this.#world.callCount()) - heard
    this.#counts['idleAlarms'] = sum(after.alarms) - sum(before.alarms)
    if (called > 0) woken.push(`HeyGen was called ${called} times`)
    if (after.calls > before.calls) woken.push(`${after.calls - before.calls} calls were made`)
    return woken
  }

  async #alarms(): Promise<{ alarms: Record<string, number>; calls: number }> {
    const answer = await fetch(`${this.#gateway.url}/__alarms`)
    return (await answer.json()) as { alarms: Record<string, number>; calls: number }
  }

  #say(line: string): void {
    this.#plan.onProgress?.(line)
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1
  }

  async #owed(state: 'pending' | 'dead'): Promise<unknown[]> {
    const answer = await this.#gateway.fetch(`/v1/deliveries?state=${state}&limit=100`)
    return ((await answer.json()) as { deliveries: unknown[] }).deliveries
  }

  async #seen(): Promise<Seen> {
    const { told, flaky, dead, one, two } = this.#receivers
    return {
      limits: new Map(
        Object.entries(this.#plan.accounts).map(([name, max]) => [`${name}@example.com`, max])
      ),
      intentions: this.#intentions,
      books: await this.#world.books(),
      told: {
        endpoints: [one.posts(), two.posts()],
        own: { told: told.posts(), flaky: flaky.posts(), dead: dead.posts() },
      },
      secrets: this.#secrets,
    }
  }

  /** Asks the gateway how each creation of an intention ended. */
  async #askAbout(intention: Intention): Promise<void> {
    for (const requestId of new Set(intention.requestIds)) {
      const answer = await this.#gateway.fetch(`/v1/heygen/jobs/${requestId}`)
      const view = (await answer.json()) as {
        status?: string
        status_final?: boolean
        jobid?: string | null
      }
      intention.views.push({
        requestId,
        status: view.status ?? String(answer.status),
        isFinal: view.status_final === true,
        jobId: view.jobid ?? null,
      })
    }
  }

  async #report(createdMs: number, allMs: number, awake: string[]): Promise<StormReport> {
    const doubtful = [...this.#intentions.values()].filter(
      ({ answers }) => answers.length > 1 || !answers[0]?.startsWith('20')
    )
    for (const intention of doubtful) await this.#askAbout(intention)
    const seen = await this.#seen()
    const { creations } = seen.books
    const held = await this.#gateway.heldSlots()
    const open = [...(await this.#owed('pending')), ...(await this.#owed('dead'))]
    const posts = [...seen.told.endpoints.flat(), ...Object.values(seen.told.own).flat()]
    const started = creations.length
    return {
      broken: {
        notStarted: started < this.#plan.jobs ? [`only ${started}`] : [],
        overCap: checks.overCap(seen),
        doubled: checks.doubled(seen),
        slotsHeld: held === 0 ? [] : [`${held} slots`],
        untold: checks.untold(seen),
        toldOtherwise: checks.toldOtherwise(seen),
        twoIds: checks.twoIds(seen),
        sharedIds: checks.sharedIds(seen),
        falselyAbsent: checks.falselyAbsent(seen),
        unsigned: checks.unsigned(seen),
        failedForGood: open.map((one) => JSON.stringify(one).slice(0, 400)),
        webhooksNotTaken: await this.#world.due(),
        awake,
        odd: this.#world.oddities(),
      },
      numbers: {
        seed: this.#plan.seed,
        ...this.#counts,
        intended: this.#intentions.size,
        accepted: started,
        jobs: creations.reduce((all, { jobs }) => all + jobs.length, 0),
        untraceable: creations.filter(({ isTraceable }) => !isTraceable).length,
        attempts: posts.length,
        taken: posts.filter(({ status }) => status === 200).length,
        repeats: repeatsOf(posts),
        createdMs,
        allMs,
      },
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0)
}

/** How many deliveries came again under the same id after they were accepted. A receiver may drop these. */
function repeatsOf(posts: Received[]): number {
  const taken = new Set<string>()
  return posts.filter((post) => {
    const name = `${post.path} ${checks.idOf(post)}`
    const isRepeat = taken.has(name)
    if (post.status === 200) taken.add(name)
    return isRepeat
  }).length
}
