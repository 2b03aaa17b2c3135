/** What is told to clients is signed with a secret that counts: an endpoint's, or the tenant's callback secret. */
import { createHmac } from 'node:crypto'
import type { Received } from '../../test/support/receiver.ts'
import type { ClientEndpoint, Scene, Secret, Tenant } from '../clients/scene.ts'

/** How long after a rotation the earlier secret may still sign. */
const GRACE_MS = 600_000

export function wronglySigned(scene: Scene): string[] {
  const wrong = scene.everyTenant.flatMap((tenant) => [
    ...tenant.endpoints.flatMap((endpoint) => wrongAtEndpoint(scene, endpoint)),
    ...wrongAtCallbacks(scene, tenant),
  ])
  return wrong.map(({ path, at }) => `I3 wrongly signed: ${path} ${at}`)
}

function wrongAtEndpoint(scene: Scene, endpoint: ClientEndpoint): Received[] {
  const { path, secrets, isUncertain, hasUnheardSecret } = endpoint
  if (isUncertain || hasUnheardSecret) return []
  const posts = scene.receivers.to(path).filter((one) => one.path === path)
  return posts.filter((post) => !isSigned(scene, post, secrets))
}

/** Before the tenant has a callback secret, these calls have no signature. */
function wrongAtCallbacks(scene: Scene, tenant: Tenant): Received[] {
  const { no, callbackSecrets, isUncertain, endedAt } = tenant
  // The secret of a removed tenant is gone.
  if (isUncertain || endedAt !== undefined) return []
  const posts = ['/told/', '/flaky/', '/dead/'].flatMap((manner) => scene.receivers.to(manner))
  const [first] = callbackSecrets
  return posts.filter((post) => {
    const mark = post.path.slice(post.path.lastIndexOf('/') + 1)
    if (scene.intentions.get(mark)?.tenant !== no) return false
    const isBare = post.headers['signature'] === undefined
    if (isBare && (!first || post.at < graceOf(scene, first.at))) return false
    return !isSigned(scene, post, callbackSecrets)
  })
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

/** What was told about faults is signed with the alert's secret, and in the form that its receiver reads (docs/alerts.md). */
export function wrongAlerts({ alerts, receivers }: Scene): string[] {
  return alerts.flatMap(({ path, form, secret }) =>
    receivers
      .to(path)
      .filter((post) => post.path === path)
      .flatMap(({ body, headers }) => {
        const isSigned =
          createHmac('sha256', secret).update(body).digest('hex') === headers['signature']
        const told = JSON.parse(body) as Record<string, unknown>
        const text = told[TEXTS[form]]
        const isRight = typeof text === 'string' && text.length > 10 && text.length < 2000
        return isSigned && isRight ? [] : [`alerts: ${path} was told ${body.slice(0, 200)}`]
      })
  )
}

const TEXTS = { generic: 'text', slack: 'text', discord: 'content' } as const
