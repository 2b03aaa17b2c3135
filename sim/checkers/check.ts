/** Has every checker look: after each turn at what must never be, and at rest at what must have come to be. */
import type { Scene } from '../clients/scene.ts'
import { wrongShares } from './accounts/shares.ts'
import { leasesLeft, slotsHeld, uncounted } from './accounts/slots.ts'
import { promisesOfTelling } from './telling.ts'
import { othersSeen, removedTokensWork } from './tenants.ts'
import { changedBytes } from './bytes.ts'
import { wrongAlerts, wronglySigned } from './signatures.ts'
import { parkedAtRest, parkedWithoutFault } from './accounts/parked.ts'
import { idleSlots } from './line/idle.ts'
import { linePromises } from './line/promises.ts'
import { ownPromises } from './own.ts'
import { lostOwners } from './owners.ts'
import { wrongCopies } from './files.ts'
import { klingPromises } from './kling.ts'
import { leftOver } from './growth.ts'
import { secretsKept, secretsShown } from './secrets.ts'
import { awake } from './accounts/sleep.ts'

/** Called after each turn. */
export function atOnce(scene: Scene): void {
  const { heygen, kling, violations } = scene
  violations.push(...kling.breaches.splice(0))
  violations.push(...heygen.breaches.splice(0))
  violations.push(...uncounted(scene), ...wrongShares(scene), ...idleSlots(scene))
  violations.push(...heygen.events.believed.splice(0).map((text) => `I3 ${text}`))
}

/** Called once, when everything is over. */
export async function atRest(scene: Scene): Promise<void> {
  await seenFromOutside(scene)
  await seenInside(scene)
}

/** What clients, HeyGen and receivers can see. */
export async function seenFromOutside(scene: Scene): Promise<void> {
  const { violations } = scene
  violations.push(...(await slotsHeld(scene)))
  violations.push(...(await parkedAtRest(scene)), ...parkedWithoutFault(scene))
  violations.push(...(await promisesOfTelling(scene)))
  violations.push(...(await lostOwners(scene)))
  violations.push(...(await removedTokensWork(scene)))
  violations.push(...(await wrongCopies(scene)))
  violations.push(...(await klingPromises(scene)))
  violations.push(...(await linePromises(scene)))
  violations.push(...(await ownPromises(scene)))
  violations.push(...wronglySigned(scene), ...wrongAlerts(scene))
  violations.push(...changedBytes(scene))
  violations.push(...othersSeen(scene))
  violations.push(...secretsShown(scene))
}

/** What only who runs the gateway can see: its log, its storage, and when its objects wake in the days after. */
async function seenInside(scene: Scene): Promise<void> {
  const { violations } = scene
  violations.push(...leasesLeft(scene), ...secretsKept(scene))
  violations.push(...(await awake(scene)))
  violations.push(...(await leftOver(scene)))
}
