/** Draws a plan by its seed. A seed draws the same plan for ever, so a change here gives every seed another one. */
import { KINDS } from '../../test/support/witness/witness-kinds.ts'
import { Chance } from '../world/chance.ts'
import { CALM, type Rates } from '../platform/universe.ts'
import { CALM_HEYGEN, type HeygenRates } from '../witness/books.ts'
import { CALLS } from './calls.ts'
import { inLine, isOfLine, measuredInLine } from './line.ts'
import { withOwnTokens } from './own.ts'
import { LONG, withRoom } from './rooms.ts'
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

/**
 * One plan of ten is calm, and its costs are counted; what another one leaves is looked at months later. Two of ten are about the line
 * (line.ts).
 */
export function drawPlan(seed: number): Plan {
  if (seed % 10 === 7) return drawMeasured(seed)
  if (isOfLine(seed))
    return seed % 20 === 3
      ? measuredInLine(drawMeasured(seed))
      : withOwnTokens(inLine(drawStorm(seed)))
  return { ...withRoom(drawStorm(seed)), ...(seed % 10 === LONG ? { isLong: true } : {}) }
}

function drawMeasured(seed: number): Plan {
  const chance = new Chance(seed)
  const accounts = NAMES.slice(0, 1 + chance.index('accounts', 3)).map((name) => ({
    ...{ ...drawAccount(chance, name, 0), keys: 'first' as const, skewMs: 0 },
  }))
  const steps = Array.from({ length: 4 + chance.index('creations', 4) }, (_, n): Step => {
    const {
      leavesAfterMs: _l,
      laterMs: _m,
      repeats: _r,
      ...drawn
    } = drawCreation(chance, `mark-${seed}-${n}`, 1)
    const own = drawn.own === undefined ? {} : { own: 'told' as const }
    const action = { ...drawn, ...own, languages: 1, polls: 0, waits: false }
    // By then the accounts' own questions of their first hour are over.
    return { after: (6 + n) * 1_800_000, action }
  })
  return {
    ...{ seed, places: ['fra'], isolates: 1, skewMs: 0, isMeasured: true },
    ...{ tenants: [{ endpoints: chance.index('endpoints', 3) }], accounts, steps },
    rates: CALM,
    heygen: { ...CALM_HEYGEN, jobMs: { least: 20_000, most: 270_000 } },
    rageMs: 0,
  }
}

function drawStorm(seed: number): Plan {
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
  const draw = drawOther(chance, accounts, creations, tenants.length)
  const others = Array.from({ length: chance.index('others', 16) }, draw)
  // In some plans, many calls that change little.
  const calls = chance.isHit('has calls', 0.4) ? 12 : 0
  for (let n = 0; n < calls; n += 1)
    others.push({
      ...{ do: 'call', tenant: chance.index('caller', tenants.length) },
      ...chance.pick('one of many calls', CALLS),
    })
  const burst = chance.pick('burst', [0.05, 0.3, 1])
  const steps: Step[] = [
    ...creations.map((action) => ({ after: chance.next('when') * rageMs * burst, action })),
    ...others.flatMap((action) => {
      const step = { after: chance.next('when') * rageMs, action }
      return action.do === 'add endpoint' ? [...drawLatePushes(chance, step), step] : [step]
    }),
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
    askBy: chance.index('ask by', 8),
    ...(chance.isHit('repeats', 0.4) ? drawRepeat(chance) : {}),
    isOdd: chance.isHit('odd', 0.3),
  }
}

function drawRepeat(chance: Chance): Pick<PlannedCreation, 'repeats' | 'laterMs'> {
  const repeats = chance.pick('repeat', ['at once', 'later', 'other body'] as const)
  const laterMs = chance.between('later', 1000, chance.pick('longest pause', [20_000, 7_200_000]))
  return repeats === 'at once' ? { repeats } : { repeats, laterMs }
}

/** Of the others, a plan has few kinds, and of these several. */
function drawOther(
  chance: Chance,
  accounts: PlannedAccount[],
  creations: PlannedCreation[],
  tenants: number
): () => Action {
  const account = () => chance.pick('whose', accounts).name
  const tenant = () => chance.index('which tenant', tenants)
  const mark = () => chance.pick('which creation', creations).mark
  const n = () => chance.index('which', 8)
  const ms = (of: string, most: number) => chance.between(of, 1000, most)
  const how = ['disable', 'enable', 'remove', 'rotate', 'rotate'] as const
  const makers: (() => Action)[] = [
    () => ({ do: 'look', tenant: tenant(), at: chance.pick('look', LOOKS) }),
    () => ({
      ...{ do: 'list', tenant: tenant(), pages: 3 },
      kind: chance.pick('listed kind', KINDS).name,
    }),
    () => ({ do: 'spy', tenant: tenant(), mark: mark() }),
    () => ({ do: 'delete', mark: mark() }),
    () => ({ do: 'untrack', mark: mark() }),
    () => ({ do: 'limit', account: account(), maxJobs: 1 + chance.index('new limit', 4) }),
    () => ({ do: 'remove', account: account(), isNow: chance.isHit('now', 0.3) }),
    () => ({ do: 'add', account: account() }),
    () => ({ do: 'hand over', account: account(), to: tenant() }),
    () => ({ do: 'new key', account: account() }),
    () => ({ do: 'refuse key', account: account(), forMs: ms('refused', 600_000) }),
    () => ({ do: 'unpark', account: account() }),
    () => ({ do: 'rotate token', tenant: tenant() }),
    () => ({ do: 'end tenant', tenant: tenant(), againAfterMs: ms('again', 300_000) }),
    () => ({ do: 'add endpoint', tenant: tenant() }),
    () => ({ do: 'change endpoint', tenant: tenant(), n: n(), how: chance.pick('how', how) }),
    () => ({
      ...{ do: 'fail endpoint', tenant: tenant(), n: chance.index('endpoint', 2) },
      forMs: ms('endpoint fails', 7_200_000),
    }),
    () => ({ do: 'rotate callback secret', tenant: tenant() }),
    () => ({ do: 'retry delivery', tenant: tenant(), n: n() }),
    () => ({ do: 'call', tenant: tenant(), ...chance.pick('call', CALLS) }),
    () => ({ do: 'call', tenant: tenant(), ...chance.pick('call', CALLS) }),
    () => ({ do: 'unreachable object', n: n(), forMs: ms('unreachable', 20_000) }),
    () => ({ do: 'kill isolate' }),
    () => ({ do: 'crash object', n: n() }),
  ]
  const some = Array.from({ length: 4 }, () => chance.pick('kinds of others', makers))
  return () => chance.pick('other', some)()
}

/** Some accounts cannot be told of a new endpoint for minutes, while their jobs end. */
function drawLatePushes(chance: Chance, { after }: Step): Step[] {
  if (!chance.isHit('late push', 0.5)) return []
  return Array.from({ length: 3 }, () => ({
    after: Math.max(0, after - 1),
    action: {
      do: 'unreachable object',
      n: chance.index('late push to', 8),
      forMs: chance.between('late push ms', 1000, 900_000),
      method: 'takeTargets',
    },
  }))
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
      crashAsking: rate('crash asking', 0.05),
      slowCall: rate('slow call', 0.05),
    },
    network: {
      resetBefore: rate('reset before', 0.1),
      resetAfter: rate('reset after', 0.15),
      slow: rate('slow', 0.05),
      requestDies: rate('request dies', 0.03),
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
    rowsMax: chance.pick('rows of a page', [100, 100, 3, 1]),
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
