/** A client that wants one thing made once: it creates, repeats where the answer allows it, and asks how its job is. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { ORIGIN } from '../platform/universe.ts'
import type { PlannedCreation } from '../plans/plan.ts'
import { statusPaths } from './looks.ts'
import { ask, keep, RECEIVER, type Intention, type Scene, type Tenant } from './scene.ts'
import { tenantAt } from './set-up.ts'

const TRIES_MAX = 8
const LANGUAGES = ['Spanish', 'French', 'German']
/** What JSON can hold and JavaScript cannot keep: a 64-bit number, a spelling, a member twice. */
const ODD = '"x_odd": [9007199254740993, 1.0e2, "\\u00e9\\/"],  "x_twice":1,"x_twice":2, '

interface Client {
  scene: Scene
  tenant: Tenant
  planned: PlannedCreation
  intention: Intention
}

/** `as`: the tenant of the plan with another token of it. */
export async function carryOut(scene: Scene, planned: PlannedCreation, as?: Tenant): Promise<void> {
  const { mark, kind, own } = planned
  const tenant = as ?? tenantAt(scene, planned.tenant)
  const intention: Intention = {
    ...{ mark, kind, tenant: tenant.no, isUntracked: false },
    ...(planned.isKeyed ? { key: `key-${mark}` } : {}),
    ...(planned.hasCallbackId ? { callbackId: mark } : {}),
    ...(own === undefined ? {} : { own }),
    ...{ answers: [], requestIds: [], jobIds: [], views: [], bodies: [] },
  }
  scene.intentions.set(mark, intention)
  const client = { scene, tenant, planned, intention }
  const body = bodyOf(scene, planned)
  const isTwice = planned.isKeyed && planned.repeats === 'at once'
  await Promise.all([insistOn(client, body), ...(isTwice ? [attempt(client, body)] : [])])
  await poll(client)
  if (!planned.isKeyed || planned.laterMs === undefined) return
  await scene.universe.world.sleep(planned.laterMs, 'before a late repeat')
  const isOther = planned.repeats === 'other body'
  await attempt(client, isOther ? body.replace('{', '{"x_other": true, ') : body)
}

async function insistOn(client: Client, body: string): Promise<void> {
  for (let n = 0; n < TRIES_MAX; n += 1) {
    if (await attempt(client, body)) return
    await client.scene.universe.world.sleep(1000 * 2 ** n, 'before a repeat')
  }
}

/** Asks how the job is, each time on another path. */
async function poll({ scene, tenant, planned, intention }: Client): Promise<void> {
  for (let n = 0; n < planned.polls; n += 1) {
    await scene.universe.world.sleep(30_000, 'before a poll')
    const paths = statusPaths(intention)
    const path = paths[(n + (planned.askBy ?? 0)) % paths.length]
    if (path !== undefined) await ask(scene, tenant, 'GET', path)
  }
}

function bodyOf(scene: Scene, planned: PlannedCreation): string {
  const { mark, kind, isNamed, hasCallbackId, own, languages, files, looks } = planned
  const body = kindNamed(kind).body(mark)
  const text = JSON.stringify({
    ...body,
    ...(isNamed && 'title' in body ? { title: mark } : {}),
    ...('output_languages' in body ? { output_languages: LANGUAGES.slice(0, languages) } : {}),
    ...(files === undefined ? {} : membersNaming(scene, files)),
    ...(looks === undefined ? {} : { type: 'avatar', ...ownOf(looks) }),
    ...(hasCallbackId ? { callback_id: mark } : {}),
    ...(own === undefined ? {} : { callback_url: `${RECEIVER}/${own}/${mark}` }),
  })
  return planned.isOdd ? text.replace('{', `{ ${ODD}`) : text
}

/** True: the client has what it wanted, or may not ask again. */
async function attempt(client: Client, body: string): Promise<boolean> {
  const { scene, tenant, planned, intention } = client
  const { key, kind } = intention
  const { path } = kindNamed(kind)
  if (!intention.bodies.includes(body)) intention.bodies.push(body)
  const answer = await scene.universe.call({
    method: 'POST',
    url: `${ORIGIN}/heygen${path}`,
    headers: {
      'content-type': 'application/json',
      'x-api-key': tenant.token,
      ...(planned.waits ? { prefer: 'wait=30' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body,
    leavesAfterMs: planned.leavesAfterMs,
  })
  keep(scene, tenant, `POST ${path}`, answer)
  const { status, headers } = answer
  const code = headers['x-gateway-error']
  const named = headers['x-gateway-job']
  const requestId = headers['x-request-id']
  intention.answers.push(code === undefined ? String(status) : `${status} ${code}`)
  if (requestId !== undefined) intention.requestIds.push(requestId)
  if (named !== undefined) intention.jobIds.push(...named.split(',').map((id) => id.trim()))
  // Without a key, a client that heard nothing must not try again: the job may have been started.
  if (status === 'cut') return key === undefined
  if (status < 300) return true
  if (headers['x-should-retry'] === 'false') return true
  return key === undefined ? status !== 429 && status !== 503 : status < 409
}

/** What only this account has. */
function ownOf(name: string): object {
  return { avatar_id: `own-${name}-id`, voice_id: `own-${name}-id` }
}

/** The members of a creation of a video that name files. Those without a known id are left out. */
function membersNaming({ uploads }: Scene, names: readonly string[]): object {
  const [image, sound] = names.flatMap((name) => uploads.get(name)?.id ?? [])
  return {
    ...(image === undefined ? {} : { image: { type: 'asset_id', asset_id: image } }),
    ...(sound === undefined ? {} : { audio_asset_id: sound }),
  }
}
