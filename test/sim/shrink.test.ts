/** The pure shrinking of plans: what a play says is given here. `npm run sim:shrink` plays them. */
import { expect, test } from 'vitest'
import { drawPlan } from '../../sim/plans/draw.ts'
import type { Plan } from '../../sim/plans/plan.ts'
import { shrink, type Broken } from '../../sim/plans/shrink.ts'
import { CALM } from '../../sim/platform/universe.ts'

const DRAWN = drawPlan(2)
const HITS = [
  { of: 'lose call', n: 1 },
  { of: 'heygen cuts', n: 3 },
  { of: 'event lost', n: 7 },
]
const marks = ({ steps }: Plan) =>
  steps.flatMap(({ action }) => (action.do === 'create' ? [action.mark] : []))
const [first = '', second = '', third = ''] = marks(DRAWN)

/** Broken if two creations are left, and the fault, by its rate or by its name. */
function twoAndOneFault(plan: Plan): Broken | undefined {
  const isLeft = [first, third].every((mark) => marks(plan).includes(mark))
  const isFaulty =
    plan.forced === undefined || plan.forced.some(({ of, n }) => of === 'heygen cuts' && n === 3)
  return isLeft && isFaulty && plan.accounts.length > 0 ? { hits: HITS } : undefined
}

const noisy: Plan = {
  ...DRAWN,
  rates: { ...DRAWN.rates, objects: { ...CALM.objects, loseCall: 0.1 } },
  heygen: { ...DRAWN.heygen, cut: 0.1, eventLost: 0.2 },
}

test('of a plan only the steps, the faults and the accounts are left without which it breaks no promise', async () => {
  const isNeeded = (plan: Plan) => {
    const { steps, forced = [], rates } = plan
    return { marks: marks(plan), steps: steps.length, forced, rates }
  }
  const smallest = await shrink(
    noisy,
    { hits: HITS },
    {
      play: async (plan) => {
        const isByRate = plan.heygen.cut > 0
        return isByRate || plan.forced ? twoAndOneFault(plan) : undefined
      },
    }
  )
  expect(second).not.toBe('')
  expect(isNeeded(smallest)).toEqual({
    ...{ marks: [first, third], steps: 2 },
    forced: [{ of: 'heygen cuts', n: 3 }],
    rates: { ...CALM, kv: { ...CALM.kv, fresh: smallest.rates.kv.fresh } },
  })
  expect(smallest.accounts).toHaveLength(1)
  expect(smallest.tenants).toHaveLength(1)
})

test('a tenant is left out with its accounts and steps, and the others move up', async () => {
  const seed = Array.from({ length: 50 }, (_, n) => n + 1).find(
    (one) => drawPlan(one).tenants.length === 2
  )
  const plan = drawPlan(seed ?? 0)
  const kept = plan.accounts.filter(({ tenant }) => tenant === 1).map(({ name }) => name)
  const smallest = await shrink(
    plan,
    { hits: [] },
    {
      play: async (tried) =>
        tried.accounts.length === kept.length &&
        kept.every((name) => tried.accounts.some((one) => one.name === name))
          ? { hits: [] }
          : undefined,
    }
  ).catch((error: unknown) => error)
  expect(smallest).toMatchObject({
    tenants: [{ endpoints: 0 }],
    accounts: kept.map((name) => ({ name, tenant: 0 })),
    steps: [],
  })
})

test('no plan is played twice, so a shrinking ends even if every plan breaks the promise', async () => {
  const played: string[] = []
  const smallest = await shrink(
    DRAWN,
    { hits: HITS },
    {
      play: async (plan) => {
        played.push(JSON.stringify(plan))
        return { hits: HITS }
      },
    }
  )
  expect(new Set(played).size).toBe(played.length)
  expect(smallest.steps).toEqual([])
})

test('a shrinking that is stopped keeps the smallest plan so far', async () => {
  const smaller: Plan[] = []
  const smallest = await shrink(
    noisy,
    { hits: HITS },
    {
      play: async (plan) => twoAndOneFault(plan),
      isOver: () => smaller.length === 2,
      onSmaller: (plan) => smaller.push(plan),
    }
  )
  expect(smaller).toHaveLength(2)
  expect(smallest).toBe(smaller[1])
  expect(twoAndOneFault(smallest)).toBeDefined()
})
