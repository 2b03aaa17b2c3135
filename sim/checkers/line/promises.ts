/**
 * The promises of the line (docs/rfc/0009-queue.md), at rest: what was taken has ended, once, and that was told under one id; nothing
 * was started for a token that was no more; the desk has no body left. That nothing was started twice, and what is told of the jobs
 * that began, is looked at with all other creations (telling.ts).
 */
import type { Received } from '../../../test/support/receiver.ts'
import { idOf } from '../../../test/support/storm/storm-checks.ts'
import {
  ask,
  isGood,
  type Intention,
  type KlingIntention,
  type QueuedItem,
  type Scene,
  type Tenant,
} from '../../clients/scene.ts'
import { kindNamed } from '../../../test/support/witness/witness-kinds.ts'
import type { Job } from '../../witness/books.ts'
import { askedAt, startedThoughHeldUp, stoppedByNobody } from './held-up.ts'
import { hasLine, realIds } from './names.ts'
import { wrongOrder } from './shares.ts'

/** So long after a token has ended, what was chosen before may start: copies of it are as old, and a call may be under way. */
const DEAD_MS = 300_000
const DEAD_IN_CALM_MS = 5000

export async function linePromises(scene: Scene): Promise<string[]> {
  if (scene.plan.hasLine !== true) return []
  const found = [...leftInLine(scene), ...startedForDead(scene)]
  found.push(...startedThoughHeldUp(scene), ...stoppedByNobody(scene), ...wrongOrder(scene))
  found.push(...jobsOfOthers(scene), ...sentOnceMore(scene))
  for (const intention of scene.intentions.values())
    if (intention.item) found.push(...(await ofItem(scene, intention, intention.item)))
  for (const intention of scene.klingIntentions.values())
    if (intention.item) found.push(...(await ofTask(scene, intention, intention.item)))
  return found
}

/** A row that is still in the line, or a body that is kept without need. */
export function leftInLine({ universe }: Scene): string[] {
  return universe.objectsOf('TENANT_DESK').flatMap(({ name, disk }) => {
    if (!hasLine(disk)) return []
    const owed = disk.look('SELECT item, sort, record FROM queued WHERE is_gone = 0')
    const kept = disk.look('SELECT item FROM queued WHERE is_gone = 1 AND sealed IS NOT NULL')
    return [
      ...owed.map((row) => `line: ${name} still owes ${JSON.stringify(row).slice(0, 800)}`),
      ...kept.map(({ item }) => `line: ${name} keeps the body of ${String(item)}, which is gone`),
    ]
  })
}

function startedForDead({ plan, intentions, klingIntentions, heygen, kling, deadTokens }: Scene) {
  const grace = plan.isGentle === true ? DEAD_IN_CALM_MS : DEAD_MS
  const started = [
    ...heygen.creations.map(({ mark, jobs }) => ({
      of: intentions.get(mark),
      at: jobs[0]?.createdAt ?? 0,
    })),
    ...[...kling.tasks.values()].map(({ mark, madeAt }) => ({
      of: klingIntentions.get(mark),
      at: madeAt,
    })),
  ]
  return started.flatMap(({ of, at }) => {
    const dead = deadTokens.find(
      ({ tokenId, from, to }) => tokenId === of?.item?.tokenId && from + grace < at && at < to
    )
    return dead && of
      ? [`line: ${of.mark} was started ${at - dead.from} ms after its token had ended`]
      : []
  })
}

/** Names that lead to the job of another creation. */
function jobsOfOthers(scene: Scene): string[] {
  const real = realIds(scene)
  return [...scene.intentions.values()].flatMap(({ mark, item }) =>
    (item?.names ?? []).flatMap((name) => {
      const job = scene.heygen.jobs.get(real.get(name) ?? '')
      return job && job.mark !== mark
        ? [`line: ${mark} is ${name}, which leads to ${job.id} of ${job.mark}`]
        : []
    })
  )
}

/** An item goes back once after nothing ran for it (decision 0059). */
const UNHEARD_MAX = 2

function sentOnceMore({ intentions, unheard }: Scene): string[] {
  return [...unheard].flatMap(([mark, { times, isSentAfter }]) => {
    const isQueued = (intentions.get(mark)?.item?.names.length ?? 0) > 0
    return isQueued && (times > UNHEARD_MAX || (times === UNHEARD_MAX && isSentAfter))
      ? [`line: ${mark} was sent again although ${UNHEARD_MAX} calls before had started nothing`]
      : []
  })
}

const ENDED_BADLY = new Set(['failed', 'cancelled', 'absent', 'lost', 'outcome_unknown', 'refused'])

async function ofItem(scene: Scene, intention: Intention, item: QueuedItem): Promise<string[]> {
  const { mark, kind, tenant: no, isUntracked, own } = intention
  const tenant = scene.everyTenant[no]
  const [name] = item.names
  if (!tenant || tenant.endedAt !== undefined || name === undefined || isUntracked) return []
  const [creation] = scene.heygen.creations.filter((one) => one.mark === mark)
  const about = `${mark} (${name})`
  const view = await viewOf(scene, tenant, 'heygen', name)
  const posts = scene.receivers.received.filter(({ body }) => body.includes(name))
  const ids = new Set(posts.map(idOf))
  const many = ids.size > 1 ? [`line: ${about} ended under ${[...ids].join(', ')}`] : []
  const [job] = creation?.jobs ?? []
  if (creation && job) {
    // Without a proof, nobody knows which job is the creation's, and that is told.
    if (view.status === 'outcome_unknown' && !creation.isTraceable) return many
    const isDropped = scene.drops.some(({ email }) => email === job.account)
    if (isDropped || item.isDeleted === true) return many
    const isSeen = view.status === (job.isDone ? 'completed' : 'failed')
    const isHeld = (await accountsOf(scene, tenant)).includes(job.account)
    const read = job.isHidden || !isHeld ? undefined : await readByName(scene, tenant, kind, name)
    const others = isHeld ? await otherJobsOf(scene, tenant, creation.jobs, item) : []
    return [
      ...many,
      ...others.map((text) => `line: ${about}: ${text}`),
      ...(isSeen || !isHeld ? [] : [`line: ${about}, ${job.id}, is seen as ${view.text}`]),
      ...(read === undefined || read === 200 ? [] : [`line: ${about} is read with ${read}`]),
      ...(item.isCancelled ? [`line: ${about} was cancelled and ran as ${job.id}`] : []),
    ]
  }
  return [
    ...many,
    ...endedBadly(about, view),
    ...(await heldForEver(scene, tenant, intention, view)),
    ...(await untoldOf(scene, tenant, posts, { name, about }, own && `/${own}/${mark}`)),
  ]
}

/** It had no deadline of its own, so it was held for as long as any item waits, and the job that it names had completed. */
async function heldForEver(
  scene: Scene,
  tenant: Tenant,
  { mark, named, item }: Intention,
  { text }: View
): Promise<string[]> {
  const other = scene.heygen.creations.find((one) => one.mark === named?.mark)
  if (!other?.jobs[0]?.isDone || item?.startWithinMs !== undefined) return []
  if (!text.includes('start_deadline')) return []
  const isHeld = (await accountsOf(scene, tenant)).includes(other.account)
  return isHeld ? [`line: ${mark} was held although ${named?.mark} had completed`] : []
}

/** Of a creation of several jobs: how the second one and the later ones are seen. */
async function otherJobsOf(
  scene: Scene,
  tenant: Tenant,
  jobs: readonly Job[],
  { names }: QueuedItem
): Promise<string[]> {
  const found: string[] = []
  for (const [n, { id, isDone }] of jobs.entries()) {
    const name = names[n]
    if (n === 0 || name === undefined) continue
    const { status, text } = await viewOf(scene, tenant, 'heygen', name)
    if (status !== (isDone ? 'completed' : 'failed'))
      found.push(`${name}, its part ${n}, ${id}, is seen as ${text}`)
  }
  return found
}

interface View {
  status: string
  isFinal: boolean
  text: string
}

/** Every key of this world is there to the end. */
const UNREADABLE = /cannot be opened|no longer open/

function endedBadly(about: string, view: View): string[] {
  const isRight = ENDED_BADLY.has(view.status) && view.isFinal && !UNREADABLE.test(view.text)
  return isRight ? [] : [`line: ${about} never ran, and is seen as ${view.text}`]
}

async function ofTask(scene: Scene, intention: KlingIntention, item: QueuedItem) {
  const { mark, tenant: no, isTold } = intention
  const tenant = scene.everyTenant[no]
  const [name] = item.names
  if (!tenant || tenant.endedAt !== undefined || name === undefined) return []
  const task = [...scene.kling.tasks.values()].find((one) => one.mark === mark)
  const about = `${mark} (${name})`
  const view = await viewOf(scene, tenant, 'kling', name)
  const posts = scene.receivers.received.filter(({ body }) => body.includes(name))
  const ids = new Set(posts.map(idOf))
  const many = ids.size > 1 ? [`line: ${about} ended under ${[...ids].join(', ')}`] : []
  const own = isTold ? `/kling/${mark}` : undefined
  if (!task)
    return [
      ...many,
      ...endedBadly(about, view),
      ...(await untoldOf(scene, tenant, posts, { name, about }, own, 'kling')),
    ]
  const isSeen = view.status === (task.state === 'succeed' ? 'completed' : 'failed')
  const word = task.state === 'succeed' ? /"succeed(?:ed)?"/ : /"failed"/
  const isHeard = posts.some(({ path, body }) => path.startsWith(own ?? '') && word.test(body))
  return [
    ...many,
    ...(isSeen ? [] : [`line: ${about}, ${task.id}, is seen as ${view.text}`]),
    ...(own === undefined || isHeard ? [] : [`line: ${about}, ${task.id}, was not told`]),
    ...(item.isCancelled ? [`line: ${about} was cancelled and ran as ${task.id}`] : []),
  ]
}

/** By how much clocks of two isolates differ at most, and a call between them. */
const CLOCKS_MS = 30_000

/** The end of what never ran is told to its own address, and to endpoints that were there before it was asked for. */
async function untoldOf(
  scene: Scene,
  tenant: Tenant,
  posts: readonly Received[],
  { name, about }: { name: string; about: string },
  own: string | undefined,
  provider = 'heygen'
): Promise<string[]> {
  // Nobody is left who tells it.
  if ((await accountsOf(scene, tenant, provider)).length === 0) return []
  // Endpoints are HeyGen's.
  const endpoints = provider === 'heygen' ? tenant.endpoints : []
  const steady = endpoints.filter(
    ({ on, isUncertain }) => !isUncertain && on.length === 1 && on[0]?.to === undefined
  )
  const early = steady.filter(
    ({ on }) => scene.universe.world.shown(on[0]?.from ?? 0) + CLOCKS_MS < askedAt(name)
  )
  const wanted = [...(own === undefined ? [] : [own]), ...early.map(({ path }) => path)]
  const missing = wanted.filter(
    (path) => !posts.some((post) => post.path.startsWith(path) && post.status === 200)
  )
  return missing.length === 0
    ? []
    : [`line: ${about} never ran, and that was not told ${missing.join(', ')}`]
}

async function accountsOf(scene: Scene, tenant: Tenant, provider = 'heygen'): Promise<string[]> {
  const listed = await ask(scene, tenant, 'GET', `/v1/${provider}/accounts`)
  return isGood(listed) ? Object.keys(JSON.parse(listed.body) as object) : []
}

async function viewOf(scene: Scene, tenant: Tenant, provider: string, name: string): Promise<View> {
  const { body, status } = await ask(scene, tenant, 'GET', `/v1/${provider}/jobs/${name}`)
  const view = JSON.parse(body || '{}') as { status?: string; status_final?: boolean }
  return {
    status: view.status ?? String(status),
    isFinal: view.status_final === true,
    text: `${status} ${body.slice(0, 600)}`,
  }
}

async function readByName(scene: Scene, tenant: Tenant, kind: string, name: string) {
  const { status } = await ask(scene, tenant, 'GET', `/heygen${kindNamed(kind).path}/${name}`)
  return status
}
