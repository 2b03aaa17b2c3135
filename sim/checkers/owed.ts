/** Whether the gateway still owes anything, as far as clients can see. No promise: it only says when to look at the promises. */
import type { Scene, Tenant } from '../clients/scene.ts'
import { ORIGIN } from '../platform/universe.ts'
import { untoldNow } from './telling.ts'

export async function owedNow(scene: Scene): Promise<boolean> {
  if (untoldNow(scene)) return true
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const slots = (await read(scene, tenant, '/v1/heygen/scheduler/available')) as {
      available?: { executing: number }[]
    }
    if (slots.available?.some(({ executing }) => executing > 0) !== false) return true
    const owed = (await read(scene, tenant, '/v1/deliveries?state=pending&limit=1')) as {
      deliveries?: unknown[]
    }
    if (owed.deliveries?.length !== 0) return true
  }
  return false
}

/** The answer is not kept, since it was no client who asked. */
async function read({ universe }: Scene, { token }: Tenant, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  const { status, body } = await universe.call({ method: 'GET', url: ORIGIN + path, headers })
  return status === 200 ? (JSON.parse(body) as unknown) : {}
}
