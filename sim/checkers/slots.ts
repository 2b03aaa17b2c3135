/** I2: once every job is over, every slot is back. */
import { ask, insist, type Scene } from '../clients/scene.ts'

interface Available {
  available?: { account?: string; email?: string; executing: number }[]
}

const AVAILABLE = '/v1/heygen/scheduler/available'

/** Slots that tenants see held. */
export async function slotsHeld(scene: Scene): Promise<string[]> {
  const found: string[] = []
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const { body } = await insist(scene, () => ask(scene, tenant, 'GET', AVAILABLE))
    for (const account of (JSON.parse(body) as Available).available ?? [])
      if (account.executing > 0)
        found.push(`I2 tenant ${tenant.no}: slots held at rest: ${JSON.stringify(account)}`)
  }
  return found
}

/** In an account's object. A row whose lease has ended has an ended job. */
export const LEASES_LEFT = 'SELECT * FROM lease WHERE id NOT IN (SELECT id FROM ended_job)'

/** Leases in any object, also of accounts that were removed. */
export function leasesLeft({ universe }: Scene): string[] {
  return universe.objectsOf('ACCOUNT_SLOTS').flatMap(({ name, disk }) => {
    const rows = disk.look(LEASES_LEFT)
    return rows.length === 0 ? [] : [`I2 ${name} has leases at rest: ${JSON.stringify(rows)}`]
  })
}
