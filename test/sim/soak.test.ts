/** A sample of `npm run soak`: plans of the simulation, played against the real Worker in workerd. soak.full.test.ts plays more. */
import { expect, test, vi } from 'vitest'
import { drawPlan } from '../../sim/plans/draw.ts'
import { crowded, fromOutside, inCalm } from '../../sim/plans/outside.ts'
import type { Plan } from '../../sim/plans/plan.ts'
import { differences, unexplained, type Story } from '../../sim/story.ts'
import { secretsIn } from '../../sim/workerd/secrets.ts'
import { printed, soak } from '../../sim/workerd/soak.ts'

vi.setConfig({ testTimeout: 600_000 })

test('what a plan without faults gives in the simulation, it gives in workerd: the same is served, refused and told [I1, I2, I3, I4, I5, I6, I7]', async () => {
  // Two of them are about the line.
  const report = await soak({ from: 46, calm: { plans: 3, steps: 4, scale: 15, lanes: 3 } })
  expect(report.violations, printed(report).join('\n')).toEqual([])
  expect(report.jobs).toBeGreaterThanOrEqual(5)
})

const served = { answers: ['200'], jobs: ['done'], views: ['completed'], told: ['/tenant0/0 done'] }
const story = (creation: Partial<typeof served> = {}): Story => ({
  creations: { 'mark-1-1': { ...served, ...creation } },
  answers: { 'POST /v3/videos: 200': 1 },
})

test('an end that only one world has told is a difference', () => {
  expect(differences(story(), story())).toEqual([])
  expect(differences(story(), story({ told: [] }))).toHaveLength(1)
})

test('a refusal in one world alone needs a fault, a full pool or a step that explains it', () => {
  const plan = { ...drawPlan(1), steps: [] }
  const removing = {
    ...plan,
    steps: [{ after: 0, action: { do: 'remove' as const, account: 'ada', isNow: true } }],
  }
  const gone = story({ answers: ['404 no_accounts'] })
  expect(unexplained(plan, story(), story({ answers: ['cut'] }))).toEqual([])
  expect(unexplained(plan, story(), story({ answers: ['429 slots_full'] }))).toEqual([])
  expect(unexplained(plan, story(), gone)).toHaveLength(1)
  expect(unexplained(removing, story(), gone)).toEqual([])
})

test('the line is played outside too: what waits has an end in sight, and in calm nothing of it is a matter of moments', () => {
  const items = ({ steps }: Plan) =>
    steps.flatMap(({ action }) => (action.do === 'queue' ? [action] : []))
  const plans = [8, 13, 18].map((seed) => fromOutside(drawPlan(seed)))
  const deadlines = plans.flatMap(items).map(({ line }) => line.startWithinMs ?? Infinity)
  expect(deadlines.length).toBeGreaterThan(20)
  expect(Math.max(...deadlines)).toBeLessThanOrEqual(7_200_000)
  expect(plans.flatMap(items).some(({ line }) => line.cancelsAfterMs !== undefined)).toBe(true)
  const calm = plans.flatMap((plan) => items(inCalm(plan, 100)))
  expect(calm.length).toBeGreaterThan(20)
  for (const { line } of calm)
    expect([line.startWithinMs, line.cancelsAfterMs]).toEqual([undefined, undefined])
  const crowd = plans.flatMap((plan) => items(crowded(plan, 3)))
  expect(new Set(crowd.map(({ mark }) => mark)).size).toBe(3 * deadlines.length)
})

test('plans that share a gateway share no account and no mark', () => {
  const plans = [1, 2, 3].map((seed) => crowded(fromOutside(drawPlan(seed)), 3))
  const names = plans.flatMap(({ accounts }) => accounts.map(({ name }) => name))
  const marks = plans.flatMap(({ steps }) =>
    steps.flatMap(({ action }) => (action.do === 'create' ? [action.mark] : []))
  )
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(marks).size).toBe(marks.length)
})

test('a secret is found anywhere in a text', () => {
  const find = secretsIn(['whsec_0123456789', 'token-0123456789'])
  expect(find('{"a":"xwhsec_0123456789"}')).toEqual(['whsec_0123456789'])
  expect(find('whsec_012345678, token-01234567')).toEqual([])
})
