/** Steps of the operator: an export that is imported again, a tenant that is removed and comes back by its export, another master key. */
import { MASTER_KEY, NEXT_MASTER_KEY, ORIGIN, ADMIN_TOKEN } from '../platform/universe.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import { inTurn } from '../clients/accounts.ts'
import { alone, ask, insist, isGood, operate, type Scene, type Tenant } from '../clients/scene.ts'

const SEALED = /^k\d\.[\w+/]{16}\.[\w+/=]+$/

interface Report {
  added: Record<string, number>
  skipped: { what: string; name: string; why: string }[]
  skippedInAll: number
}

/** Nothing is added to the gateway that it comes from. A text that is damaged changes nothing. */
export async function exportAndImport(scene: Scene): Promise<void> {
  await alone(scene, () =>
    withEveryAccount(scene, async () => {
      const text = await exported(scene)
      if (text === undefined) return
      const damaged = await send(scene, `${text.slice(0, -8)}AAAA${text.slice(-4)}`)
      if (isGood(damaged)) scene.violations.push(`backup: a damaged export was taken`)
      const report = await imported(scene, text)
      if (report && scene.plan.isGentle === true && Object.keys(report.added).length > 0)
        scene.violations.push(
          `backup: added to where it comes from: ${JSON.stringify(report.added)}`
        )
    })
  )
}

/** The accounts, tokens and endpoints of a removed tenant come back with its export. Its jobs do not. */
export async function restoreTenant(scene: Scene, at: number, againAfterMs: number): Promise<void> {
  const old = scene.tenants[at]
  if (!old || old.endedAt !== undefined) return
  await alone(scene, () =>
    withEveryAccount(scene, async () => {
      const before = await accountsOf(scene, old)
      const text = await exported(scene, `?tenant=${old.name}`)
      if (text === undefined || old.endedAt !== undefined) return
      const { token, tokenId, pair } = old
      const { world } = scene.universe
      old.endedAt = world.now
      const path = `/admin/tenants/${old.name}`
      const removed = await insist(scene, () => operate(scene, 'DELETE', path), 12)
      if (!isGood(removed) && removed.status !== 404) return
      await world.sleep(againAfterMs, 'before the export is imported')
      const next = comeBack(scene, at, old, { token, tokenId, pair })
      const report = await imported(scene, text)
      await unparkImported(scene, next)
      if (!report || scene.plan.isGentle !== true || !before) return
      const after = await accountsOf(scene, next)
      const lost = before.filter((email) => after && !after.includes(email))
      if (lost.length > 0)
        scene.violations.push(`backup: lost ${lost.join(' ')}: ${JSON.stringify(report)}`)
    })
  )
}

const UNPARK_TRIES = 8

/**
 * An imported account rests until somebody says that no other gateway runs it. For a minute an isolate may take the token for that
 * of the tenant that was removed, and know no such account.
 */
async function unparkImported(scene: Scene, tenant: Tenant): Promise<void> {
  const rests = new Map<string, boolean>()
  for (let n = 0; n < UNPARK_TRIES; n += 1) {
    for (const email of (await accountsOf(scene, tenant)) ?? []) {
      if (rests.get(email) === false) continue
      const unpark = () => ask(scene, tenant, 'POST', `/v1/heygen/accounts/${email}/unpark`)
      rests.set(email, !isGood(await insist(scene, unpark)))
    }
    if (rests.size > 0 && ![...rests.values()].includes(true)) return
    await scene.universe.world.sleep(30_000, 'before they are unparked again')
  }
}

/** The tenant as it is after the import: another one, with the same token and endpoints. */
function comeBack(
  scene: Scene,
  at: number,
  old: Tenant,
  token: Pick<Tenant, 'token' | 'tokenId' | 'pair'>
): Tenant {
  const from = scene.universe.world.now
  const next: Tenant = {
    ...{ no: scene.everyTenant.length, name: old.name, ...token },
    endpoints: old.endpoints
      .filter(({ on, isUncertain }) => isUncertain || on.at(-1)?.to === undefined)
      .map((endpoint) => ({ ...endpoint, on: [{ from }] })),
    callbackSecrets: [...old.callbackSecrets],
    isUncertain: old.isUncertain,
  }
  // Its clients use it for the next one now.
  old.token = 'the-token-of-a-removed-tenant'
  scene.everyTenant.push(next)
  scene.tenants[at] = next
  scene.comebacks.push({ from: old.no, to: next.no, at: from })
  for (const held of scene.accounts.values()) if (held.tenant === at) held.holders.add(next.no)
  return next
}

async function accountsOf(scene: Scene, tenant: Tenant): Promise<string[] | undefined> {
  const listed = await insist(scene, () => ask(scene, tenant, 'GET', '/v1/heygen/accounts'))
  return isGood(listed) ? Object.keys(JSON.parse(listed.body) as object) : undefined
}

async function exported(scene: Scene, query = ''): Promise<string | undefined> {
  const answer = await insist(scene, () => operate(scene, 'GET', `/admin/export${query}`), 4)
  if (!isGood(answer)) return undefined
  if (!SEALED.test(answer.body))
    scene.violations.push(`I6 an export is not sealed: ${answer.body.slice(0, 40)}`)
  return answer.body
}

async function imported(scene: Scene, text: string): Promise<Report | undefined> {
  const answer = await insist(scene, () => send(scene, text))
  if (!isGood(answer)) return undefined
  const report = JSON.parse(answer.body) as Report
  if (typeof report.added !== 'object' || report.skipped.length !== report.skippedInAll)
    scene.violations.push(`backup: an import says ${answer.body.slice(0, 200)}`)
  return report
}

async function send(scene: Scene, body: string): Promise<ClientAnswer> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const call = { method: 'POST', url: `${ORIGIN}/admin/import`, headers, body }
  const answer = await scene.universe.call(call)
  scene.operated.push({ about: 'POST /admin/import', answer })
  return answer
}

/** While no other step changes an account. */
function withEveryAccount(scene: Scene, work: () => Promise<void>): Promise<void> {
  const names = [...scene.accounts.keys()]
  const from = (n: number): Promise<void> => {
    const name = names[n]
    return name === undefined ? work() : inTurn(scene, name, () => from(n + 1))
  }
  return from(0)
}

const PASSES_MAX = 60

/** As docs/rotate-keys.md says: the new key first, everything sealed with it, and the old one goes when it is removable. */
export async function rotateMasterKey(scene: Scene): Promise<void> {
  const { universe } = scene
  scene.secrets.add(NEXT_MASTER_KEY)
  const both = `k2:${NEXT_MASTER_KEY},k1:${MASTER_KEY}`
  await universe.deploy({ MASTER_KEYS: both })
  for (let n = 0; n < PASSES_MAX; n += 1) {
    const answer = await operate(scene, 'POST', '/admin/reseal')
    const said = isGood(answer) ? (JSON.parse(answer.body) as Resealed) : undefined
    if (said && said.unreadable.examples.length > 0)
      scene.violations.push(`keys: unreadable: ${answer.body.slice(0, 400)}`)
    if (said?.removable === true) return universe.deploy({ MASTER_KEYS: `k2:${NEXT_MASTER_KEY}` })
    const isWaiting = said?.done === true
    await universe.world.sleep(isWaiting ? 7_200_000 : 60_000, 'before sealing goes on')
  }
  if (scene.plan.isGentle === true) scene.violations.push('keys: the old one is never removable')
}

interface Resealed {
  done: boolean
  removable: boolean
  unreadable: { examples: unknown[] }
}
