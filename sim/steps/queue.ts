/** Steps of the line: queued creations, which their clients may cancel, and second tokens, which end while items of theirs wait. */
import type { PlannedItem, PlannedLine, PlannedTerms, TokenEnd } from '../plans/plan.ts'
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { carryOut } from '../clients/client.ts'
import {
  ask,
  insist,
  isGood,
  operate,
  type KlingIntention,
  type QueuedItem,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'
import { makeToken, tenantAt } from '../clients/set-up.ts'
import { noteDead } from '../clients/tenancy.ts'

export async function queueOne(scene: Scene, { line, ...planned }: PlannedItem): Promise<void> {
  const tenant = tenantAt(scene, planned.tenant)
  const named = line.after === undefined ? undefined : namedBy(scene, tenant, line.after)
  if (line.after !== undefined && !named) return
  await carryOut(
    scene,
    { ...planned, do: 'create', waits: false },
    {
      line,
      ...(named ? { named } : {}),
      beside: async ({ item, kind }) => {
        if (item) await cancel(scene, tenant, item, line, `/heygen${kindNamed(kind).path}`)
      },
    }
  )
}

function namedBy({ intentions }: Scene, tenant: Tenant, mark: string) {
  const other = intentions.get(mark)
  const [name] = other?.tenant === tenant.no ? (other.item?.names ?? []) : []
  return name === undefined ? undefined : { mark, name }
}

/** Kling deletes no task, so it is cancelled at the queue. */
export async function cancelTask(
  scene: Scene,
  tenant: Tenant,
  { item }: KlingIntention,
  line: PlannedLine
): Promise<void> {
  if (item) await cancel(scene, tenant, item, { ...line, cancelsBy: 'queue' }, '', 'kling')
}

export async function cancel(
  scene: Scene,
  tenant: Tenant,
  item: QueuedItem,
  { cancelsAfterMs, cancelsBy }: PlannedLine,
  path: string,
  provider = 'heygen'
): Promise<void> {
  const [name] = item.names
  if (name === undefined || cancelsAfterMs === undefined) return
  await scene.universe.world.sleep(cancelsAfterMs, 'before it is cancelled')
  // The provider's own delete goes to the job if it has begun, so it is only asked of what waits.
  const view = await ask(scene, tenant, 'GET', `/v1/${provider}/jobs/${name}`)
  if (!isGood(view) || !view.body.includes('"queued"')) return
  const at = cancelsBy === 'delete' ? `${path}/${name}` : `/v1/${provider}/queue/${name}`
  const answer = await ask(scene, tenant, 'DELETE', at)
  if (cancelsBy === 'queue' && answer.status === 204) item.isCancelled = true
  if (cancelsBy === 'delete') item.isDeleted = true
}

export async function addSecondToken(
  scene: Scene,
  tenant: Tenant,
  terms?: PlannedTerms
): Promise<void> {
  if (tenant.endedAt !== undefined) return
  const made = await makeToken(scene, tenant.name, terms)
  if (made && tenant.endedAt === undefined) tenant.second = made
}

/** The tenant's second token is removed, expires, or lapses for a while. */
export async function endToken(
  scene: Scene,
  tenant: Tenant,
  how: TokenEnd,
  forMs: number
): Promise<void> {
  const { second } = tenant
  if (!second || tenant.endedAt !== undefined) return
  const { world } = scene.universe
  const at = `/admin/tokens/${second.tokenId}`
  const expiresAt = new Date(world.now + 1000).toISOString()
  const change = how === 'expire' ? { expiresAt } : { subscription: 'lapsed' }
  const changed = await insist(scene, () =>
    how === 'remove' ? operate(scene, 'DELETE', at) : operate(scene, 'PATCH', at, change)
  )
  if (!isGood(changed)) return
  if (how === 'remove') scene.removedTokens.push({ token: second.token, tenant })
  if (how !== 'lapse') return noteDead(scene, second.tokenId)
  await world.sleep(forMs, 'the token has lapsed')
  noteLapse(scene, second.tokenId, world.now - forMs)
  const active = { subscription: 'active' }
  await insist(scene, () => operate(scene, 'PATCH', at, active), 12)
}

function noteLapse({ deadTokens, universe }: Scene, tokenId: string, from: number): void {
  deadTokens.push({ tokenId, from, to: universe.world.now })
}
