/** What is told to clients is signed with a secret that counts: an endpoint's, or the tenant's callback secret. */
import { createHmac } from 'node:crypto'
import type { Received } from '../../test/support/receiver.ts'
import type { Scene, Secret } from '../clients/scene.ts'

/** How long after a rotation the earlier secret may still sign. */
const GRACE_MS = 600_000

export function wronglySigned(scene: Scene): string[] {
  const { everyTenant, receivers, intentions } = scene
  const found: string[] = []
  for (const { no, endpoints, callbackSecrets, isUncertain } of everyTenant) {
    for (const { path, secrets, isUncertain: isUnknown } of endpoints) {
      if (isUnknown) continue
      for (const post of receivers.to(path).filter((one) => one.path === path))
        if (!isSigned(scene, post, secrets)) found.push(`I3 wrongly signed: ${path} ${post.at}`)
    }
    if (isUncertain) continue
    for (const manner of ['/told/', '/flaky/', '/dead/'])
      for (const post of receivers.to(manner)) {
        const mark = post.path.slice(post.path.lastIndexOf('/') + 1)
        if (intentions.get(mark)?.tenant !== no) continue
        const isBare = post.headers['signature'] === undefined
        const [first] = callbackSecrets
        if (isBare && (!first || post.at < graceOf(scene, first.at))) continue
        if (!isSigned(scene, post, callbackSecrets))
          found.push(`I3 wrongly signed: ${post.path} ${post.at}`)
      }
  }
  return found
}

function isSigned(scene: Scene, { body, headers, at }: Received, secrets: Secret[]): boolean {
  return secrets.some(({ secret }, n) => {
    const next = secrets[n + 1]
    if (next && at > graceOf(scene, next.at)) return false
    return createHmac('sha256', secret).update(body).digest('hex') === headers['signature']
  })
}

/** While things go wrong, an account's object may hear of a change late. */
function graceOf({ calmAt }: Scene, at: number): number {
  return Math.max(at, calmAt) + GRACE_MS
}
