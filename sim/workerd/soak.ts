/**
 * The plans of the simulation against the real Worker in workerd, many at once, with SIGKILL of the process and time that runs faster
 * (TIME_SCALE). Clients, HeyGen, receivers and checkers are those of the simulation. Then the simulation plays the same plans, and what
 * came of them is compared. Used by `npm run soak` and by tests.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { RINGS_A_DAY } from '../checkers/sleep.ts'
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
  /** TIME_SCALE. */
  scale: number
  /** How many plans are played at once. */
  lanes: number
  /** So many plans without faults come first, before anything is killed. What comes of them must be the same in both worlds. */
  calmPlans: number
  /** Steps of these, at most. */
  calmSteps?: number
  /** Plans are begun until so many minutes are over, and there are so many plans. */
  minutes: number
  plans: number
  /** How many times each creation of these plans is made. */
  crowd: number
  kills: number
  say?(line: string): void
}

export interface SoakReport {
  jobs: number
  kills: number
  minutes: number
  violations: string[]
  plans: number
  /** MiB, of the longest stretch without a kill: after its first minute, and at its end under load. */
  memory: { first: number; last: number; jobs: number }
  counts: { workerd: Record<string, number>; simulation: Record<string, number> }
}

/** The last third of the time has no kills, so that memory can be watched. */
const KILLED_PART = 2 / 3
const SAMPLE_MS = 5000
const SAY_EVERY = 6
/** Of the time of the world: for so long alarms are counted at the end. */
const WATCH_MS = 3_600_000
const FIRST_MS = 60_000
/** Rounds of garbage collection differ by this. */
const GROWTH_MAX = { mib: 96, mibOfThousandJobs: 32 }

export async function soak(how: Soak): Promise<SoakReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-soak-'))
  const outside = await Outside.open()
  const workerd = await Workerd.start(outside.url, folder, how.scale)
  try {
    const run = new Run(how, workerd, outside)
    await run.play()
    await run.lookInside()
    await workerd.dispose()
    await run.lookAtFiles()
    await run.simulate()
    return run.report()
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
}

class Run {
  readonly #how: Soak
  readonly #stage: Stage
  readonly #began = Date.now()
  readonly #played: Played[] = []
  readonly #simulated = new Map<Plan, Story>()
  readonly #samples: Sample[] = []
  readonly #violations: string[] = []
  #killed = 0
  #minutes = 0

  constructor(how: Soak, workerd: Workerd, outside: Outside) {
    this.#how = how
    this.#stage = {
      ...{ workerd, outside, scale: how.scale, playing: new Map() },
      kill: () => this.#kill(),
    }
  }

  async play(): Promise<void> {
    const { calmPlans, calmSteps, plans, from, minutes, crowd } = this.#how
    const sampling = setInterval(() => void this.#sample(), SAMPLE_MS)
    const calm = Array.from({ length: calmPlans }, (_, n) =>
      inCalm(fromOutside(drawPlan(10_000 + from + n)), calmSteps)
    )
    await this.#playAll(calm.values())
    this.#say('the plans in calm are over')
    const killing = setInterval(() => this.#kill(), Math.max(1000, this.#killEveryMs() / 4))
    const begun = Date.now()
    let n = 0
    const isMore = () => n < plans || Date.now() - begun < minutes * 60_000
    const more = function* () {
      for (; isMore(); n += 1) yield crowded(fromOutside(drawStormy(from + n)), crowd)
    }
    await this.#playAll(more())
    clearInterval(killing)
    clearInterval(sampling)
    this.#minutes = (Date.now() - this.#began) / 60_000
  }

  async #playAll(plans: Iterator<Plan>): Promise<void> {
    const lane = async () => {
      for (let next = plans.next(); !next.done; next = plans.next()) {
        const played = await playAt(this.#stage, next.value)
        this.#played.push(played)
        for (const text of played.violations) this.#violated(next.value.seed, text)
      }
    }
    await Promise.all(Array.from({ length: this.#how.lanes }, lane))
  }

  #violated(seed: number | string, text: string): void {
    this.#violations.push(`${seed}: ${text}`)
    this.#say(`VIOLATION ${seed}: ${text.slice(0, 600)}`)
  }

  #killEveryMs(): number {
    const { minutes, kills } = this.#how
    return (minutes * 60_000 * KILLED_PART) / Math.max(1, kills)
  }

  /** At most as often as was ordered: many plans want it. */
  #kill(): void {
    const { kills, minutes } = this.#how
    const isOften = Date.now() - this.#killed < this.#killEveryMs()
    if (kills === 0 || isOften || this.#stage.workerd.kills >= kills) return
    if (minutes > 0 && Date.now() - this.#began > minutes * 60_000 * (KILLED_PART + 0.1)) return
    this.#killed = Date.now()
    this.#stage.workerd.kill().catch((error: unknown) => this.#violated('workerd', String(error)))
  }

  get #jobs(): number {
    const playing = [...this.#stage.playing.values()].reduce((sum, one) => sum + one.jobs(), 0)
    return playing + this.#played.reduce((sum, one) => sum + one.jobs, 0)
  }

  async #sample(): Promise<void> {
    const { workerd, playing } = this.#stage
    const mib = await workerd.memory().catch(() => NaN)
    if (Number.isNaN(mib)) return
    const at = Date.now() - this.#began
    this.#samples.push({ at, kills: workerd.kills, jobs: this.#jobs, mib })
    if (this.#samples.length % SAY_EVERY !== 1) return
    const numbers = `${this.#jobs} jobs, ${workerd.kills} kills, ${this.#played.length} plans over`
    this.#say(`${numbers}, ${playing.size} playing, RSS ${mib.toFixed(0)} MiB`)
  }

  #say(line: string): void {
    this.#how.say?.(`${((Date.now() - this.#began) / 1000).toFixed(0)} s  ${line}`)
  }

  /** I2: once nothing is owed, objects sleep. */
  async lookInside(): Promise<void> {
    const { workerd } = this.#stage
    const before = await workerd.rings()
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS / this.#how.scale))
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
    const find = secretsIn(this.#played.flatMap(({ secrets }) => secrets))
    for (const line of workerd.logs)
      for (const secret of find(line))
        this.#violated('workerd', `I6 ${secret.slice(0, 10)}… in the log: ${line.slice(0, 200)}`)
    for await (const { name, bytes } of workerd.files())
      for (const secret of find(bytes.toString('latin1')))
        this.#violated('workerd', `I6 ${secret.slice(0, 10)}… in ${path.basename(name)}`)
  }

  async simulate(): Promise<void> {
    this.#say('the simulation plays the same plans')
    const plans = this.#played.map(({ plan }) => plan)
    await playAll(plans, {
      processes: 1,
      onOutcome: ({ seed, violations, story }, plan) => {
        for (const text of violations) this.#violated(`${seed} simulated`, text)
        if (story && typeof plan !== 'number') this.#simulated.set(plan, story)
      },
    })
    for (const { plan, story } of this.#played) {
      const simulated = this.#simulated.get(plan)
      if (!simulated) continue
      const wrong =
        plan.isInTurn === true ? differences(simulated, story) : unexplained(simulated, story)
      for (const text of wrong) this.#violated(plan.seed, `other than simulated: ${text}`)
    }
  }

  report(): SoakReport {
    const stormy = this.#played.filter(({ plan }) => plan.isInTurn !== true)
    const simulated = stormy.flatMap(({ plan }) => this.#simulated.get(plan) ?? [])
    const memory = this.#memory()
    const { mib, mibOfThousandJobs } = GROWTH_MAX
    const most = mib + (mibOfThousandJobs * memory.jobs) / 1000
    if (memory.last - memory.first > most)
      this.#violated('workerd', `memory grew by more than ${most} MiB: ${JSON.stringify(memory)}`)
    return {
      ...{ jobs: this.#jobs, kills: this.#stage.workerd.kills, minutes: this.#minutes },
      ...{ violations: this.#violations, plans: this.#played.length, memory },
      counts: {
        workerd: countsOf(stormy.map(({ story }) => story)),
        simulation: countsOf(simulated),
      },
    }
  }

  /** A killed process begins anew, so the longest stretch of one process counts. */
  #memory(): SoakReport['memory'] {
    const stretches = [...Map.groupBy(this.#samples, ({ kills }) => kills).values()]
    const longest = stretches.toSorted((one, other) => other.length - one.length)[0] ?? []
    const begin = (longest[0]?.at ?? 0) + FIRST_MS
    const warm = longest.filter(({ at }) => at >= begin)
    const used = warm.length > 1 ? warm : longest
    const [head, tail] = [used[0], used.at(-1)]
    const few = Math.max(1, Math.min(12, Math.floor(used.length / 2)))
    return {
      first: median(used.slice(0, few)),
      last: median(used.slice(-few)),
      jobs: (tail?.jobs ?? 0) - (head?.jobs ?? 0),
    }
  }
}

function median(samples: Sample[]): number {
  const sorted = samples.map(({ mib }) => mib).toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** A plan whose costs are measured has no faults, and waits for half an hour between its steps. */
function drawStormy(seed: number): Plan {
  const plan = drawPlan(seed)
  return plan.isMeasured === true ? drawPlan(seed + 1_000_001) : plan
}

/** The report as text for people. Its last line says the most important. */
export function printed({ jobs, kills, minutes, violations, plans, memory, counts }: SoakReport) {
  const { first, last } = memory
  return [
    ...violations.map((text) => text.slice(0, 1000)),
    `${plans} plans; memory over ${memory.jobs} jobs without a kill`,
    `in workerd:        ${JSON.stringify(counts.workerd)}`,
    `in the simulation: ${JSON.stringify(counts.simulation)}`,
    `${jobs} jobs, ${kills} kills, ${minutes.toFixed(1)} minutes, ${violations.length} violations, RSS ${first.toFixed(0)} → ${last.toFixed(0)} MiB`,
  ]
}
