/** Makes a plan smaller that breaks a promise: fewer steps, then fewer kinds of faults, then fewer accounts and simpler creations. */
import { CALM } from '../platform/universe.ts'
import { CALM_HEYGEN } from '../witness/books.ts'
import type { Plan, PlannedCreation, Step } from './plan.ts'

/** Whether the plan still breaks the same promise. */
export type IsBroken = (plan: Plan) => Promise<boolean>

export async function shrink(plan: Plan, isBroken: IsBroken): Promise<Plan> {
  let smallest = plan
  for (;;) {
    const before = JSON.stringify(smallest)
    smallest = await withFewerSteps(smallest, isBroken)
    for (const simpler of simplerOnes(smallest)) {
      const tried = simpler(smallest)
      if (JSON.stringify(tried) !== JSON.stringify(smallest) && (await isBroken(tried)))
        smallest = tried
    }
    if (JSON.stringify(smallest) === before) return smallest
  }
}

/** Leaves out half of the steps, then quarters, then smaller parts, as long as the rest breaks the promise. */
async function withFewerSteps(plan: Plan, isBroken: IsBroken): Promise<Plan> {
  let smallest = plan
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < smallest.steps.length;) {
      const tried = { ...smallest, steps: smallest.steps.toSpliced(at, size) }
      if (tried.steps.length > 0 && (await isBroken(tried))) smallest = tried
      else at += size
    }
  return smallest
}

type Simpler = (plan: Plan) => Plan

function simplerOnes(plan: Plan): Simpler[] {
  return [
    ...ratesOf(plan),
    (one) => ({ ...one, places: one.places.slice(0, 1) }),
    (one) => ({ ...one, isolates: 1 }),
    (one) => ({ ...one, skewMs: 0 }),
    ...plan.accounts.map(
      ({ name }): Simpler =>
        (one) =>
          withoutAccount(one, name)
    ),
    ...plan.accounts.map(({ name }): Simpler => (one) => ({
      ...one,
      accounts: one.accounts.map((account) =>
        account.name === name
          ? { ...account, skewMs: 0, keys: 'first' as const, times: 'millis' as const }
          : account
      ),
    })),
    ...plan.tenants.map((_, at): Simpler => (one) => ({
      ...one,
      tenants: one.tenants.map((tenant, n) => (n === at ? { ...tenant, endpoints: 0 } : tenant)),
    })),
    ...plan.steps.flatMap(({ action }) =>
      action.do === 'create' ? simplerCreations(action.mark) : []
    ),
  ]
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
  ]
}

function withoutAccount(plan: Plan, name: string): Plan {
  const isAbout = ({ action }: Step) => 'account' in action && action.account === name
  return {
    ...plan,
    accounts: plan.accounts.filter((one) => one.name !== name),
    steps: plan.steps.filter((step) => !isAbout(step)),
  }
}

function simplerCreations(mark: string): Simpler[] {
  const changes: ((one: PlannedCreation) => PlannedCreation)[] = [
    (one) => without(one, 'repeats', 'laterMs'),
    (one) => without(one, 'leavesAfterMs'),
    (one) => without(one, 'own'),
    (one) => without(one, 'isOdd'),
    (one) => ({ ...one, polls: 0 }),
    (one) => ({ ...one, waits: false }),
    (one) => ({ ...one, isKeyed: false }),
    (one) => ({ ...one, isNamed: false, hasCallbackId: false }),
    (one) => ({ ...one, languages: 1 }),
  ]
  return changes.map((change) => (plan: Plan) => ({
    ...plan,
    steps: plan.steps.map(({ after, action }) =>
      action.do === 'create' && action.mark === mark
        ? { after, action: change(action) }
        : { after, action }
    ),
  }))
}

function without(one: PlannedCreation, ...names: (keyof PlannedCreation)[]): PlannedCreation {
  const kept = Object.entries(one).filter(([name]) => !names.some((other) => other === name))
  return Object.fromEntries(kept) as unknown as PlannedCreation
}
