/**
 * The gateway's Worker with a movable clock, in which pushes of delivery targets get lost, or objects are as of an older release.
 * `POST /__pushes {…}` says how they are from now on. Every call answers how often desks were asked and accounts were told since the
 * call before. An entry for runWorker, never deployed.
 */
import type { DeliveryTargets, PushedTargets } from '../../../../src/domain/events/endpoint.ts'
import type { ClaimAnswer } from '../../../../src/domain/ports/slots.ts'
import type { Account, Holder } from '../../../../src/domain/accounts/account.ts'
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../clocked-worker.ts'

interface Manner {
  /** Pushes fail. */
  isLost?: boolean
  /** Pushes never end. */
  isHanging?: boolean
  /** Accounts' objects know of no pushes. */
  areAccountsOld?: boolean
  /** Desks say no version. */
  areDesksOld?: boolean
  /** Claims are answered only when this ends. */
  isClaimHeld?: boolean
}

let manner: Manner = {}
let asked = 0
let told = 0
let held = 0

export class AccountSlots extends Slots {
  override async claim(
    account: Account,
    instead?: Holder,
    targets?: PushedTargets
  ): Promise<ClaimAnswer> {
    const answer = await super.claim(
      account,
      instead,
      manner.areAccountsOld === true ? undefined : targets
    )
    held += 1
    while (manner.isClaimHeld === true) await new Promise((resolve) => setTimeout(resolve, 2))
    held -= 1
    return answer
  }

  override async takeTargets(tenant: string, targets: PushedTargets): Promise<void> {
    told += 1
    if (manner.isHanging === true) return new Promise(() => {})
    if (manner.isLost === true || manner.areAccountsOld === true) throw new Error('lost')
    return super.takeTargets(tenant, targets)
  }
}

export class TenantDesk extends Desk {
  override async outlets(): Promise<DeliveryTargets> {
    asked += 1
    const targets = await super.outlets()
    if (manner.areDesksOld !== true) return targets
    const { version: _, ...older } = targets
    return older
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/__pushes') return worker.fetch(request, env, ctx)
    if (request.method === 'POST') manner = await request.json()
    const answer = { asked, told, held }
    asked = 0
    told = 0
    return Response.json(answer)
  },
} satisfies ExportedHandler<Env>
