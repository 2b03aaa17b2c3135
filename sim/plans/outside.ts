/**
 * The part of a plan that can be played from outside, at a workerd that others use at the same time. The simulation plays the same, so
 * that what comes of it can be compared. What cannot be done from outside is left out: to lose or double a call of an object, to crash
 * one at a statement, KV that is stale or fails, several isolates and clocks.
 */
import { CALM } from '../platform/universe.ts'
import { CALM_HEYGEN } from '../witness/books.ts'
import type { Action, Plan, PlannedCreation, PlannedItem, PlannedLine, Step } from './plan.ts'

/** Of the jobs of a crowded plan, at most: else most of its creations would only hear that no slot is free. */
const JOB_MS_MAX = 240_000

/** What waits in the line waits for so long at most. */
const WAITS_MS = 7_200_000

/** HEYGEN_MAX_JOBS. */
const SLOTS_MAX = 10

/** The last ones would change other plans' gateway too, or need servers that are not played outside yet. */
const INSIDE = new Set<Action['do']>([
  ...(['unreachable object', 'crash object', 'lose copies'] as const),
  ...(['rotate master key', 'export and import', 'restore tenant'] as const),
  ...(['upload', 'delete file', 'sign in'] as const),
  // A token that expires does so by the Worker's own clock, and one that was ended may be in its copies for a minute of that clock.
  // How soon pauses and drained accounts count is looked at in the simulation's time.
  ...(['end token', 'pause', 'drain'] as const),
  ...(['add kling', 'kling task', 'list kling', 'sign own', 'page'] as const),
])

export function fromOutside(plan: Plan): Plan {
  const { isLong: _, isMeasured: _m, isShared: _s, vars: _v, ...drawn } = plan
  return named({
    ...drawn,
    ...{ places: ['fra'], isolates: 1, skewMs: 0, isCompared: true },
    // A faster clock has no whole seconds.
    accounts: plan.accounts.map((one) => ({
      ...one,
      times: one.times === 'seconds' ? 'millis' : one.times,
    })),
    rates: { ...CALM, network: { ...plan.rates.network, requestDies: 0 } },
    steps: plan.steps
      .filter(({ action }) => !INSIDE.has(action.do))
      .map(({ after, action }) => ({ after, action: inside(action, creationOutside) })),
  })
}

type Creation = PlannedCreation | PlannedItem

/** The action with each creation in it, also one of many in a call, changed. */
function inside(action: Action, change: (creation: Creation) => Creation): Action {
  const isCreation = (value: unknown): value is Creation =>
    typeof value === 'object' &&
    value !== null &&
    'do' in value &&
    (value.do === 'create' || value.do === 'queue')
  const changed: unknown = JSON.parse(JSON.stringify(action), (_, value: unknown) =>
    isCreation(value) ? change(value) : value
  )
  return changed as Action
}

function creationOutside(creation: Creation): Creation {
  const { files: _, ...rest } = creation
  return rest.do === 'queue' ? { ...rest, line: hasty(rest.line) } : rest
}

/** Nobody waits for seven days here. */
function hasty(line: PlannedLine): PlannedLine {
  return { ...line, startWithinMs: Math.min(line.startWithinMs ?? WAITS_MS, WAITS_MS) }
}

/** More of the same: each creation `times` times, under marks of its own and after a while, at accounts with more slots. */
export function crowded(plan: Plan, times: number): Plan {
  const { accounts, heygen, steps } = plan
  const { least, most } = heygen.jobMs
  // While workerd is killed and its machine is busy, no plan is gentle.
  const { isGentle: _, ...rest } = plan
  return {
    ...rest,
    heygen: { ...heygen, jobMs: { least, most: Math.min(most, JOB_MS_MAX) } },
    accounts: accounts.map((one) => ({
      ...one,
      maxJobs: Math.min(SLOTS_MAX, one.maxJobs * times),
    })),
    steps: steps
      .flatMap(({ after, action }) =>
        action.do === 'create' || action.do === 'queue'
          ? again(after, action, times, plan.rageMs / times)
          : [{ after, action }]
      )
      .toSorted((one, other) => one.after - other.after),
  }
}

function again(after: number, action: Creation, times: number, everyMs: number): Step[] {
  return Array.from({ length: times }, (_, n) => ({
    after: after + n * everyMs,
    action: { ...action, mark: n === 0 ? action.mark : `${action.mark}${n}000` },
  }))
}

/** A plan has accounts of its own, so that several can be played at one gateway. */
function named(plan: Plan): Plan {
  let text = JSON.stringify(plan)
  for (const { name } of plan.accounts) {
    const own = name + lettersOf(plan.seed)
    text = text.replaceAll(`"${name}"`, `"${own}"`).replaceAll(`${name}@`, `${own}@`)
  }
  return JSON.parse(text) as Plan
}

function lettersOf(seed: number): string {
  return String(seed).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')
}

/** What a fault of a plan is, or depends on when what happens. So does whatever lasts for a while (`forMs`). */
const UNSTEADY = new Set<Action['do']>([
  ...(['new key', 'kill isolate'] as const),
  ...(['agent', 'low balance', 'stream'] as const),
])
const STEPS_MAX = 12

/** The plan without faults. Its steps come one after the other, so what comes of it is the same in every world. */
export function inCalm(plan: Plan, most = STEPS_MAX): Plan {
  const steps = plan.steps
    .filter(({ action }) => !UNSTEADY.has(action.do) && !('forMs' in action))
    .slice(0, most)
  return {
    ...plan,
    ...{ rates: CALM, rageMs: 0, isInTurn: true },
    steps: steps.map(({ after, action }) => ({ after, action: inside(action, calmCreation) })),
    heygen: { ...CALM_HEYGEN, jobMs: { least: 5000, most: 10_000 } },
  }
}

function calmCreation(planned: Creation): Creation {
  const { leavesAfterMs: _, own, repeats, laterMs, ...rest } = planned
  return {
    ...{ ...rest, polls: 0 },
    ...(own === undefined ? {} : { own: 'told' as const }),
    ...(laterMs === undefined || repeats === undefined ? {} : { repeats, laterMs: 5000 }),
    ...(rest.do === 'queue' ? { line: calmLine(rest.line) } : {}),
  } as Creation
}

/** Whether it is cancelled or too late before its start is a matter of moments. */
function calmLine(line: PlannedLine): PlannedLine {
  const { startWithinMs: _, cancelsAfterMs: _c, cancelsBy: _b, ...rest } = line
  return rest
}
