/** A sign-in that a person approves, refuses, forgets, or that the client cancels. */
import type { PlannedSignIn } from '../plans/plan.ts'
import { ask, emailOf, insist, isGood, type Scene, type Tenant } from '../clients/scene.ts'

const SIGN_IN = '/v1/heygen/accounts/sign-in'
const ENDS = {
  approves: ['done', 'failed', 'expired'],
  refuses: ['denied', 'failed', 'expired'],
  forgets: ['expired', 'failed'],
}
/** A code is good for ten minutes, and approved tokens are tried for half an hour. */
const LOOKS = 120

export async function signIn(
  scene: Scene,
  tenant: Tenant,
  { name, maxJobs, person, afterMs, isCancelled }: PlannedSignIn
): Promise<void> {
  const { heygen, universe } = scene
  const { world } = universe
  const email = emailOf(name)
  const account = heygen.accounts.get(email) ?? newAccount(scene, tenant, name)
  heygen.allow(email, Math.max(maxJobs, account.allowed))
  const begun = await ask(scene, tenant, 'POST', SIGN_IN, { maxJobs })
  if (!isGood(begun)) return
  const { id, user_code: code } = JSON.parse(begun.body) as { id: string; user_code: string }
  scene.secrets.delete(code)
  await world.sleep(afterMs, 'before the person decides')
  if (isCancelled) {
    const cancelled = await insist(scene, () => ask(scene, tenant, 'DELETE', `${SIGN_IN}/${id}`), 3)
    if (!isGood(cancelled) && cancelled.status !== 409) return
    if (isGood(cancelled)) return expect(scene, tenant, { id, email, isGone: true }, ['cancelled'])
  }
  if (person !== 'forgets') heygen.oauth.decide(code, person === 'approves' ? account : undefined)
  const ends = scene.plan.isGentle === true ? ENDS[person].slice(0, 1) : ENDS[person]
  await expect(scene, tenant, { id, email, isGone: person !== 'approves' }, ends)
}

/** Looks until the sign-in has ended. A person who approves gets the account, and nobody else does. */
async function expect(
  scene: Scene,
  tenant: Tenant,
  { id, email, isGone }: { id: string; email: string; isGone: boolean },
  ends: string[]
): Promise<void> {
  for (let n = 0; n < LOOKS; n += 1) {
    const seen = await ask(scene, tenant, 'GET', `${SIGN_IN}/${id}`)
    const { status, account } = (isGood(seen) ? JSON.parse(seen.body) : {}) as {
      status?: string
      account?: { email?: string }
    }
    if (tenant.endedAt !== undefined) return
    if (status === undefined || status === 'pending') {
      await scene.universe.world.sleep(30_000, 'before another look')
      continue
    }
    if (!ends.includes(status))
      scene.violations.push(`sign-in: ${status} instead of ${ends.join(' or ')}: ${seen.body}`)
    if (status === 'done' && (isGone || (account && account.email !== email)))
      scene.violations.push(`sign-in: ${email} became ${seen.body.slice(0, 200)}`)
    return
  }
  if (scene.plan.isGentle === true) scene.violations.push(`sign-in: ${id} does not end`)
}

function newAccount(scene: Scene, tenant: Tenant, name: string) {
  const how = { keys: 'first', times: 'millis', skewMs: 0 } as const
  scene.accounts.set(name, {
    ...{ tenant: scene.tenants.indexOf(tenant), key: '', holders: new Set([tenant.no]) },
    turn: Promise.resolve(),
  })
  return scene.heygen.addAccount(emailOf(name), `no-key-of-${name}`, how)
}
