/** I3 and I4, by the checks of the storm: what was started, what was told, and how often. */
import * as checks from '../../test/support/storm/storm-checks.ts'
import { ask, type Scene } from '../clients/scene.ts'
import type { Intention } from '../clients/scene.ts'

export async function promisesOfTelling(scene: Scene): Promise<string[]> {
  const { heygen, receivers, plan } = scene
  for (const intention of scene.intentions.values()) await askAbout(scene, intention)
  const found: string[] = []
  for (const [tenant, { secrets, endpoints }] of scene.tenants.entries()) {
    const intentions = new Map(
      [...scene.intentions].filter(([, one]) => one.tenant === tenant && !isLeftOut(scene, one))
    )
    const creations = heygen.creations.filter(({ mark }) => intentions.has(mark))
    const ends = Array.from({ length: endpoints }, (_, n) => receivers.to(`/tenant${tenant}/${n}`))
    const own = (manner: string) =>
      receivers
        .to(`/${manner}/`)
        .filter(({ path }) => intentions.has(path.slice(path.lastIndexOf('/') + 1)))
    const seen: checks.Seen = {
      ...{ limits: new Map(), intentions, secrets, books: { accounts: [], creations } },
      told: {
        endpoints: ends,
        own: { told: own('told'), flaky: own('flaky'), dead: own('dead') },
      },
    }
    const named = (promise: string, broken: string[]) =>
      found.push(...broken.map((text) => `${promise}: ${text}`))
    named('I4 started twice', checks.doubled(seen))
    named('I3 not told', checks.untold(seen))
    named('I3 one end, two ids', checks.twoIds(seen))
    named('I3 two ends, one id', checks.sharedIds(seen))
    named('I3 told otherwise', checks.toldOtherwise(seen))
    named('I4 said not to have been started', checks.falselyAbsent(seen))
    named('I3 unsigned', checks.unsigned(seen))
  }
  if (plan.tenants.length !== scene.tenants.length) found.push('a tenant is missing')
  return found
}

/** Jobs that the client has given up, and jobs of accounts that were removed at once. */
function isLeftOut(scene: Scene, intention: Intention): boolean {
  const booked = scene.heygen.creations.filter(({ mark }) => mark === intention.mark)
  return intention.isUntracked || booked.some(({ account }) => scene.dropped.has(account))
}

async function askAbout(scene: Scene, intention: Intention): Promise<void> {
  for (const requestId of new Set(intention.requestIds)) {
    const { status, body } = await ask(
      scene,
      intention.tenant,
      'GET',
      `/v1/heygen/jobs/${requestId}`
    )
    const view = JSON.parse(body || '{}') as {
      status?: string
      status_final?: boolean
      jobid?: string
    }
    intention.views.push({
      requestId,
      status: view.status ?? String(status),
      isFinal: view.status_final === true,
      jobId: view.jobid ?? null,
    })
  }
}
