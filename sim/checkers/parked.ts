/** I2, of parkings: an account is parked only while HeyGen refuses it, and comes back by itself. */
import { ask, isGood, type Scene } from '../clients/scene.ts'

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

/** Where HeyGen has refused no account, a call may have been refused, but no account is parked for that. */
export function parkedWithoutFault({ plan, answers }: Scene): string[] {
  const isRefusing = plan.steps.some(({ action }) =>
    ['refuse key', 'new key', 'remove', 'hand over', 'end tenant'].includes(action.do)
  )
  if (isRefusing) return []
  return answers.flatMap(({ about, answer: { headers, status } }) => {
    const parked = headers['x-gateway-parked']
    // After a 429, this kind of call waits at this account.
    return parked === undefined || parked.includes('reason=busy')
      ? []
      : [`I2 parked without fault: ${about} ${status}: ${parked}`]
  })
}
