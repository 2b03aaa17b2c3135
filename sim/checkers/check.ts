/** Has every checker look: after each turn at what must never be, and at rest at what must have come to be. */
import type { Scene } from '../clients/scene.ts'
import { atRestAccounts, uncounted, awake } from './slots.ts'
import { promisesOfTelling } from './telling.ts'
import { othersSeen, removedTokensWork } from './tenants.ts'
import { changedBytes } from './bytes.ts'
import { wrongAlerts, wronglySigned } from './signatures.ts'
import { parkedAtRest, parkedWithoutFault } from './parked.ts'
import { lostOwners } from './owners.ts'
import { wrongCopies } from './files.ts'
import { klingPromises } from './kling.ts'
import { leftOver } from './growth.ts'
import { secretsSeen } from './secrets.ts'

/** Called after each turn. */
export function atOnce(scene: Scene): void {
  const { heygen, kling, violations } = scene
  violations.push(...kling.breaches.splice(0))
  violations.push(...heygen.breaches.splice(0))
  violations.push(...uncounted(scene))
  violations.push(...heygen.events.believed.splice(0).map((text) => `I3 ${text}`))
}

/** Called once, when everything is over for days. */
export async function atRest(scene: Scene): Promise<void> {
  const { violations } = scene
  violations.push(...(await atRestAccounts(scene)))
  violations.push(...(await parkedAtRest(scene)), ...parkedWithoutFault(scene))
  violations.push(...(await promisesOfTelling(scene)))
  violations.push(...(await lostOwners(scene)))
  violations.push(...(await removedTokensWork(scene)))
  violations.push(...(await wrongCopies(scene)))
  violations.push(...(await klingPromises(scene)))
  violations.push(...wronglySigned(scene), ...wrongAlerts(scene))
  violations.push(...changedBytes(scene))
  violations.push(...othersSeen(scene))
  violations.push(...secretsSeen(scene))
  violations.push(...(await awake(scene)))
  violations.push(...(await leftOver(scene)))
}
