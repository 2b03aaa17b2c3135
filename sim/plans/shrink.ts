/**
 * Makes a plan smaller that breaks a promise, as long as the rest still breaks it: fewer steps, fewer faults, fewer tenants and
 * accounts, simpler creations, rounder times. It knows plans only as data; who plays them is given.
 */
import { CALM, type Rates } from '../platform/universe.ts'
import { CALM_HEYGEN, type HeygenRates } from '../witness/books.ts'
import type { Hit } from '../world/chance.ts'
import type { Plan, PlannedCreation, PlannedItem, PlannedLine, Step } from './plan.ts'

/** A play in which the promise was broken. `hits`: what went wrong by chance. */
export interface Broken {
  hits: readonly Hit[]
}

export interface ShrinkHow {
  /** Plays a plan. Undefined: it breaks no such promise. */
  play: (plan: Plan) => Promise<Broken | undefined>
  /** Asked before each play. Once it is true, nothing is played any more. */
  isOver?: () => boolean
  onSmaller?: (plan: Plan) => void
}

type Simpler = (plan: Plan) => Plan

/** Returns the smallest plan that was seen breaking the promise. `broken`: what the given plan showed. */
export async function shrink(plan: Plan, broken: Broken, how: ShrinkHow): Promise<Plan> {
  const shrinking = new Shrinking(plan, broken, how)
  let before: Plan | undefined
  while (before !== shrinking.smallest && !shrinking.isOver) {
    before = shrinking.smallest
    await shrinking.withFewer(stepsOf, withSteps)
    if (hasRates(shrinking.smallest)) await shrinking.apply(withNamedFaults)
    await shrinking.withFewer(faultsOf, withFaults)
    for (const simpler of simplerOnes(shrinking.smallest)) await shrinking.apply(simpler)
  }
  return shrinking.smallest
}

class Shrinking {
  smallest: Plan
  #broken: Broken
  readonly #how: ShrinkHow
  /** What was played. No plan is played twice, so that this ends. */
  readonly #known: Set<string>

  constructor(plan: Plan, broken: Broken, how: ShrinkHow) {
    this.smallest = plan
    this.#broken = broken
    this.#how = how
    this.#known = new Set([JSON.stringify(plan)])
  }

  get isOver(): boolean {
    return this.#how.isOver?.() === true
  }

  async apply(simpler: (plan: Plan, broken: Broken) => Plan): Promise<boolean> {
    const tried = simpler(this.smallest, this.#broken)
    const text = JSON.stringify(tried)
    if (this.isOver || this.#known.has(text)) return false
    this.#known.add(text)
    const broken = await this.#how.play(tried)
    if (!broken) return false
    this.smallest = tried
    this.#broken = broken
    this.#how.onSmaller?.(tried)
    return true
  }

  /** Leaves out all of a list, then halves, then smaller parts. */
  async withFewer<T>(
    listOf: (plan: Plan) => readonly T[],
    withList: (plan: Plan, list: T[]) => Plan
  ): Promise<void> {
    for (let size = listOf(this.smallest).length; size >= 1; size = Math.floor(size / 2))
      for (let at = 0; at < listOf(this.smallest).length && !this.isOver;) {
        const isGone = await this.apply((plan) =>
          withList(plan, listOf(plan).toSpliced(at, size) as T[])
        )
        if (!isGone) at += size
      }
  }
}

const stepsOf = ({ steps }: Plan) => steps
const withSteps = (plan: Plan, steps: Step[]): Plan => ({ ...plan, steps })
const faultsOf = ({ forced }: Plan) => forced ?? []
const withFaults = (plan: Plan, forced: Hit[]): Plan =>
  forced.length === 0 ? lacking(plan, 'forced') : { ...plan, forced }

/** Questions that are no faults by themselves. They have an answer whatever the rates are. */
const NO_FAULTS = new Set(['kv fresh', 'kv write fails late', 'slow before'])

/** Without rates: the faults that happened, each by its name. */
function withNamedFaults(plan: Plan, { hits }: Broken): Plan {
  return {
    ...plan,
    rates: { ...CALM, kv: { ...CALM.kv, fresh: plan.rates.kv.fresh } },
    heygen: calmHeygen(plan),
    forced: hits.filter(({ of }) => !NO_FAULTS.has(of)),
  }
}

function hasRates(plan: Plan): boolean {
  const { objects, network, kv }: Rates = plan.rates
  const rates = [...Object.values(objects), ...Object.values(network), kv.fail] as number[]
  return (
    rates.some((rate) => rate > 0) ||
    JSON.stringify(calmHeygen(plan)) !== JSON.stringify(plan.heygen)
  )
}

/** What is no fault stays: how long jobs run, and how many rows a page has. */
function calmHeygen({ heygen: { jobMs, rowsMax } }: Plan): HeygenRates {
  return { ...CALM_HEYGEN, jobMs, ...(rowsMax === undefined ? {} : { rowsMax }) }
}

function simplerOnes(plan: Plan): Simpler[] {
  return [
    ...ratesOf(plan),
    (one) => ({ ...one, places: one.places.slice(0, 1) }),
    (one) => ({ ...one, isolates: 1 }),
    (one) => ({ ...one, skewMs: 0 }),
    (one) => lacking(one, 'isLong'),
    withOneTenant,
    ...plan.tenants.map(
      (_, at): Simpler =>
        (one) =>
          withoutTenant(one, at)
    ),
    ...plan.accounts.map(
      ({ name }): Simpler =>
        (one) =>
          withoutAccount(one, name)
    ),
    ...plan.accounts.map(
      ({ name }): Simpler =>
        (one) =>
          withUsualAccount(one, name)
    ),
    ...plan.tenants.flatMap((_, at): Simpler[] =>
      [0, 1].map((least) => (one) => withEndpoints(one, at, least))
    ),
    ...plan.steps.flatMap(({ action }) =>
      action.do === 'create' || action.do === 'queue' ? simplerCreations(action.mark) : []
    ),
    ...plan.steps.flatMap(({ action }, n) => (action.do === 'bulk' ? smallerBulks(action, n) : [])),
    (one) => ({ ...one, steps: one.steps.map((step) => at(step, 1000)) }),
    (one) => ({ ...one, rageMs: Math.max(0, ...one.steps.map(({ after }) => after)) }),
    ...plan.steps.map(
      (_, n): Simpler =>
        (one) =>
          soonerFrom(one, n)
    ),
  ]
}

function at(step: Step, roundMs: number): Step {
  return { ...step, after: Math.round(step.after / roundMs) * roundMs }
}

/** Without the pause before a step. The later ones come sooner, too. */
function soonerFrom(plan: Plan, n: number): Plan {
  const pause = (plan.steps[n]?.after ?? 0) - (plan.steps[n - 1]?.after ?? 0) - 1000
  if (pause <= 0) return plan
  const steps = plan.steps.map((step, m) => (m < n ? step : { ...step, after: step.after - pause }))
  return { ...plan, steps }
}

/** Each kind of fault left out. */
function ratesOf(plan: Plan): Simpler[] {
  const groups = ['objects', 'network', 'kv'] as const
  return [
    ...groups.flatMap((group) =>
      Object.keys(plan.rates[group]).map((name): Simpler => (one) => {
        const calm = (CALM[group] as unknown as Record<string, number>)[name]
        const rates = { ...one.rates, [group]: { ...one.rates[group], [name]: calm } }
        return { ...one, rates: rates as Plan['rates'] }
      })
    ),
    ...(Object.keys(CALM_HEYGEN) as (keyof typeof CALM_HEYGEN)[]).map((name): Simpler => (one) => ({
      ...one,
      heygen: { ...one.heygen, [name]: CALM_HEYGEN[name] },
    })),
    (one) => ({ ...one, heygen: { ...one.heygen, rowsMax: 100 } }),
  ]
}

/** All accounts and all steps are those of one tenant. */
function withOneTenant(plan: Plan): Plan {
  return renumbered({ ...plan, tenants: plan.tenants.slice(0, 1) }, () => 0)
}

/** Without a tenant, its accounts, and the steps of both. */
function withoutTenant(plan: Plan, at: number): Plan {
  if (plan.tenants.length < 2) return plan
  const gone = plan.accounts.filter(({ tenant }) => tenant === at)
  const rest = gone.reduce((one, { name }) => withoutAccount(one, name), plan)
  const isOf = ({ action }: Step) =>
    ('tenant' in action && action.tenant === at) || (action.do === 'hand over' && action.to === at)
  const steps = rest.steps.filter((step) => !isOf(step))
  const left = { ...rest, tenants: plan.tenants.toSpliced(at, 1), steps }
  return renumbered(left, (tenant) => (tenant > at ? tenant - 1 : tenant))
}

function renumbered(plan: Plan, to: (tenant: number) => number): Plan {
  const actionTo = (action: Step['action']): Step['action'] => ({
    ...action,
    ...('tenant' in action ? { tenant: to(action.tenant) } : {}),
    ...(action.do === 'hand over' ? { to: to(action.to) } : {}),
  })
  return {
    ...plan,
    accounts: plan.accounts.map((one) => ({ ...one, tenant: to(one.tenant) })),
    steps: plan.steps.map(({ after, action }) => ({ after, action: actionTo(action) })),
  }
}

function withoutAccount(plan: Plan, name: string): Plan {
  const isAbout = ({ action }: Step) => 'account' in action && action.account === name
  return {
    ...plan,
    accounts: plan.accounts.filter((one) => one.name !== name),
    steps: plan.steps.filter((step) => !isAbout(step)),
  }
}

function withUsualAccount(plan: Plan, name: string): Plan {
  const usual = { skewMs: 0, keys: 'first', times: 'millis' } as const
  const accounts = plan.accounts.map((one) => (one.name === name ? { ...one, ...usual } : one))
  return { ...plan, accounts }
}

function withEndpoints(plan: Plan, at: number, endpoints: number): Plan {
  const tenants = plan.tenants.map((one, n) =>
    n === at && one.endpoints > endpoints ? { ...one, endpoints } : one
  )
  return { ...plan, tenants }
}

type Creation = PlannedCreation | PlannedItem

function simplerCreations(mark: string): Simpler[] {
  const each: (<T extends Creation>(one: T) => T)[] = [
    (one) => lacking(one, 'repeats', 'laterMs'),
    (one) => lacking(one, 'leavesAfterMs'),
    (one) => lacking(one, 'own'),
    (one) => lacking(one, 'isOdd'),
    (one) => lacking(one, 'looks'),
    (one) => ({ ...one, polls: 0 }),
    (one) => (one.do === 'create' ? { ...one, waits: false } : one),
    (one) => ({ ...one, isKeyed: false }),
    (one) => ({ ...one, isNamed: false, hasCallbackId: false }),
    (one) => ({ ...one, languages: 1 }),
    (one) => ({ ...one, kind: 'video' }),
    (one) => simplerLine(one, ['priority', 'startWithinMs', 'cancelsAfterMs', 'cancelsBy']),
    (one) => simplerLine(one, ['isSecond', 'isRefused', 'isUnasked']),
  ]
  const all = <T extends Creation>(one: T) => each.reduce((simpler, change) => change(simpler), one)
  return [all, ...each].map((change) => (plan: Plan) => ({
    ...plan,
    steps: plan.steps.map(({ after, action }) =>
      (action.do === 'create' || action.do === 'queue') && action.mark === mark
        ? { after, action: change(action) }
        : { after, action }
    ),
  }))
}

function simplerLine<T extends Creation>(one: T, names: (keyof PlannedLine)[]): T {
  return one.do === 'queue' ? { ...one, line: lacking(one.line, ...names) } : one
}

/** A bulk call with half of its items, or with one less. */
function smallerBulks({ items }: Extract<Step['action'], { do: 'bulk' }>, n: number): Simpler[] {
  const first = items[0]?.mark
  const half = Math.ceil(items.length / 2)
  const parts = [
    ...[items.slice(0, half), items.slice(half)],
    ...items.map((_, at) => items.toSpliced(at, 1)),
  ]
  return parts.map((part) => (plan: Plan) => {
    const action = plan.steps[n]?.action
    const isSame = action?.do === 'bulk' && action.items[0]?.mark === first
    if (!isSame || part.length === 0 || part.length >= action.items.length) return plan
    const steps = plan.steps.map((step, at) =>
      at === n ? { ...step, action: { ...action, items: part } } : step
    )
    return { ...plan, steps }
  })
}

function lacking<T extends object>(one: T, ...names: (keyof T)[]): T {
  const kept = Object.entries(one).filter(([name]) => !names.some((other) => other === name))
  return Object.fromEntries(kept) as T
}
