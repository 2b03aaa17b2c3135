/** I2: once every job is over, every slot is back. */
import { ask, type Scene } from '../clients/scene.ts'

interface Available {
  available?: { account?: string; email?: string; executing: number }[]
}

export async function atRestAccounts(scene: Scene): Promise<string[]> {
  const found: string[] = []
  for (const tenant of scene.tenants.keys()) {
    const { body } = await ask(scene, tenant, 'GET', '/v1/heygen/scheduler/available')
    for (const account of (JSON.parse(body) as Available).available ?? [])
      if (account.executing > 0)
        found.push(`I2 tenant ${tenant}: slots held at rest: ${JSON.stringify(account)}`)
  }
  return found
}
