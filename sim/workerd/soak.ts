/**
 * The plans of the simulation against the real Worker in workerd, many at once, with SIGKILL of the process and time that runs faster
 * (TIME_SCALE). Clients, HeyGen, receivers and checkers are those of the simulation. Then the simulation plays the same plans, and what
 * came of them is compared. Used by `npm run soak` and by tests.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { RINGS_A_DAY } from '../checkers/accounts/sleep.ts'
import { drawPlan } from '../plans/draw.ts'
import { crowded, fromOutside, inCalm } from '../plans/outside.ts'
import type { Plan } from '../plans/plan.ts'
import { playAll } from '../pool.ts'
import { countsOf, differences, unexplained, type Story } from '../story.ts'
import { Outside } from './outside.ts'
import { playAt, type Played, type Stage } from './play.ts'
import { secretsIn } from './secrets.ts'
import { Workerd } from './workerd.ts'

export interface Soak {
  /** The first seed. */
  from: number
  /** Plans without faults, one step after the other. What comes of them must be the same in both worlds. */
  calm?: { plans: number; steps: number; scale: number; lanes: number }
  /** Plans as they were drawn, while workerd is killed. */
  storm?: Storm
  say?(line: string): void
}

interface Storm {
  /** Plans are begun for so long. */
  minutes: number
  kills: number
  /** How many plans are played at once. */
  lanes: number
  /** How many times each creation is made, under marks of its own. */
  crowd: number
  /** TIME_SCALE. */
  scale: number
}

/**
 * MiB, in the longest stretch without a kill: after its first minute, and at its end under load; and the jobs between. `heap`: of the
 * Worker and its objects, after a collection of garbage. The others: of the process.
 */
interface Memory {
  first: number
  last: number
  heap: { first: number; last: number }
  jobs: number
}

export interface SoakReport {
  jobs: number
  kills: number
  minutes: number
  violations: string[]
  plans: number
  memory: Memory
  counts: { workerd: Record<string, number>; simulation: Record<string, number> }
}

/** The last third of the time has no kills, so that memory can be watched. */
const KILLED_PART = 2 / 3
/** On a slow machine workerd would else be killed before it has done anything. */
const JOBS_OF_A_LIFE = 10
const SAMPLE_MS = 5000
/** Plans are busy at first and mostly wait later. So they do not all begin at once. */
const STAGGER_MS = 3000
const SAY_EVERY = 6
/** Of the time of the world: for so long alarms are counted at the end. */
const WATCH_MS = 3_600_000
const FIRST_MS = 60_000
/** How often plans in calm are played, and how from the second time on. */
const CALM_TRIES = 3
const SLOWER = { scale: 8, lanes: 2 }
/** MiB of the heap: by so much it differs with what is under way. */
const GROWTH_MAX = 24

export async function soak({ from, calm, storm, say = () => {} }: Soak): Promise<SoakReport> {
  const runs: Run[] = []
  if (calm) {
    const plans = Array.from({ length: calm.plans }, (_, n) =>
      inCalm(fromOutside(drawStormy(from + n)), calm.steps)
    )
    const session = { ...calm, kills: 0, minutes: 0, say }
    let run = await playedIn(session, () => plans.values())
    runs.push(run)
    // A machine that stood still for seconds also explains a difference: then it does not come again.
    for (let n = 1; n < CALM_TRIES && run.different.length > 0; n += 1) {
      for (const [{ seed }, found] of run.different) say(`${seed} is played again: ${found[0]}`)
      const again = run.different.map(([plan]) => plan)
      run = await playedIn({ ...session, ...SLOWER }, () => again.values())
      runs.push(run)
    }
    for (const [{ seed }, found] of run.different)
      run.violations.push(...found.map((text) => `${seed}: other than simulated: ${text}`))
  }
  if (storm) {
    const { minutes, crowd } = storm
    runs.push(
      await playedIn({ ...storm, say }, function* (isOver) {
        for (let seed = from; !isOver(minutes); seed += 1)
          yield crowded(fromOutside(drawStormy(seed)), crowd)
      })
    )
  }
  return reportOf(runs)
}

interface Session {
  scale: number
  lanes: number
  kills: number
  minutes: number
  say(line: string): void
}

/** One workerd, with all that is played at it. */
async function playedIn(
  session: Session,
  plans: (isOver: (minutes: number) => boolean) => Iterator<Plan>
): Promise<Run> {
  const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-soak-'))
  const outside = await Outside.open()
  const workerd = await Workerd.start(outside.url, folder, session.scale)
  try {
    const run = new Run(session, workerd, outside)
    await run.play(plans((minutes) => run.minutes >= minutes))
    if (session.kills > 0) await run.watchSleepers()
    await workerd.dispose()
    await run.lookAtFiles()
    await run.simulate()
    return run
  } finally {
    await workerd.dispose().catch(() => undefined)
    await outside.close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Sample {
  at: number
  kills: number
  jobs: number
  mib: number
  heap: number
}

class Run {
  readonly played: Played[] = []
  readonly violations: string[] = []
  readonly simulated = new Map<Plan, Story>()
  /** How long plans were played. */
  playedMinutes = 0
  readonly #session: Session
  readonly #stage: Stage
  readonly #began = Date.now()
  readonly #samples: Sample[] = []
  #killed = { at: Date.now(), jobs: 0 }

  constructor(session: Session, workerd: Workerd, outside: Outside) {
    this.#session = session
    this.#stage = {
      ...{ workerd, outside, scale: session.scale, playing: new Map() },
      kill: () => this.#kill(),
    }
  }

  get minutes(): number {
    return (Date.now() - this.#began) / 60_000
  }

  get kills(): number {
    return this.#stage.workerd.kills
  }

  async play(plans: Iterator<Plan>): Promise<void> {
    const sampling = setInterval(() => void this.#sample(), SAMPLE_MS)
    const killing = setInterval(() => this.#kill(), Math.max(1000, this.#killEveryMs() / 4))
    await this.#playAll(plans)
    clearInterval(killing)
    clearInterval(sampling)
    this.playedMinutes = this.minutes
  }

  async #playAll(plans: Iterator<Plan>): Promise<void> {
    const lane = async (_: unknown, n: number) => {
      if (this.#session.kills > 0) await new Promise((go) => setTimeout(go, n * STAGGER_MS))
      for (let next = plans.next(); !next.done; next = plans.next()) {
        const played = await playAt(this.#stage, next.value)
        this.played.push(played)
        for (const text of played.violations) this.#violated(next.value.seed, text)
      }
    }
    await Promise.all(Array.from({ length: this.#session.lanes }, lane))
  }

  #violated(seed: number | string, text: string): void {
    this.violations.push(`${seed}: ${text}`)
    this.#say(`VIOLATION ${seed}: ${text.slice(0, 1500)}`)
  }

  #killEveryMs(): number {
    const { minutes, kills } = this.#session
    return (minutes * 60_000 * KILLED_PART) / Math.max(1, kills)
  }

  /** At most as often as was ordered: many plans want it. */
  #kill(): void {
    const { kills, minutes } = this.#session
    const { at, jobs } = this.#killed
    const isOften = Date.now() - at < this.#killEveryMs() || this.jobs - jobs < JOBS_OF_A_LIFE
    if (isOften || this.kills >= kills || this.minutes > minutes) return
    this.#killed = { at: Date.now(), jobs: this.jobs }
    this.#stage.workerd.kill().catch((error: unknown) => this.#violated('workerd', String(error)))
  }

  get jobs(): number {
    const playing = [...this.#stage.playing.values()].reduce((sum, one) => sum + one.jobs(), 0)
    return playing + this.played.reduce((sum, one) => sum + one.jobs, 0)
  }

  async #sample(): Promise<void> {
    const { workerd, playing } = this.#stage
    const { kills } = workerd
    const mib = await workerd.memory().catch(() => NaN)
    const heap = await workerd.heap().catch(() => NaN)
    if (Number.isNaN(mib + heap) || workerd.kills > kills) return
    const at = Date.now() - this.#began
    this.#samples.push({ at, kills, jobs: this.jobs, mib, heap })
    if (this.#samples.length % SAY_EVERY !== 1) return
    const numbers = `${this.jobs} jobs, ${workerd.kills} kills, ${this.played.length} plans over`
    this.#say(
      `${numbers}, ${playing.size} playing, RSS ${mib.toFixed(0)} MiB, heap ${heap.toFixed(1)}`
    )
  }

  #say(line: string): void {
    this.#session.say(`${((Date.now() - this.#began) / 1000).toFixed(0)} s  ${line}`)
  }

  /** I2: once nothing is owed, objects sleep. */
  async watchSleepers(): Promise<void> {
    const { workerd } = this.#stage
    const before = await workerd.rings()
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS / this.#session.scale))
    for (const [name, rings] of Object.entries(await workerd.rings())) {
      const woken = rings - (before[name] ?? 0)
      if (woken > RINGS_A_DAY)
        this.#violated('workerd', `I2 ${name} woke ${woken} times in an hour`)
    }
  }

  /** I2 and I6 in what workerd has written. */
  async lookAtFiles(): Promise<void> {
    const { workerd } = this.#stage
    for (const row of await workerd.leases())
      this.#violated('workerd', `I2 a lease at rest: ${row}`)
    for (const row of await workerd.queued())
      this.#violated('workerd', `line: an item at rest: ${row.slice(0, 800)}`)
    const find = secretsIn(this.played.flatMap(({ secrets }) => secrets))
    for (const line of workerd.logs)
      for (const secret of find(line))
        this.#violated('workerd', `I6 ${secret.slice(0, 10)}… in the log: ${line.slice(0, 200)}`)
    for await (const { name, bytes } of workerd.files())
      for (const secret of find(bytes.toString('latin1')))
        this.#violated('workerd', `I6 ${secret.slice(0, 10)}… in ${path.basename(name)}`)
  }

  async simulate(): Promise<void> {
    this.#say('the simulation plays the same plans')
    const plans = this.played.map(({ plan }) => plan)
    await playAll(plans, {
      processes: 1,
      onOutcome: ({ seed, violations, story }, plan) => {
        for (const text of violations) this.#violated(`${seed} simulated`, text)
        if (story && typeof plan !== 'number') this.simulated.set(plan, story)
      },
    })
    for (const { plan, story } of this.played) {
      const simulated = this.simulated.get(plan)
      if (!simulated || plan.isInTurn === true) continue
      for (const text of unexplained(plan, simulated, story))
        this.#violated(plan.seed, `other than simulated: ${text}`)
    }
  }

  /** Plans in calm of which something else came than in the simulation, with what. */
  get different(): [Plan, string[]][] {
    return this.played.flatMap(({ plan, story }): [Plan, string[]][] => {
      const simulated = this.simulated.get(plan)
      if (!simulated || plan.isInTurn !== true) return []
      const found = differences(simulated, story)
      return found.length === 0 ? [] : [[plan, found]]
    })
  }

  /** A killed process begins anew, so the longest stretch of one process counts. */
  memory(): Memory {
    const stretches = [...Map.groupBy(this.#samples, ({ kills }) => kills).values()]
    const longest = stretches.toSorted((one, other) => other.length - one.length)[0] ?? []
    const begin = (longest[0]?.at ?? 0) + FIRST_MS
    const warm = longest.filter(({ at }) => at >= begin)
    const used = warm.length > 1 ? warm : longest
    const [head, tail] = [used[0], used.at(-1)]
    const few = Math.max(1, Math.min(12, Math.floor(used.length / 2)))
    const [early, late] = [used.slice(0, few), used.slice(-few)]
    return {
      first: median(early.map(({ mib }) => mib)),
      last: median(late.map(({ mib }) => mib)),
      heap: {
        first: median(early.map(({ heap }) => heap)),
        last: median(late.map(({ heap }) => heap)),
      },
      jobs: (tail?.jobs ?? 0) - (head?.jobs ?? 0),
    }
  }
}

function reportOf(runs: readonly Run[]): SoakReport {
  const played = runs.flatMap((run) => run.played)
  const stormy = played.filter(({ plan }) => plan.isInTurn !== true)
  const simulated = runs.flatMap((run) => [...run.simulated])
  const last = runs.at(-1)
  const memory = last?.memory() ?? { first: 0, last: 0, heap: { first: 0, last: 0 }, jobs: 0 }
  return {
    jobs: runs.reduce((sum, run) => sum + run.jobs, 0),
    kills: runs.reduce((sum, run) => sum + run.kills, 0),
    minutes: runs.reduce((sum, run) => sum + run.playedMinutes, 0),
    violations: [...runs.flatMap((run) => run.violations), ...grown(memory)],
    ...{ plans: played.length, memory },
    counts: {
      workerd: countsOf(stormy.map(({ story }) => story)),
      simulation: countsOf(
        simulated.flatMap(([plan, story]) => (plan.isInTurn === true ? [] : [story]))
      ),
    },
  }
}

/** What is kept of a job must not stay in memory. */
function grown({ heap, jobs }: Memory): string[] {
  const mib = heap.last - heap.first
  if (mib <= GROWTH_MAX) return []
  return [`the heap grew by ${mib.toFixed(1)} MiB in ${jobs} jobs, and ${GROWTH_MAX} are allowed`]
}

function median(samples: number[]): number {
  const sorted = samples.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** A plan whose costs are measured has no faults, and waits for half an hour between its steps. */
function drawStormy(seed: number): Plan {
  const plan = drawPlan(seed)
  return plan.isMeasured === true ? drawPlan(seed + 1_000_001) : plan
}

/** The report as text for people. Its last line says the most important. */
export function printed({ jobs, kills, minutes, violations, plans, memory, counts }: SoakReport) {
  const { first, last, heap } = memory
  return [
    ...violations.map((text) => text.slice(0, 1500)),
    `${plans} plans; over ${memory.jobs} jobs without a kill the heap went from ${heap.first.toFixed(1)} to ${heap.last.toFixed(1)} MiB`,
    `in workerd:        ${JSON.stringify(counts.workerd)}`,
    `in the simulation: ${JSON.stringify(counts.simulation)}`,
    `${jobs} jobs, ${kills} kills, ${minutes.toFixed(1)} minutes, ${violations.length} violations, RSS ${first.toFixed(0)} → ${last.toFixed(0)} MiB`,
  ]
}
