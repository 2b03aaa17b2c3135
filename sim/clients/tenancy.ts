/** Steps about tenants and tokens: rotated tokens, tenants that are removed and made again under the same name. */
import { addAccount, inTurn } from './accounts.ts'
import { addEndpoint } from './endpoints.ts'
import { alone, insist, isGood, operate, type Scene, type Tenant } from './scene.ts'
import { makeTenant, makeToken } from './set-up.ts'

/** A new token for the tenant; a minute later the old one is removed. */
export async function rotateToken(scene: Scene, tenant: Tenant): Promise<void> {
  if (tenant.endedAt !== undefined) return
  const made = await makeToken(scene, tenant.name)
  // The tenant may have been removed meanwhile: then the token made another tenant, or belongs to the next one of its name.
  if (!made || tenant.endedAt !== undefined) return
  const { token, tokenId } = tenant
  Object.assign(tenant, made)
  await scene.universe.world.sleep(60_000, 'before the old token goes')
  const removed = await insist(scene, () => operate(scene, 'DELETE', `/admin/tokens/${tokenId}`))
  if (!isGood(removed)) return
  scene.removedTokens.push({ token, tenant })
  noteDead(scene, tokenId)
}

/** From now on nothing may start for a token. */
export function noteDead(scene: Scene, tokenId: string): void {
  scene.deadTokens.push({ tokenId, from: scene.universe.world.now, to: Infinity })
}

/** Removes a tenant with its accounts. Its name is used again for a new one, which adds the same accounts. */
export async function endTenant(scene: Scene, at: number, againAfterMs: number): Promise<void> {
  const { world } = scene.universe
  const old = scene.tenants[at]
  if (!old || old.endedAt !== undefined) return
  let isRemoved = false
  await alone(scene, async () => {
    if (old.endedAt !== undefined) return
    old.endedAt = world.now
    const path = `/admin/tenants/${old.name}`
    const removed = await insist(scene, () => operate(scene, 'DELETE', path), 12)
    isRemoved = isGood(removed) || removed.status === 404
  })
  if (!isRemoved) return
  scene.removedTokens.push({ token: old.token, tenant: old })
  for (const { tokenId } of [old, old.second ?? old]) noteDead(scene, tokenId)
  await world.sleep(againAfterMs, 'before the name is used again')
  const next = await makeTenant(scene, at)
  if (!next) return
  for (const [name, held] of scene.accounts)
    if (held.tenant === at && held.key !== '')
      await inTurn(scene, name, async () => void (await addAccount(scene, name)))
  for (let n = 0; n < (scene.plan.tenants[at]?.endpoints ?? 0); n += 1)
    await addEndpoint(scene, next)
}
