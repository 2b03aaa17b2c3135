/** Plays a plan until nothing is owed any more: sets up, storms, is calm, and waits. In the simulation and in workerd. */
import { CALM } from './platform/universe.ts'
import type { Plan } from './plans/plan.ts'
import { CALM_HEYGEN } from './witness/books.ts'
import { owedNow } from './checkers/owed.ts'
import { act } from './clients/act.ts'
import type { Scene } from './clients/scene.ts'
import { setUp } from './clients/set-up.ts'

const HOUR_MS = 3_600_000
const LOOK_MS = 5000

export async function playOut(scene: Scene): Promise<void> {
  const { plan, universe, heygen, receivers } = scene
  const { world } = universe
  await setUp(scene)
  const began = world.now
  universe.setRates(plan.rates)
  heygen.rates = plan.heygen
  heygen.events.rates = plan.heygen
  receivers.mendAt = began + plan.rageMs + HOUR_MS
  const calm = world.sleep(plan.rageMs, 'calm').then(() => {
    scene.calmAt = world.now
    universe.renew()
    universe.setRates(CALM)
    heygen.rates = { ...CALM_HEYGEN, jobMs: plan.heygen.jobMs, rowsMax: plan.heygen.rowsMax ?? 100 }
    heygen.events.rates = CALM_HEYGEN
    for (const account of heygen.accounts.values()) account.isRefused = false
  })
  await Promise.all([calm, plan.isInTurn === true ? inTurn(scene) : together(scene, plan)])
  await over(scene, 60_000)
  scene.answersOfSteps = scene.answers.length
  await universe.rest(() => owedNow(scene))
}

async function together(scene: Scene, { steps }: Plan): Promise<void> {
  const { world } = scene.universe
  await Promise.all(
    steps.map(async ({ after, action }) => {
      await world.sleep(after, `step ${action.do}`)
      await act(scene, action)
    })
  )
}

async function inTurn(scene: Scene): Promise<void> {
  const { world } = scene.universe
  for (const { action } of scene.plan.steps) {
    await act(scene, action)
    await over(scene, LOOK_MS)
    const latest = world.now + HOUR_MS
    while (world.now < latest && (await owedNow(scene))) await world.sleep(LOOK_MS, 'in turn')
  }
}

/** HeyGen's jobs are over, and its events were sent. */
async function over({ heygen, universe: { world } }: Scene, lookMs: number): Promise<void> {
  while (heygen.running.length > 0 || heygen.events.open > 0) await world.sleep(lookMs, 'wait')
}
