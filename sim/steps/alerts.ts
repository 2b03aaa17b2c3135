/** Steps about alerts: addresses that are told of faults, in each form, and what makes faults. */
import type { AlertForm } from '../plans/plan.ts'
import {
  ask,
  emailOf,
  insist,
  isGood,
  operate,
  RECEIVER,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'

export async function addAlert(
  scene: Scene,
  tenant: Tenant,
  { form, isOperator }: { form: AlertForm; isOperator: boolean }
): Promise<void> {
  scene.alertsMade += 1
  const n = scene.alertsMade
  const path = isOperator ? `/alerts/operator/${n}` : `/tenant${tenant.no}/alert-${n}`
  const body = { url: RECEIVER + path, form, ...(form === 'discord' ? { balanceBelow: 50 } : {}) }
  const call = (method: string, more = '', sent?: unknown) =>
    isOperator
      ? operate(scene, method, `/admin/alerts${more}`, sent)
      : ask(scene, tenant, method, `/v1/alerts${more}`, sent)
  const added = await call('POST', '', body)
  if (added.status !== 201) return
  const { id, secret } = JSON.parse(added.body) as { id: string; secret: string }
  scene.alerts.push({ path, form, secret })
  scene.secrets.add(secret)
  const tested = await call('POST', `/${id}/test`)
  const { delivered } = JSON.parse(isGood(tested) ? tested.body : '{}') as { delivered?: boolean }
  if (delivered === true && scene.receivers.to(path).length === 0)
    scene.violations.push(`alerts: a test of ${path} is said to be delivered`)
  const listed = await call('GET')
  if (isGood(listed) && !listed.body.includes(id))
    scene.violations.push(`alerts: the list is ${listed.body.slice(0, 200)}`)
}

/** HeyGen says that the account has little left, and later that it has enough. */
export async function lowBalance(scene: Scene, account: string, forMs: number): Promise<void> {
  const poor = scene.heygen.accounts.get(emailOf(account))
  if (!poor) return
  poor.balance = 3
  await scene.universe.world.sleep(forMs, 'low balance')
  delete poor.balance
  const holder = scene.tenants[scene.accounts.get(account)?.tenant ?? -1]
  if (!holder) return
  await insist(scene, () => ask(scene, holder, 'GET', `/v1/heygen/accounts/${emailOf(account)}`), 2)
}
