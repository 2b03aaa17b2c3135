/** A creation that is played alone, in a warm isolate. What it costs until everything about it is over is compared with the budgets. */
import { overBudget, spentSoFar } from '../checkers/budgets.ts'
import type { PlannedCreation } from '../plans/plan.ts'
import { carryOut } from './client.ts'
import { ask, type Scene } from './scene.ts'
import { tenantAt } from './set-up.ts'

/** Longer than a job of a measured plan and its deliveries. */
const JOB_MS = 900_000

export async function measure(scene: Scene, planned: PlannedCreation): Promise<void> {
  const tenant = tenantAt(scene, planned.tenant)
  await ask(scene, tenant, 'GET', '/heygen/v3/users/me')
  const before = spentSoFar(scene)
  await carryOut(scene, planned)
  await scene.universe.world.sleep(JOB_MS, 'until the job is over')
  scene.violations.push(...overBudget(planned, before, spentSoFar(scene)))
}
