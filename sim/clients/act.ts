/** Carries out the steps of a plan. */
import type { Action } from '../plans/plan.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import { ADMIN_TOKEN, ORIGIN } from '../platform/universe.ts'
import { carryOut } from './client.ts'
import { ask, emailOf, JSON_TYPE, keyOf, RECEIVER, type Scene } from './scene.ts'

export async function setUp(scene: Scene): Promise<void> {
  const { plan, heygen, universe } = scene
  for (const { endpoints } of plan.tenants) {
    const made = await universe.call({
      ...{ method: 'POST', url: `${ORIGIN}/admin/tokens`, body: JSON.stringify({ name: 'sim' }) },
      headers: { ...JSON_TYPE, authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    const { token } = JSON.parse(made.body) as { token: string }
    scene.tenants.push({ token, secrets: [], endpoints })
  }
  for (const one of plan.accounts) {
    const email = emailOf(one.name)
    heygen.addAccount(email, keyOf(one.name), one)
    const added = await addAccount(scene, one.name)
    if (added.status !== 201) throw new Error(`account: ${added.status} ${added.body}`)
  }
  for (const [n, { endpoints }] of plan.tenants.entries()) {
    for (let at = 0; at < endpoints; at += 1) {
      const url = `${RECEIVER}/tenant${n}/${at}`
      const added = await ask(scene, n, 'POST', '/heygen/v3/webhooks/endpoints', { url })
      const { data } = JSON.parse(added.body) as { data: { secret: string } }
      scene.tenants[n]?.secrets.push(data.secret)
    }
  }
  await universe.world.sleep(5000, 'set up')
}

async function addAccount(scene: Scene, name: string, maxJobs?: number): Promise<ClientAnswer> {
  const planned = scene.plan.accounts.find((one) => one.name === name)
  const email = emailOf(name)
  const wanted = maxJobs ?? planned?.maxJobs ?? 1
  scene.heygen.allow(email, wanted)
  const body = {
    email,
    maxJobs: wanted,
    ...(maxJobs === undefined ? { apiKey: keyOf(name) } : {}),
  }
  const added = await ask(scene, planned?.tenant ?? 0, 'POST', '/v1/heygen/accounts', body)
  if (maxJobs === undefined && added.status === 201) scene.dropped.delete(email)
  return added
}

export async function act(scene: Scene, action: Action): Promise<void> {
  const { plan, universe, heygen } = scene
  if (action.do === 'create') return carryOut(scene, action)
  if (action.do === 'kill isolate') return universe.killIsolate()
  if (action.do === 'crash object') {
    const objects = [...universe.objects.values()]
    return objects[action.n % objects.length]?.crash('plan')
  }
  if (action.do === 'look') return void (await ask(scene, action.tenant, 'GET', action.at))
  if (action.do === 'untrack') return untrack(scene, action.mark)
  const { account: name } = action
  const tenant = plan.accounts.find((one) => one.name === name)?.tenant ?? 0
  const email = emailOf(name)
  if (action.do === 'limit') return void (await addAccount(scene, name, action.maxJobs))
  if (action.do === 'add') return void (await addAccount(scene, name))
  if (action.do === 'remove') {
    if (action.isNow) scene.dropped.add(email)
    const now = action.isNow ? '?now=true' : ''
    return void (await ask(scene, tenant, 'DELETE', `/v1/heygen/accounts/${email}${now}`))
  }
  const account = heygen.accounts.get(email)
  if (!account) return
  account.isRefused = true
  await universe.world.sleep(action.forMs, 'key is good again')
  account.isRefused = false
}

async function untrack(scene: Scene, mark: string): Promise<void> {
  const intention = scene.intentions.get(mark)
  const [id] = intention?.jobIds ?? []
  if (!intention || id === undefined) return
  intention.isUntracked = true
  await ask(scene, intention.tenant, 'DELETE', `/v1/heygen/scheduler/${id}`)
}
