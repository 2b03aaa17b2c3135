/** Steps about what tells a tenant: its endpoints, its callback secret, deliveries sent again by hand. */
import type { EndpointChange } from '../plans/plan.ts'
import {
  alone,
  ask,
  insist,
  isGood,
  RECEIVER,
  type ClientEndpoint,
  type Scene,
  type Tenant,
} from './scene.ts'

const ENDPOINTS = '/heygen/v3/webhooks/endpoints'

export async function addEndpoint(scene: Scene, tenant: Tenant): Promise<void> {
  const { world } = scene.universe
  const path = `/tenant${tenant.no}/${tenant.endpoints.length}`
  const endpoint: ClientEndpoint = { id: '', path, secrets: [], on: [], isUncertain: true }
  tenant.endpoints.push(endpoint)
  const url = RECEIVER + path
  const added = await ask(scene, tenant, 'POST', ENDPOINTS, { url })
  if (!isGood(added)) return
  const { data } = JSON.parse(added.body) as { data: { endpoint_id: string; secret: string } }
  endpoint.id = data.endpoint_id
  endpoint.secrets.push({ secret: data.secret, at: world.now })
  endpoint.on.push({ from: world.now })
  endpoint.isUncertain = false
  scene.secrets.add(data.secret)
}

export async function changeEndpoint(
  scene: Scene,
  tenant: Tenant,
  n: number,
  how: EndpointChange
): Promise<void> {
  await alone(scene, () => change(scene, tenant, n, how))
}

async function change(scene: Scene, tenant: Tenant, n: number, how: EndpointChange): Promise<void> {
  const endpoint = tenant.endpoints[n % Math.max(1, tenant.endpoints.length)]
  if (!endpoint || endpoint.isUncertain) return
  const { world } = scene.universe
  const last = endpoint.on.at(-1)
  const isOn = last?.to === undefined
  if (isOn === (how === 'enable')) return
  const path = `${ENDPOINTS}/${endpoint.id}`
  // While the change is under way, nobody knows what counts.
  endpoint.isUncertain = true
  let tries = 0
  const answer = await insist(scene, () => {
    tries += 1
    if (how === 'remove') return ask(scene, tenant, 'DELETE', path)
    if (how === 'rotate') return ask(scene, tenant, 'POST', `${path}/rotate-secret`)
    return ask(scene, tenant, 'PATCH', path, { status: `${how}d` })
  })
  const isGone = how === 'remove' && answer.status === 404
  if (!isGood(answer) && !isGone) return
  if (how === 'rotate') {
    const { data } = JSON.parse(answer.body) as { data: { secret: string } }
    endpoint.secrets.push({ secret: data.secret, at: world.now })
    // A try whose answer was lost may have made a secret of which nobody heard, and it may have signed.
    if (tries > 1) endpoint.hasUnheardSecret = true
    scene.secrets.add(data.secret)
  } else if (how === 'enable') endpoint.on.push({ from: world.now })
  else if (last) last.to = world.now
  endpoint.isUncertain = false
}

export async function rotateCallbackSecret(scene: Scene, tenant: Tenant): Promise<void> {
  // A secret of which nobody heard may have signed, also when the next rotation has an answer.
  const { isUncertain } = tenant
  tenant.isUncertain = true
  const made = await ask(scene, tenant, 'POST', '/v1/callback-secret')
  if (!isGood(made)) return
  const { secret } = JSON.parse(made.body) as { secret: string }
  tenant.callbackSecrets.push({ secret, at: scene.universe.world.now })
  scene.secrets.add(secret)
  tenant.isUncertain = isUncertain
}

/** Sends again what was sent or given up: the n-th of the list. */
export async function retryDelivery(scene: Scene, tenant: Tenant, n: number): Promise<void> {
  const listed = await ask(scene, tenant, 'GET', '/v1/deliveries?limit=20')
  if (!isGood(listed)) return
  const { deliveries } = JSON.parse(listed.body) as { deliveries: { id: string }[] }
  const one = deliveries[n % Math.max(1, deliveries.length)]
  if (!one) return
  await ask(scene, tenant, 'GET', `/v1/deliveries/${encodeURIComponent(one.id)}`)
  await ask(scene, tenant, 'POST', `/v1/deliveries/${encodeURIComponent(one.id)}/retry`)
}
