/** I2, of parkings: an account is parked only while HeyGen refuses it, and comes back by itself. */
import { ask, isGood, type Scene } from '../../clients/scene.ts'

interface AccountView {
  email?: string
  parked?: { scope: string; reason: string; detail: string }[]
}

/** At rest no key is refused any more. */
export async function parkedAtRest(scene: Scene): Promise<string[]> {
  const found: string[] = []
  for (const tenant of scene.tenants) {
    if (tenant.endedAt !== undefined) continue
    const answer = await ask(scene, tenant, 'GET', '/v1/heygen/accounts')
    if (!isGood(answer)) continue
    for (const [email, { parked = [] }] of Object.entries(
      JSON.parse(answer.body) as Record<string, AccountView>
    ))
      for (const parking of parked)
        found.push(`I2 ${email} is parked at rest: ${JSON.stringify(parking)}`)
  }
  return found
}

/** HeyGen's accounts always have credit, all scopes, and are never blocked. */
const UNFAIR = /reason=(?:credit|scope|blocked)/

/** A call may be refused, but no account is parked for that. */
export function parkedWithoutFault({ answers }: Scene): string[] {
  return answers.flatMap(({ about, answer: { headers, status } }) => {
    const parked = headers['x-gateway-parked'] ?? ''
    return UNFAIR.test(parked) ? [`I2 parked without fault: ${about} ${status}: ${parked}`] : []
  })
}
