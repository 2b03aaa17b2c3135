/** Steps of the line: pauses, of all, of a token, of an account or of both, and accounts that are drained. Each ends after a while. */
import { inTurn } from '../clients/accounts.ts'
import {
  ask,
  emailOf,
  insist,
  isGood,
  type HeldUp,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'
import type { PlannedPause } from '../plans/plan.ts'

/** Longer than things go wrong, so that nothing stays paused. */
const TRIES = 12
/** A call that comes twice comes within this. */
const TWICE_WITHIN_MS = 2000

export async function pause(scene: Scene, tenant: Tenant, planned: PlannedPause): Promise<void> {
  const { account, ofToken, forMs } = planned
  const of = ofToken === 'second' ? tenant.second : tenant
  if (tenant.endedAt !== undefined || !of) return
  const token = ofToken === undefined ? {} : { tokenId: of.tokenId }
  if (account === undefined) return holdUp(scene, tenant, token, forMs)
  // In turn with what else happens to the account: its pause ends with it.
  await inTurn(scene, account, async (email, holder) => {
    if (holder === tenant) await holdUp(scene, tenant, { ...token, email }, forMs)
  })
}

async function holdUp(
  scene: Scene,
  tenant: Tenant,
  { tokenId, email }: Pick<HeldUp, 'tokenId' | 'email'>,
  forMs: number
): Promise<void> {
  const body = {
    ...(tokenId === undefined ? {} : { token: tokenId }),
    ...(email === undefined ? {} : { account: email }),
  }
  const what = {
    ...{ tenant: tenant.no },
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(email === undefined ? {} : { email }),
  }
  await during(scene, tenant, {
    ...{ forMs, what, list: scene.pauses, body },
    from: '/v1/heygen/queue/pause',
    to: '/v1/heygen/queue/resume',
  })
}

export async function drain(scene: Scene, account: string, forMs: number): Promise<void> {
  await inTurn(scene, account, async (_, holder) => {
    const email = emailOf(account)
    const path = `/v1/heygen/accounts/${email}`
    await during(scene, holder, {
      ...{ forMs, what: { tenant: holder.no, email }, list: scene.drains, body: {} },
      ...{ from: `${path}/drain`, to: `${path}/undrain` },
    })
  })
}

/** It holds from its answer until its end is asked for. */
async function during(
  scene: Scene,
  tenant: Tenant,
  how: {
    forMs: number
    what: Omit<HeldUp, 'from' | 'to'>
    list: HeldUp[]
    body: object
    from: string
    to: string
  }
): Promise<void> {
  const { world } = scene.universe
  if (tenant.endedAt !== undefined) return
  const begun = await insist(scene, () => ask(scene, tenant, 'POST', how.from, how.body), 4)
  const held: HeldUp = { ...how.what, from: world.now, to: Infinity }
  // The end of the one before may come twice, the second time after the new one has begun.
  const isAnew = how.list.some((one) => isSame(one, held) && world.now - one.to < TWICE_WITHIN_MS)
  if (isGood(begun) && !isAnew) how.list.push(held)
  await world.sleep(how.forMs, 'before it goes on')
  // The same pause twice is one, and ends once.
  for (const one of how.list) if (isSame(one, held)) one.to = Math.min(one.to, world.now)
  await insist(scene, () => ask(scene, tenant, 'POST', how.to, how.body), TRIES)
}

function isSame(one: HeldUp, other: HeldUp): boolean {
  const { tenant, tokenId, email } = other
  return one.tenant === tenant && one.tokenId === tokenId && one.email === email
}
