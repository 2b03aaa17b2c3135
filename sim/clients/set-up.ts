/** Makes the tenants of a plan with their endpoints, and adds their accounts, in calm. */
import { addAccount } from './accounts.ts'
import { emailOf, isGood, keyOf, operate, insist, type Scene, type Tenant } from './scene.ts'
import { addEndpoint } from './endpoints.ts'

const TRIES_MAX = 60

export async function setUp(scene: Scene): Promise<void> {
  const { plan, heygen, universe } = scene
  for (const at of plan.tenants.keys())
    await untilGood(scene, `tenant ${at}`, async () => (await makeTenant(scene, at)) !== undefined)
  for (const one of plan.accounts) {
    const { name, tenant } = one
    heygen.addAccount(emailOf(name), keyOf(name), one)
    const held = { tenant, key: keyOf(name), holders: new Set<number>(), turn: Promise.resolve() }
    scene.accounts.set(name, held)
    scene.secrets.add(held.key)
    await untilGood(scene, `account ${name}`, async () => isGood(await addAccount(scene, name)))
  }
  for (const [at, { endpoints }] of plan.tenants.entries())
    for (let n = 0; n < endpoints; n += 1) await addEndpoint(scene, tenantAt(scene, at))
  await universe.world.sleep(5000, 'set up')
}

/** In the simulation the first try is good. workerd may be dead, or the machine too slow. */
async function untilGood(scene: Scene, what: string, work: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < TRIES_MAX; n += 1) {
    if (await work()) return
    await scene.universe.world.sleep(60_000, 'before the set up goes on')
  }
  throw new Error(`${what} could not be set up`)
}

export function tenantAt(scene: Scene, at: number): Tenant {
  const tenant = scene.tenants[at]
  if (!tenant) throw new Error(`no tenant ${at}`)
  return tenant
}

/** Makes the tenant at a place of the plan, for the first time or again. Undefined: it could not be made. */
export async function makeTenant(scene: Scene, at: number): Promise<Tenant | undefined> {
  const name = `tenant-${scene.plan.seed}-${at}`
  const made = await makeToken(scene, name)
  if (!made) return undefined
  const tenant: Tenant = {
    ...{ no: scene.everyTenant.length, name, ...made },
    ...{ endpoints: [], callbackSecrets: [], isUncertain: false },
  }
  scene.everyTenant.push(tenant)
  scene.tenants[at] = tenant
  return tenant
}

export async function makeToken(
  scene: Scene,
  tenant: string,
  more: object = {}
): Promise<Pick<Tenant, 'token' | 'tokenId' | 'pair'> | undefined> {
  const wanted = { name: 'sim', tenant, ...scene.plan.limits, ...more }
  const made = await insist(scene, () => operate(scene, 'POST', '/admin/tokens', wanted))
  if (!isGood(made)) return undefined
  const {
    id,
    token,
    accessKey = '',
    secretKey = '',
  } = JSON.parse(made.body) as Record<string, string>
  if (id === undefined || token === undefined) throw new Error(`token: ${made.body}`)
  for (const secret of [token, secretKey]) scene.secrets.add(secret)
  return { token, tokenId: id, pair: { accessKey, secretKey } }
}
