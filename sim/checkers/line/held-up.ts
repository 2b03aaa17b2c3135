/**
 * What must not be started: what is paused, anything on a drained account, what is past its deadline, and what names a job that has not
 * completed. And the reverse: where nothing goes wrong, what nobody has stopped runs.
 */
import { isGentle } from '../../clients/gentle.ts'
import type { HeldUp, Intention, QueuedItem, Scene } from '../../clients/scene.ts'
import type { BookedCreation, Job } from '../../witness/books.ts'

/** What was chosen before may be under way for so long. Clocks of two isolates differ by less. */
const UNDER_WAY_MS = 120_000
const UNDER_WAY_IN_CALM_MS = 5000

interface Started {
  creation: BookedCreation
  job: Job
  intention: Intention
  item: QueuedItem
}

export function startedThoughHeldUp(scene: Scene): string[] {
  const graceMs = scene.plan.isGentle === true ? UNDER_WAY_IN_CALM_MS : UNDER_WAY_MS
  const queued = startedOf(scene)
  return [
    ...queued.flatMap((one) => inPause(scene, one, graceMs)),
    ...queued.flatMap((one) => afterDeadline(scene, one, graceMs)),
    ...queued.flatMap((one) => beforeOther(scene, one)),
    ...onDrained(scene, graceMs),
  ]
}

/** Jobs of creations that the gateway had put into the line. */
function startedOf({ heygen, intentions }: Scene): Started[] {
  return heygen.creations.flatMap((creation) => {
    const intention = intentions.get(creation.mark)
    const [job] = creation.jobs
    const item = intention?.item
    return intention && job && item && item.names.length > 0
      ? [{ creation, job, intention, item }]
      : []
  })
}

function inPause(scene: Scene, { creation, job, intention, item }: Started, graceMs: number) {
  const pause = scene.pauses.find(
    (one) =>
      one.tenant === intention.tenant &&
      (one.tokenId ?? item.tokenId) === item.tokenId &&
      (one.email ?? creation.account) === creation.account &&
      isWithin(scene, one, job.createdAt, graceMs)
  )
  if (!pause) return []
  const ms = job.createdAt - pause.from
  return [`line: ${creation.mark} was started ${ms} ms into a pause of ${JSON.stringify(pause)}`]
}

function isWithin({ everyTenant }: Scene, { tenant, from, to }: HeldUp, at: number, ms: number) {
  const { endedAt = Infinity } = everyTenant[tenant] ?? {}
  return from + ms < at && at < Math.min(to, endedAt)
}

/** The name has the time of the Worker's clock, which may be slower than the world. */
function afterDeadline(
  { universe: { world } }: Scene,
  { creation, job, item }: Started,
  graceMs: number
): string[] {
  const { startWithinMs, names } = item
  const [name = ''] = names
  if (startWithinMs === undefined) return []
  const lateMs = world.shown(job.createdAt) - askedAt(name) - world.shownMs(startWithinMs)
  return lateMs > graceMs
    ? [`line: ${creation.mark} was started ${lateMs} ms after its deadline`]
    : []
}

/** A name of HeyGen's form says when it was asked for, epoch ms. */
export function askedAt(name: string): number {
  const [, time = '0'] = /^(?:[a-z]+_)?([0-9a-f]{12})/.exec(name) ?? []
  return Number.parseInt(time, 16)
}

function beforeOther({ heygen }: Scene, { creation, job, intention }: Started): string[] {
  const { named } = intention
  if (!named) return []
  const other = heygen.creations.find(({ mark }) => mark === named.mark)?.jobs[0]
  if (other?.isDone && (other.endedAt ?? Infinity) <= job.createdAt) return []
  const how = other ? (other.isOver ? `ended as ${other.word}` : 'ran') : 'had not begun'
  return [`line: ${creation.mark} was started while ${named.mark}, which it names, ${how}`]
}

function onDrained(scene: Scene, graceMs: number): string[] {
  return scene.heygen.creations.flatMap(({ mark, account, jobs }) => {
    const at = jobs[0]?.createdAt ?? 0
    const drained = scene.drains.find(
      (one) => one.email === account && isWithin(scene, one, at, graceMs)
    )
    return drained
      ? [`line: ${mark} was started on ${account} ${at - drained.from} ms after it was drained`]
      : []
  })
}

/** Where nothing went wrong. */
export function stoppedByNobody(scene: Scene): string[] {
  if (!isGentle(scene) || scene.plan.limits) return []
  const ran = new Set(scene.heygen.creations.map(({ mark }) => mark))
  return [...scene.intentions.values()].flatMap((one) => {
    const { mark, item, tenant, isUntracked } = one
    const isTaken = item !== undefined && item.names.length > 0
    const isOver = scene.everyTenant[tenant]?.endedAt !== undefined
    if (!isTaken || isOver || isUntracked || ran.has(mark)) return []
    return mayEndUnstarted(scene, one, item)
      ? []
      : [`line: ${mark} was stopped by nobody, and never ran`]
  })
}

function mayEndUnstarted(scene: Scene, { mark, named }: Intention, item: QueuedItem): boolean {
  const { plan, heygen, deadTokens } = scene
  const planned = plan.steps
    .flatMap(({ action }) => (action.do === 'bulk' ? action.items : [action]))
    .find((action) => action.do === 'queue' && action.mark === mark)
  if (planned?.do !== 'queue') return true
  const other = heygen.creations.find((one) => one.mark === named?.mark)?.jobs[0]
  return (
    item.isCancelled === true ||
    item.isDeleted === true ||
    item.startWithinMs !== undefined ||
    planned.line.isRefused === true ||
    planned.looks !== undefined ||
    (named !== undefined && other?.isDone !== true) ||
    planned.languages > Math.min(...plan.accounts.map(({ maxJobs }) => maxJobs)) ||
    deadTokens.some(({ tokenId }) => tokenId === item.tokenId)
  )
}
