/** A client that wants one thing made once: it creates, repeats where the answer allows it, and asks how its job is. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { ORIGIN } from '../platform/universe.ts'
import type { PlannedCreation } from '../plans/plan.ts'
import { ask, RECEIVER, type Intention, type Scene } from './scene.ts'

const TRIES_MAX = 8
const LANGUAGES = ['Spanish', 'French', 'German']

export async function carryOut(scene: Scene, planned: PlannedCreation): Promise<void> {
  const { mark, kind, tenant, own } = planned
  const intention: Intention = {
    ...{ mark, kind, tenant, isUntracked: false },
    ...(planned.isKeyed ? { key: `key-${mark}` } : {}),
    ...(planned.hasCallbackId ? { callbackId: mark } : {}),
    ...(own === undefined ? {} : { own }),
    ...{ answers: [], requestIds: [], jobIds: [], views: [] },
  }
  scene.intentions.set(mark, intention)
  const { path } = kindNamed(kind)
  const body = bodyOf(planned)
  for (let n = 0; n < TRIES_MAX; n += 1) {
    const isOver = await attempt(scene, planned, intention, { path, body })
    if (isOver) break
    await scene.universe.world.sleep(1000 * 2 ** n, 'before a repeat')
  }
  const [id] = intention.jobIds
  for (let n = 0; id !== undefined && n < planned.polls; n += 1) {
    await scene.universe.world.sleep(30_000, 'before a poll')
    await ask(scene, tenant, 'GET', `/heygen${path}/${id}`)
  }
}

function bodyOf(planned: PlannedCreation): string {
  const { mark, kind, isNamed, hasCallbackId, own, languages } = planned
  const body = kindNamed(kind).body(mark)
  return JSON.stringify({
    ...body,
    ...(isNamed && 'title' in body ? { title: mark } : {}),
    ...('output_languages' in body ? { output_languages: LANGUAGES.slice(0, languages) } : {}),
    ...(hasCallbackId ? { callback_id: mark } : {}),
    ...(own === undefined ? {} : { callback_url: `${RECEIVER}/${own}/${mark}` }),
  })
}

/** True: the client has what it wanted, or may not ask again. */
async function attempt(
  scene: Scene,
  planned: PlannedCreation,
  intention: Intention,
  { path, body }: { path: string; body: string }
): Promise<boolean> {
  const { key, tenant } = intention
  const answer = await scene.universe.call({
    method: 'POST',
    url: `${ORIGIN}/heygen${path}`,
    headers: {
      'content-type': 'application/json',
      'x-api-key': scene.tenants[tenant]?.token ?? '',
      ...(planned.waits ? { prefer: 'wait=30' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body,
    leavesAfterMs: planned.leavesAfterMs,
  })
  scene.answers.push({ tenant, about: `POST ${path}`, answer })
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
