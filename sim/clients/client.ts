/** A client that wants one thing made once: it creates, repeats where the answer allows it, and asks how its job is. */
import { kindNamed } from '../../test/support/witness/witness-kinds.ts'
import { ORIGIN } from '../platform/universe.ts'
import type { PlannedCreation, PlannedLine } from '../plans/plan.ts'
import { statusPaths } from './looks.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import {
  ask,
  keep,
  RECEIVER,
  type Intention,
  type QueuedItem,
  type Scene,
  type Tenant,
} from './scene.ts'
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
  line?: PlannedLine | undefined
}

interface How {
  /** The tenant of the plan with another token of it. */
  as?: Tenant
  /** It asks to be queued. */
  line?: PlannedLine
  /** The job of another queued creation that its body names. */
  named?: Intention['named']
  /** Happens beside its polls. */
  beside?: (intention: Intention) => Promise<void>
}

export async function carryOut(
  scene: Scene,
  planned: PlannedCreation,
  { as, line, named, beside }: How = {}
): Promise<void> {
  const { mark, kind, own } = planned
  const tenant = as ?? tenantAt(scene, planned.tenant)
  const intention: Intention = {
    ...{ mark, kind, tenant: tenant.no, isUntracked: false },
    ...(planned.isKeyed ? { key: `key-${mark}` } : {}),
    ...(planned.hasCallbackId ? { callbackId: mark } : {}),
    ...(own === undefined ? {} : { own }),
    ...{ answers: [], requestIds: [], jobIds: [], views: [], bodies: [] },
    ...(line === undefined ? {} : { item: itemOf(tenant, line) }),
    ...(named === undefined ? {} : { named }),
  }
  scene.intentions.set(mark, intention)
  const client: Client = { scene, tenant, planned, intention, line }
  const body = bodyOf(scene, planned, line, named?.name)
  const isTwice = planned.isKeyed && planned.repeats === 'at once'
  await Promise.all([insistOn(client, body), ...(isTwice ? [attempt(client, body)] : [])])
  await Promise.all([poll(client), beside?.(intention)])
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

/** What the client keeps of a creation that it asks to be queued. */
export function itemOf(tenant: Tenant, line: PlannedLine): QueuedItem {
  const { priority, startWithinMs } = line
  return {
    ...{ tokenId: tokenOf(tenant, line).tokenId, names: [] },
    ...(priority === undefined ? {} : { priority }),
    ...(startWithinMs === undefined ? {} : { startWithinMs: withinSeconds(startWithinMs) * 1000 }),
  }
}

function withinSeconds(ms: number): number {
  return Math.ceil(ms / 1000)
}

/** `name`: of another job. It is an id in one place, and a text like any other in two. */
export function bodyOf(
  scene: Scene,
  planned: Omit<PlannedCreation, 'do' | 'waits'>,
  line?: PlannedLine,
  name?: string
): string {
  const { mark, kind, isNamed, hasCallbackId, own, languages, files, looks } = planned
  const body = kindNamed(kind).body(mark)
  const text = JSON.stringify({
    ...body,
    ...(isNamed && 'title' in body ? { title: mark } : {}),
    ...('output_languages' in body ? { output_languages: LANGUAGES.slice(0, languages) } : {}),
    ...(files === undefined ? {} : membersNaming(scene, files)),
    ...(looks === undefined ? {} : { type: 'avatar', ...ownOf(looks) }),
    ...(name === undefined ? {} : goingOnFrom(mark, name)),
    ...(line?.isRefused ? refusedBody(kind) : {}),
    ...(hasCallbackId ? { callback_id: mark } : {}),
    ...(own === undefined ? {} : { callback_url: `${RECEIVER}/${own}/${mark}` }),
  })
  return planned.isOdd ? text.replace('{', `{ ${ODD}`) : text
}

/** What a creation asks of the line. */
export function wishOf(line: PlannedLine | undefined): Record<string, string> {
  if (line === undefined) return {}
  return { ...(line.isUnasked ? {} : { prefer: 'respond-async' }), ...howOf(line) }
}

/** How it is to be queued, as headers. */
export function howOf({ priority, startWithinMs }: PlannedLine): Record<string, string> {
  return {
    ...(priority === undefined ? {} : { 'x-gateway-priority': String(priority) }),
    ...(startWithinMs === undefined
      ? {}
      : { 'x-gateway-start-within': String(withinSeconds(startWithinMs)) }),
  }
}

export function tokenOf(
  tenant: Tenant,
  line: PlannedLine | undefined
): Pick<Tenant, 'token' | 'tokenId'> {
  return line?.isSecond === true ? (tenant.second ?? tenant) : tenant
}

/** Names of the gateway's. The providers of this world give ids of other forms. */
const NAME = /^(?:(?:[a-z]+_)?[0-9a-f]{32}|8\d{18})$/

/** The names of the jobs, if the gateway has put the creation into the line. */
export function namesIn({ status, headers }: ClientAnswer): string[] {
  // A refusal may be about a job that the body names.
  if (status === 'cut' || status >= 300) return []
  const told = (headers['x-gateway-job'] ?? '').split(',').map((name) => name.trim())
  return told.every((name) => NAME.test(name)) ? told : []
}

/** True: the client has what it wanted, or may not ask again. */
async function attempt(client: Client, body: string): Promise<boolean> {
  const { scene, tenant, planned, intention, line } = client
  const { key, kind, item } = intention
  const { token, tokenId } = tokenOf(tenant, line)
  if (item && item.names.length === 0) item.tokenId = tokenId
  const { path } = kindNamed(kind)
  if (!intention.bodies.includes(body)) intention.bodies.push(body)
  const answer = await scene.universe.call({
    method: 'POST',
    url: `${ORIGIN}/heygen${path}`,
    headers: {
      'content-type': 'application/json',
      'x-api-key': token,
      ...(planned.waits ? { prefer: 'wait=30' } : {}),
      ...wishOf(line),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body,
    leavesAfterMs: planned.leavesAfterMs,
  })
  keep(scene, tenant, `POST ${path}`, answer)
  const { status, headers } = answer
  if (item?.names.length === 0) item.names = namesIn(answer)
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

/** HeyGen refuses it, and the gateway has no reason to. */
function refusedBody(kind: string): object {
  const [member = ''] = Object.keys(kindNamed(kind).needs)
  return { [member]: 7 }
}

function goingOnFrom(mark: string, name: string): object {
  return {
    ...{ type: 'avatar', avatar_id: name, x_seen: name },
    script: `Hello from ${mark} . It goes on from ${name}, as was said.`,
  }
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
