/** A creation that is played alone, in a warm isolate. What it costs until everything about it is over is compared with the budgets. */
import { overBudget, spentSoFar } from './budgets.ts'
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import type { PlannedCreation, PlannedItem } from '../plans/plan.ts'
import { ask, type Scene } from './scene.ts'
import { tenantAt } from './set-up.ts'

/** The last look of the gateway at a job that no event tells. */
const ASKED_MS = 600_000
const STARTED_MS = 2000
/** Deliveries, and requests under way. */
const AFTER_MS = 20_000

/** The alarm that rings once after the last job of an account is no part of a job's cost: the next job moves it. */
export async function measure<P extends PlannedCreation | PlannedItem>(
  scene: Scene,
  planned: P,
  carryOut: (planned: P) => Promise<void>
): Promise<void> {
  const { world } = scene.universe
  const tenant = tenantAt(scene, planned.tenant)
  const kind = kindNamed(planned.kind)
  await ask(scene, tenant, 'GET', '/heygen/v3/users/me')
  // Contract section 8 counts an id that is seen for the first time by itself, whatever call names it.
  const { workflow_id: workflow } = kind.body(planned.mark)
  if (typeof workflow === 'string')
    await ask(scene, tenant, 'GET', `/heygen/v3/workflows/${workflow}`)
  const before = spentSoFar(scene)
  await carryOut(planned)
  // A queued one is started a moment later.
  await world.sleep(STARTED_MS, 'until it is started')
  while (scene.heygen.running.length > 0) await world.sleep(1000, 'until the job is over')
  await world.sleep(kind.event === undefined ? ASKED_MS : AFTER_MS, 'until its end is known')
  scene.violations.push(...overBudget(scene, planned, before))
}
