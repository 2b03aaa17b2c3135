/** The HeyGen of a storm: the witness, which is hostile by itself, or the simulator with every fault that it has. */
import type { Books } from './storm-checks.ts'
import { Simulator, type SimJob } from '../simulator.ts'
import { Witness } from '../witness/witness.ts'
import type { KeyMode, TimeForm } from '../witness/witness-types.ts'
import { kindNamed, markIn } from '../witness/witness-kinds.ts'
import { hookAt } from '../witness/witness-gateway.ts'
import { Chance } from '../witness/witness-random.ts'
import { endpointsOf, hookOf } from '../scenes/hooked.ts'
import { VIDEO, type Gateway } from '../gateway.ts'

export interface World {
  simulator: Simulator
  kinds: readonly string[]
  /** Whether several creations may have one title, so that something else must identify them. */
  allowsEqualTitles: boolean
  /** A call that makes a creation. `path` is HeyGen's own. */
  creation(kind: string, mark: string): { path: string; body: Record<string, unknown> }
  hooked(gateway: Gateway, name: string): Promise<unknown>
  /** Turns the faults on. `lateMs`: how late a late webhook is. */
  rage(accounts: string[], lateMs: number, timeScale: number): Promise<void>
  /** Makes the next `times` accepted creations lose their answer. */
  loseAnswers(times: number): Promise<void>
  /** Makes something go wrong with one account for a while. */
  trouble(account: string, forMs: number): Promise<void>
  /** Makes calls work again. Webhooks do not change. */
  calm(): Promise<void>
  accepted(): Promise<number>
  books(): Promise<Books>
  /** Webhooks that will still be tried. */
  due(): Promise<string[]>
  /** How many calls came so far. */
  callCount(): Promise<number>
  /** Further things that must not happen, as sentences. */
  oddities(): string[]
  close(): Promise<void>
}

/** The kinds that the gateway can find by their key: a closed list (contract 14.1). */
const ASKED = new Set(['video', 'translation', 'lipsync', 'clipping'])
/** The behaviour of the accounts, in their order. */
const KEYS: KeyMode[] = ['first', 'first', 'stores', 'validates', 'ignores', 'first']
const TIMES: TimeForm[] = ['millis', 'millis', 'millis', 'missing', 'millis', 'zero']
const SKEW_S = [0, -30, 30, 0, 0, 0]

export async function witnessWorld(seed: number, jobMs: number): Promise<World> {
  const witness = await Witness.open({ seed, jobMs, keys: 'first', times: 'millis' })
  const simulator = new Simulator(witness.url, async () => undefined)
  const isTraceable = (creation: (typeof witness.creations)[number]) => {
    const { keys } = witness.account(creation.account)
    const kind = kindNamed(creation.kind)
    const [job] = creation.jobs
    const hasCallback =
      kind.showsCallback && job !== undefined && witness.job(job).callbackId !== null
    return hasCallback || (ASKED.has(creation.kind) && (keys === 'first' || keys === 'stores'))
  }
  return {
    simulator,
    kinds: [
      ...Array.from({ length: 6 }, () => 'video'),
      ...['translation', 'translation', 'lipsync', 'lipsync', 'agent', 'clipping'],
      ...['background', 'render', 'podcast', 'run'],
    ],
    allowsEqualTitles: true,
    creation: (kind, mark) => ({ path: kindNamed(kind).path, body: kindNamed(kind).body(mark) }),
    hooked: (_, name) => hookAt(witness, name),
    rage: async (accounts, lateMs, timeScale) => {
      accounts.forEach((name, n) => {
        const skewMs = ((SKEW_S[n % 6] ?? 0) * 1000) / timeScale
        Object.assign(witness.account(name), { keys: KEYS[n % 6], times: TIMES[n % 6], skewMs })
      })
      witness.hooks.rates = {
        lose: 0.2,
        double: 0.2,
        late: 0.2,
        lateMs,
        shuffleMs: 400,
        forge: 0.05,
      }
      Object.assign(witness, { earlyRate: 0.1, failRate: 0.05, sameIdRate: 0.05 })
      witnessFaults(witness)
    },
    loseAnswers: async (times) =>
      witness.fault({ isCreation: true }, { reset: 'after' }, { times }),
    trouble: async (name, forMs) => {
      const { chance } = witness
      const kind = chance.pick(['edge', 'rows', 'list'])
      if (kind === 'rows') return void witness.addForeign(name, 'video', 120, { title: 'Demo' })
      if (kind === 'edge') {
        witness.account(name).isEdgeLost = true
        await new Promise((resolve) => setTimeout(resolve, forMs))
        witness.account(name).isEdgeLost = false
        return
      }
      const match = { method: 'GET', account: name, path: '/v3/*' }
      witness.fault(match, { status: 503 }, { times: 20 })
    },
    calm: async () => {
      witness.clearFaults()
      for (const account of witness.accounts.values()) account.isEdgeLost = false
    },
    accepted: async () => witness.creations.length,
    books: async () => ({
      accounts: [...witness.accounts.values()],
      creations: witness.creations.map((creation) => ({
        mark: creation.mark ?? creation.body.slice(0, 60),
        account: creation.account,
        jobs: creation.jobs.map((id) => {
          const job = witness.job(id)
          return { id, isDone: job.word === job.kind.done, isOver: job.isOver }
        }),
        isTraceable: isTraceable(creation),
      })),
    }),
    due: async () =>
      witness.hooks.underWay.map(({ jobId, answers }) => `${jobId}: ${answers.join(' ')}`),
    callCount: async () => witness.calls.length,
    oddities: () =>
      witness.hooks.believed.map(({ jobId }) => `a forged event of ${jobId} was believed`),
    close: () => witness.close(),
  }
}

function witnessFaults(witness: Witness): void {
  const always = { times: Infinity }
  const creation = { isCreation: true }
  witness.fault(creation, { reset: 'after' }, { ...always, rate: 0.04 })
  witness.fault(creation, { reset: 'before' }, { ...always, rate: 0.02 })
  witness.fault(creation, { hang: 'after' }, { ...always, rate: 0.01 })
  witness.fault(creation, { cut: true }, { ...always, rate: 0.01 })
  witness.fault(creation, { nonsense: true }, { ...always, rate: 0.01 })
  witness.fault(creation, { status: 502, when: 'after' }, { ...always, rate: 0.02 })
  witness.fault(creation, { status: 503 }, { ...always, rate: 0.01 })
  const busy = { status: 429, headers: { 'retry-after': '1' } }
  witness.fault(creation, busy, { ...always, rate: 0.005 })
  witness.fault(creation, { slowMs: 300 }, { ...always, rate: 0.05 })
  const reading = { method: 'GET', path: '/v3/*' }
  witness.fault(reading, { reset: 'after' }, { ...always, rate: 0.02 })
  witness.fault(reading, { status: 500 }, { ...always, rate: 0.03 })
  witness.fault(reading, { nonsense: true }, { ...always, rate: 0.02 })
  witness.fault(reading, { cut: true }, { ...always, rate: 0.01 })
  witness.fault(reading, { hang: 'before' }, { ...always, rate: 0.002 })
  const asking = { method: 'POST', path: '/v3/*' }
  witness.fault(asking, { slowMs: 20 }, { ...always, rate: 0.1 })
}

interface SimWebhook {
  account: string
  endpointId: string | null
  url: string
  attempts: number
  lastStatus: number | null
  lastError: string | null
}

interface StormJob extends SimJob {
  title: string | null
  row: string
}

export async function simulatorWorld(seed: number, jobMs: number): Promise<World> {
  const sim = await Simulator.start({ vars: { JOB_MS: String(jobMs) } })
  const chance = new Chance(seed)
  const jobsNow = async () => {
    const { accounts, jobs } = await sim.state()
    return { accounts, jobs: (jobs as StormJob[]).filter(({ row }) => row !== 'outside') }
  }
  const markOf = ({ title, callbackId }: StormJob) =>
    markIn(title ?? '') ?? markIn(callbackId ?? '') ?? ''
  return {
    simulator: sim,
    kinds: ['video', 'video', 'video', 'lipsync', 'translation'],
    allowsEqualTitles: false,
    creation: (kind, mark) => {
      const { path, body } = kindNamed(kind)
      const like =
        kind === 'video'
          ? { ...VIDEO, script: chance.isHit(0.05) ? `${mark} [fail]` : mark }
          : body(mark)
      return { path, body: { ...like, title: mark } }
    },
    hooked: (gateway, name) => hookOf(gateway, name),
    rage: async (_, lateMs) => {
      const hooks = {
        loseRate: 0.2,
        doubleRate: 0.2,
        lateRate: 0.2,
        lateMs,
        earlyRate: 0.1,
        reorderRate: 0.1,
      }
      await sim.settings(hooks)
      for (const { match, effect, rate } of SIM_FAULTS) {
        await sim.control('POST', '/faults', { match, effect, probability: rate })
      }
    },
    loseAnswers: async (times) => {
      const match = { method: 'POST', path: '/v3/videos' }
      await sim.fault({ match, times, effect: { reset: 'after' } })
    },
    trouble: async (name, forMs) => {
      const account = `${name}@example.com`
      const effect = chance.pick([
        { status: 503 },
        { latencyMs: 200 },
        { status: 401 },
        { badJson: true },
      ])
      const { key } = await sim.control<{ key: string }>('POST', '/faults', {
        match: { method: 'GET', account },
        effect,
      })
      await new Promise((resolve) => setTimeout(resolve, forMs))
      await sim.control('DELETE', `/faults/${key}`)
    },
    calm: async () => void (await sim.clearFaults()),
    accepted: async () => (await jobsNow()).jobs.length,
    books: async () => {
      const { accounts, jobs } = await jobsNow()
      return {
        accounts: accounts.map(({ email, maxInFlight }) => ({ email, maxInFlight, most: [] })),
        // Each creation makes one job here, so a second job means a second creation.
        creations: jobs.map((job) => ({
          mark: markOf(job),
          account: job.account,
          jobs: [
            {
              id: job.id,
              isDone: job.status === 'completed',
              isOver: !['running', 'queued'].includes(job.status),
            },
          ],
          isTraceable: true,
        })),
      }
    },
    due: async () => {
      const due = await sim.control<SimWebhook[]>('GET', '/webhooks?state=due')
      const names = [...new Set(due.map(({ account }) => account.split('@')[0] ?? ''))]
      const standing = new Set(
        (await Promise.all(names.map((name) => endpointsOf({ sim }, name)))).flatMap((all) =>
          all.map(({ id }) => id)
        )
      )
      // If the gateway was killed before it saved HeyGen's answer, it never knew the secret of this webhook, and registered
      // another.
      const isRemoved = ({ endpointId }: SimWebhook) =>
        endpointId !== null && !standing.has(endpointId)
      return due
        .filter((one) => !isRemoved(one))
        .map(
          ({ attempts, lastStatus, lastError }) =>
            `${attempts} attempts, ${lastStatus ?? lastError}`
        )
    },
    callCount: async () =>
      (await sim.control<{ requests: number }>('GET', '/state?jobs=none')).requests,
    oddities: () => [],
    close: () => sim.dispose(),
  }
}

const CREATE = { method: 'POST', kind: 'creates-job' }
const READ = { method: 'GET' }

/** Every fault for HeyGen that simulator/faults/effects.ts has. */
const SIM_FAULTS: { match: object; effect: object; rate: number }[] = [
  { match: CREATE, effect: { reset: 'after' }, rate: 0.04 },
  { match: CREATE, effect: { reset: 'before' }, rate: 0.02 },
  { match: CREATE, effect: { hang: true }, rate: 0.005 },
  { match: CREATE, effect: { badJson: true }, rate: 0.01 },
  { match: CREATE, effect: { truncate: true }, rate: 0.01 },
  { match: CREATE, effect: { latencyMs: 300 }, rate: 0.05 },
  { match: CREATE, effect: { status: 500 }, rate: 0.01 },
  { match: CREATE, effect: { status: 504 }, rate: 0.005 },
  { match: CREATE, effect: { status: 429, headers: { 'retry-after': '1' } }, rate: 0.005 },
  { match: CREATE, effect: { status: 400 }, rate: 0.005 },
  { match: CREATE, effect: { redirect: 'https://example.com/elsewhere' }, rate: 0.002 },
  { match: READ, effect: { reset: 'before' }, rate: 0.01 },
  { match: READ, effect: { reset: 'after' }, rate: 0.01 },
  { match: READ, effect: { badJson: true }, rate: 0.01 },
  { match: READ, effect: { truncate: true }, rate: 0.01 },
  { match: READ, effect: { status: 500 }, rate: 0.02 },
  { match: READ, effect: { status: 503 }, rate: 0.01 },
  { match: READ, effect: { latencyMs: 200 }, rate: 0.02 },
]
