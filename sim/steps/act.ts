/** Carries out the steps of a plan. */
import type { Action } from '../plans/plan.ts'
import * as accounts from '../clients/accounts.ts'
import { addAlert, lowBalance } from './alerts.ts'
import { workAsAgent } from './agents.ts'
import * as backup from './backup.ts'
import { carryOut } from '../clients/client.ts'
import * as endpoints from '../clients/endpoints.ts'
import * as files from './files.ts'
import * as kling from './kling.ts'
import * as looks from '../clients/looks.ts'
import { measure } from '../clients/measured.ts'
import { ask, emailOf, operate, type Scene } from '../clients/scene.ts'
import { serveCustomers } from './customers.ts'
import { makeOlderVideo, stream } from './older.ts'
import { openPage } from './pages.ts'
import { queueMany } from './bulk.ts'
import { drain, pause } from './pauses.ts'
import { addSecondToken, endToken, queueOne } from './queue.ts'
import { signIn } from './sign-in.ts'
import { endTenant, rotateToken } from '../clients/tenancy.ts'
import { tenantAt } from '../clients/set-up.ts'

/** Deliveries are tried for less than this. */
const GIVEN_UP_MS = 24 * 3_600_000

type Acts = { [Do in Action['do']]: (scene: Scene, action: Extract<Action, { do: Do }>) => unknown }

const ACTS: Acts = {
  create: (scene, planned) =>
    scene.plan.isMeasured === true
      ? measure(scene, planned, (one) => carryOut(scene, one))
      : carryOut(scene, planned),
  queue: (scene, planned) =>
    scene.plan.isMeasured === true
      ? measure(scene, planned, (one) => queueOne(scene, one))
      : queueOne(scene, planned),
  'second token': (scene, { tenant, terms }) =>
    addSecondToken(scene, tenantAt(scene, tenant), terms),
  bulk: (scene, planned) => queueMany(scene, planned),
  pause: (scene, { tenant, ...planned }) => pause(scene, tenantAt(scene, tenant), planned),
  drain: (scene, { account, forMs }) => drain(scene, account, forMs),
  'end token': (scene, { tenant, how, forMs }) =>
    endToken(scene, tenantAt(scene, tenant), how, forMs),
  look: (scene, { tenant, at }) => ask(scene, tenantAt(scene, tenant), 'GET', at),
  list: (scene, { tenant, kind, pages }) =>
    looks.listPages(scene, tenantAt(scene, tenant), kind, pages),
  spy: (scene, { tenant, mark }) => looks.spy(scene, tenantAt(scene, tenant), mark),
  delete: (scene, { mark }) => looks.deleteJob(scene, mark),
  untrack: (scene, { mark }) => looks.untrack(scene, mark),
  limit: (scene, { account, maxJobs }) => accounts.changeLimit(scene, account, maxJobs),
  remove: (scene, { account, isNow }) => accounts.removeAccount(scene, account, isNow),
  add: (scene, { account }) =>
    accounts.inTurn(scene, account, async () => void (await accounts.addAccount(scene, account))),
  'hand over': (scene, { account, to }) => accounts.handOver(scene, account, to),
  'new key': (scene, { account }) => accounts.newKey(scene, account),
  unpark: (scene, { account }) => accounts.unpark(scene, account),
  'refuse key': async ({ heygen, universe }, { account, forMs }) => {
    const refused = heygen.accounts.get(emailOf(account))
    if (!refused) return
    refused.isRefused = true
    await universe.world.sleep(forMs, 'key is good again')
    refused.isRefused = false
  },
  'rotate token': (scene, { tenant }) => rotateToken(scene, tenantAt(scene, tenant)),
  'end tenant': (scene, { tenant, againAfterMs }) => endTenant(scene, tenant, againAfterMs),
  'add endpoint': (scene, { tenant }) => endpoints.addEndpoint(scene, tenantAt(scene, tenant)),
  'change endpoint': (scene, { tenant, n, how }) =>
    endpoints.changeEndpoint(scene, tenantAt(scene, tenant), n, how),
  'fail endpoint': ({ receivers, tenants, universe }, { tenant, n, forMs }) => {
    const endpoint = tenants[tenant]?.endpoints[n]
    if (!endpoint) return
    receivers.failing.set(endpoint.path, universe.world.now + forMs)
    // Its deliveries are given up, so nothing more is expected there.
    if (forMs > GIVEN_UP_MS) endpoint.isUncertain = true
  },
  'rotate callback secret': (scene, { tenant }) =>
    endpoints.rotateCallbackSecret(scene, tenantAt(scene, tenant)),
  'retry delivery': (scene, { tenant, n }) =>
    endpoints.retryDelivery(scene, tenantAt(scene, tenant), n),
  call: (scene, { tenant, method, path, body, isOperator }) =>
    isOperator === true
      ? operate(scene, method, path, body)
      : ask(scene, tenantAt(scene, tenant), method, path, body),
  upload: (scene, { tenant, ...file }) => files.upload(scene, tenantAt(scene, tenant), file),
  'delete file': (scene, { file }) => files.deleteFile(scene, file),
  'lose copies': (scene) => files.loseCopies(scene),
  'add kling': (scene, { tenant, ...added }) =>
    kling.addKling(scene, tenantAt(scene, tenant), added),
  'kling task': (scene, { tenant, ...task }) =>
    kling.makeTask(scene, tenantAt(scene, tenant), task),
  'sign own': (scene, { tenant }) => kling.signOwn(scene, tenantAt(scene, tenant)),
  page: (scene, { tenant, ...how }) => openPage(scene, tenantAt(scene, tenant), how),
  'list kling': (scene, { tenant }) => kling.listTasks(scene, tenantAt(scene, tenant)),
  'export and import': (scene) => backup.exportAndImport(scene),
  'restore tenant': (scene, { tenant, againAfterMs }) =>
    backup.restoreTenant(scene, tenant, againAfterMs),
  'rotate master key': (scene) => backup.rotateMasterKey(scene),
  'sign in': (scene, { tenant, ...planned }) => signIn(scene, tenantAt(scene, tenant), planned),
  agent: (scene, { tenant, ...how }) => workAsAgent(scene, tenantAt(scene, tenant), how),
  'add alert': (scene, { tenant, ...alert }) => addAlert(scene, tenantAt(scene, tenant), alert),
  'low balance': (scene, { account, forMs }) => lowBalance(scene, account, forMs),
  'older video': (scene, { tenant, ...planned }) =>
    makeOlderVideo(scene, tenantAt(scene, tenant), planned),
  customers: (scene, { tenant, ...planned }) =>
    serveCustomers(scene, tenantAt(scene, tenant), planned),
  stream: (scene, { tenant, isStopped }) => stream(scene, tenantAt(scene, tenant), isStopped),
  'unreachable object': ({ universe }, { n, forMs, method, of }) => {
    const objects = of === undefined ? [...universe.objects.values()] : universe.objectsOf(of)
    const object = objects[n % objects.length]
    if (!object) return
    object.unreachableMethod = method
    object.unreachableUntil = universe.world.now + forMs
  },
  'kill isolate': ({ universe }) => universe.killIsolate(),
  'crash object': ({ universe }, { n }) => {
    const objects = [...universe.objects.values()]
    objects[n % objects.length]?.crash('plan')
  },
}

export async function act(scene: Scene, action: Action): Promise<void> {
  const carry = ACTS[action.do] as (scene: Scene, action: Action) => unknown
  await carry(scene, action)
}
