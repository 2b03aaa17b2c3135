/** A creation that is played alone, in a warm isolate. What it costs until everything about it is over is compared with the budgets. */
import { overBudget, spentSoFar } from './budgets.ts'
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import type { PlannedCreation } from '../plans/plan.ts'
import { carryOut } from './client.ts'
import { ask, type Scene } from './scene.ts'
import { tenantAt } from './set-up.ts'

/** The last look of the gateway at a job that no event tells. */
const ASKED_MS = 600_000
/** Deliveries, and requests under way. */
const AFTER_MS = 20_000

/** The alarm that rings once after the last job of an account is no part of a job's cost: the next job moves it. */
export async function measure(scene: Scene, planned: PlannedCreation): Promise<void> {
  const { world } = scene.universe
  const tenant = tenantAt(scene, planned.tenant)
  await ask(scene, tenant, 'GET', '/heygen/v3/users/me')
  const before = spentSoFar(scene)
  await carryOut(scene, planned)
  while (scene.heygen.running.length > 0) await world.sleep(1000, 'until the job is over')
  const isTold = kindNamed(planned.kind).event !== undefined
  await world.sleep(isTold ? AFTER_MS : ASKED_MS, 'until its end is known')
  scene.violations.push(...overBudget(scene, planned, before))
}
