/**
 * Compares usage with the simulator's books after a storm: two tokens start jobs of two kinds on three accounts of three slots, some
 * jobs fail, answers and webhooks are lost, and workerd may be killed. The simulator knows every job that it started.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openGateway, until, VIDEO, type Gateway } from '../gateway.ts'
import { hookOf, LOOPBACK } from '../scenes/hooked.ts'
import { Simulator, type SimJob } from '../simulator.ts'
import { Chance } from '../witness/witness-random.ts'
import { kindNamed } from '../witness/witness-kinds.ts'

export interface UsageStormPlan {
  seed: number
  /** How many jobs the simulator must have accepted. */
  jobs: number
  clients: number
  /** workerd is killed after these numbers of accepted jobs. */
  killAt: number[]
  timeScale: number
}

export interface UsageStormReport {
  /** `token route account outcome`, each with its number. The token by its name. */
  books: Record<string, number>
  usage: Record<string, number>
  /** As CSV says it. */
  csv: Record<string, number>
  accepted: number
  kills: number
  lostAnswers: number
}

interface StormJob extends SimJob {
  title: string | null
  row: string
}
interface Row {
  account: string
  token: string
  route: string
  outcome: string
  jobs: number
}

const ACCOUNTS = { ada: 3, bob: 3, eve: 3 }
const KINDS = ['video', 'lipsync'] as const
const TOKENS = ['one', 'two'] as const
const DONE_WITHIN_MS = 300_000

export async function runUsageStorm(plan: UsageStormPlan): Promise<UsageStormReport> {
  const persist = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-usage-'))
  const sim = await Simulator.start({ vars: { JOB_MS: '150' } })
  const gateway = await openGateway({
    simulator: sim,
    timeScale: plan.timeScale,
    vars: { ...LOOPBACK, LEGACY: 'pass' },
    ...(plan.killAt.length === 0 ? {} : { persist }),
  })
  try {
    return await new UsageStorm(plan, gateway).run()
  } finally {
    await gateway.dispose()
    await sim.dispose()
    await rm(persist, { recursive: true, force: true })
  }
}

class UsageStorm {
  readonly #plan: UsageStormPlan
  readonly #gateway: Gateway
  readonly #chance: Chance
  readonly #tokens = new Map<string, { id: string; as: Gateway }>()
  #accepted = 0
  #asked = 0
  #kills = 0
  #lostAnswers = 0
  #isOver = false
  #isDown = false

  constructor(plan: UsageStormPlan, gateway: Gateway) {
    this.#plan = plan
    this.#gateway = gateway
    this.#chance = new Chance(plan.seed)
  }

  async run(): Promise<UsageStormReport> {
    const tenant = 'storm'
    this.#gateway.token = (await this.#gateway.newToken({ tenant })).token
    for (const [name, maxJobs] of Object.entries(ACCOUNTS))
      await this.#gateway.addAccount(name, maxJobs)
    for (const name of TOKENS) {
      const { id, token } = await this.#gateway.newToken({ name, tenant, scope: 'use' })
      this.#tokens.set(name, { id, as: this.#gateway.as(token) })
    }
    for (const name of Object.keys(ACCOUNTS)) await hookOf(this.#gateway, name)
    await this.#rage()
    const watching = this.#watch()
    await Promise.all(Array.from({ length: this.#plan.clients }, () => this.#client()))
    this.#isOver = true
    await watching
    await this.#gateway.sim.clearFaults()
    await this.#settled()
    return {
      books: await this.#books(),
      usage: await this.#usage(),
      csv: await this.#csv(),
      accepted: this.#accepted,
      kills: this.#kills,
      lostAnswers: this.#lostAnswers,
    }
  }

  async #rage(): Promise<void> {
    const { sim } = this.#gateway
    await sim.settings({ loseRate: 0.2, doubleRate: 0.2 })
    const creates = { method: 'POST', kind: 'creates-job' }
    for (const [effect, probability] of [
      [{ reset: 'after' }, 0.04],
      [{ reset: 'before' }, 0.02],
      [{ badJson: true }, 0.01],
      [{ status: 400 }, 0.01],
      [{ status: 429, headers: { 'retry-after': '1' } }, 0.01],
    ] as const)
      await sim.control('POST', '/faults', { match: creates, effect, probability })
  }

  async #client(): Promise<void> {
    while (this.#accepted < this.#plan.jobs) {
      const name = this.#chance.pick(TOKENS)
      const { as } = this.#tokens.get(name) as { as: Gateway }
      const kind = this.#chance.pick(KINDS)
      const { path: at, body } = kindNamed(kind)
      this.#asked += 1
      const title = `mark-${this.#plan.seed}-${this.#asked} of ${name}`
      const isBad = this.#chance.isHit(0.1)
      const like =
        kind === 'video' ? { ...VIDEO, script: isBad ? '[fail]' : 'Hello.' } : body(title)
      const init = { prefer: 'wait=30' }
      const answer = await as.post(`/heygen${at}`, { ...like, title }, init).catch(() => undefined)
      await answer?.body?.cancel().catch(() => undefined)
      if (!answer || answer.status === 424) this.#lostAnswers += 1
      if (answer?.status === 429 || this.#isDown) await wait(50)
      this.#accepted = Math.max(this.#accepted, (await this.#jobs()).length)
    }
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      if (this.#accepted >= (this.#plan.killAt[this.#kills] ?? Infinity)) await this.#kill()
      await wait(30)
    }
  }

  async #kill(): Promise<void> {
    const { pid } = this.#gateway
    if (pid === undefined) throw new Error('no workerd to kill')
    this.#kills += 1
    this.#isDown = true
    process.kill(pid, 'SIGKILL')
    await until(async () => {
      if (this.#gateway.pid === pid) return false
      const signal = AbortSignal.timeout(5000)
      return (await fetch(`${this.#gateway.url}/healthz`, { signal }).catch(() => undefined))?.ok
    })
    this.#isDown = false
  }

  /** Every job is over, and every slot is back. */
  async #settled(): Promise<void> {
    await until(async () => {
      const jobs = await this.#jobs()
      this.#accepted = jobs.length
      return jobs.every(({ status }) => !['running', 'queued'].includes(status))
    }, DONE_WITHIN_MS)
    await until(async () => (await this.#gateway.heldSlots()) === 0, DONE_WITHIN_MS)
  }

  async #jobs(): Promise<StormJob[]> {
    const { jobs } = await this.#gateway.sim.state()
    return (jobs as StormJob[]).filter(({ row }) => row !== 'outside')
  }

  async #books(): Promise<Record<string, number>> {
    const counts = new Map<string, number>()
    for (const { title, row, account, status } of await this.#jobs()) {
      const token = title?.split(' of ')[1] ?? 'nobody'
      add(counts, [token, row, account, status], 1)
    }
    return sorted(counts)
  }

  async #usage(): Promise<Record<string, number>> {
    const answer = await this.#gateway.fetch('/v1/usage')
    const { rows, isWhole } = (await answer.json()) as { rows: Row[]; isWhole: boolean }
    if (!isWhole) throw new Error('usage is not whole')
    return this.#counted(rows)
  }

  async #csv(): Promise<Record<string, number>> {
    const text = await (await this.#gateway.fetch('/v1/usage?format=csv')).text()
    const [head = '', ...lines] = text.trim().split('\r\n')
    const columns = head.split(',')
    const rows = lines.map((line) => {
      const fields = line.split(',')
      return Object.fromEntries(columns.map((column, at) => [column, fields[at]]))
    })
    return this.#counted(rows.map((row) => ({ ...row, jobs: Number(row['jobs']) })) as Row[])
  }

  #counted(rows: readonly Row[]): Record<string, number> {
    const names = new Map([...this.#tokens].map(([name, { id }]) => [id, name]))
    const counts = new Map<string, number>()
    for (const { token, route, account, outcome, jobs } of rows)
      add(counts, [names.get(token) ?? token, route, account, outcome], jobs)
    return sorted(counts)
  }
}

function add(counts: Map<string, number>, name: readonly string[], jobs: number): void {
  const text = name.join(' ')
  counts.set(text, (counts.get(text) ?? 0) + jobs)
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
