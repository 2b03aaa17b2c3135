/** Draws a plan by its seed. A seed draws the same plan for ever, so a change here gives every seed another one. */
import { KINDS } from '../../test/support/witness/witness-kinds.ts'
import { Chance } from '../world/chance.ts'
import { CALM, type Rates } from '../platform/universe.ts'
import { CALM_HEYGEN, type HeygenRates } from '../witness/books.ts'
import type { Action, Plan, PlannedAccount, PlannedCreation, Step } from './plan.ts'

const NAMES = ['ada', 'bob', 'cyd', 'eve', 'fay', 'gus']
const LOOKS = [
  '/v1/heygen/scheduler',
  '/v1/heygen/scheduler/available',
  '/v1/heygen/jobs',
  '/v1/heygen/accounts',
  '/v1/deliveries',
  '/heygen/v3/videos?limit=5',
]

export function drawPlan(seed: number): Plan {
  const chance = new Chance(seed)
  const tenants = Array.from({ length: 1 + chance.index('tenants', 2) }, () => ({
    endpoints: chance.index('endpoints', 3),
  }))
  const accounts = NAMES.slice(0, tenants.length + chance.index('accounts', 4)).map((name, n) =>
    drawAccount(chance, name, n < tenants.length ? n : chance.index('owner', tenants.length))
  )
  const rageMs = chance.between('rage', 300_000, 1_800_000)
  const creations = Array.from({ length: 6 + chance.index('creations', 22) }, (_, n) =>
    drawCreation(chance, `mark-${seed}-${n}`, tenants.length)
  )
  const others = Array.from({ length: chance.index('others', 10) }, () =>
    drawOther(chance, accounts, creations, tenants.length)
  )
  const burst = chance.pick('burst', [0.05, 0.3, 1])
  const steps: Step[] = [
    ...creations.map((action) => ({ after: chance.next('when') * rageMs * burst, action })),
    ...others.map((action) => ({ after: chance.next('when') * rageMs, action })),
  ]
  return {
    seed,
    places: ['fra', 'iad'].slice(0, 1 + chance.index('places', 2)),
    isolates: 1 + chance.index('isolates', 3),
    skewMs: chance.pick('skew', [0, 0, 200, 2000]),
    tenants,
    accounts,
    rates: drawRates(chance),
    heygen: drawHeygen(chance),
    rageMs,
    steps: steps.toSorted((one, other) => one.after - other.after),
  }
}

function drawAccount(chance: Chance, name: string, tenant: number): PlannedAccount {
  return {
    tenant,
    name,
    maxJobs: 1 + chance.index('max jobs', 4),
    keys: chance.pick('keys', ['first', 'first', 'stores', 'validates', 'ignores'] as const),
    times: chance.pick('times', ['seconds', 'millis', 'millis', 'missing', 'zero'] as const),
    skewMs: chance.pick('heygen skew', [0, 0, -30_000, 30_000]),
  }
}

function drawCreation(chance: Chance, mark: string, tenants: number): PlannedCreation {
  const leaves = chance.isHit('leaves', 0.1)
  return {
    do: 'create',
    tenant: chance.index('tenant', tenants),
    mark,
    kind: chance.pick('kind', ['video', 'video', ...KINDS.map(({ name }) => name)]),
    isKeyed: chance.isHit('keyed', 0.35),
    isNamed: chance.isHit('named', 0.5),
    hasCallbackId: chance.isHit('callback id', 0.5),
    ...(chance.isHit('own', 0.4)
      ? { own: chance.pick('manner', ['told', 'told', 'flaky', 'dead'] as const) }
      : {}),
    languages: 1 + chance.index('languages', 3),
    waits: chance.isHit('waits', 0.5),
    ...(leaves ? { leavesAfterMs: chance.between('leaves after', 1, 3000) } : {}),
    polls: chance.isHit('polls', 0.3) ? 1 + chance.index('poll count', 6) : 0,
  }
}

function drawOther(
  chance: Chance,
  accounts: PlannedAccount[],
  creations: PlannedCreation[],
  tenants: number
): Action {
  const account = chance.pick('whose', accounts).name
  const actions: Action[] = [
    { do: 'limit', account, maxJobs: 1 + chance.index('new limit', 4) },
    { do: 'remove', account, isNow: chance.isHit('now', 0.3) },
    { do: 'add', account },
    { do: 'untrack', mark: chance.pick('untracked', creations).mark },
    { do: 'refuse key', account, forMs: chance.between('refused', 1000, 600_000) },
    { do: 'look', tenant: chance.index('looks', tenants), at: chance.pick('look', LOOKS) },
    { do: 'kill isolate' },
    { do: 'crash object', n: chance.index('object', 8) },
  ]
  return chance.pick('other', actions)
}

/** Most worlds have few kinds of faults, so that the faults do not hide each other. */
function drawRates(chance: Chance): Rates {
  const rate = (of: string, most: number) =>
    chance.isHit(`has ${of}`, 0.35) ? chance.between(of, 0, most) : 0
  return {
    objects: {
      loseCall: rate('lose call', 0.1),
      loseAnswer: rate('lose answer', 0.1),
      doubleCall: rate('double call', 0.2),
      crashAtStatement: rate('crash at statement', 0.02),
      crashBeforeFlush: rate('crash before flush', 0.05),
      crashInCall: rate('crash in call', 0.08),
      slowCall: rate('slow call', 0.05),
    },
    network: {
      resetBefore: rate('reset before', 0.1),
      resetAfter: rate('reset after', 0.15),
      slow: rate('slow', 0.05),
    },
    kv: { ...CALM.kv, fail: rate('kv fails', 0.1), fresh: chance.pick('fresh', [1, 0.5, 0]) },
  }
}

function drawHeygen(chance: Chance): HeygenRates {
  const rate = (of: string, most: number) =>
    chance.isHit(`has ${of}`, 0.35) ? chance.between(of, 0, most) : 0
  const longest = chance.pick('longest job', [30_000, 480_000, 3_600_000])
  return {
    ...CALM_HEYGEN,
    failBefore: rate('fail before', 0.2),
    failAfter: rate('fail after', 0.2),
    cut: rate('cut', 0.1),
    early: rate('early', 0.2),
    jobFails: rate('job fails', 0.4),
    jobMs: { least: 5000, most: longest },
    eventLost: rate('event lost', 1),
    eventDoubled: rate('event doubled', 0.4),
    eventLate: rate('event late', 0.5),
    eventForged: rate('event forged', 0.3),
  }
}
