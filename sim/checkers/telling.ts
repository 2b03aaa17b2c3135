/** I3 and I4, by the checks of the storm: what was started, what was told, and how often. */
import * as checks from '../../test/support/storm/storm-checks.ts'
import { isNameless, namedReal, realIds, underNames, underRealIds } from './line/names.ts'
import type { BookedCreation } from '../witness/books.ts'
import {
  ask,
  type ClientEndpoint,
  type Intention,
  type Scene,
  type Tenant,
} from '../clients/scene.ts'

/** So long after a change, ends go by it. */
const GRACE_MS = 600_000
/** An end whose event was lost is asked about after ten minutes, and again if that fails. */
const HEARD_MS = 2 * GRACE_MS
/** By how much clocks of two isolates differ at most, and a call between them. */
const CLOCKS_MS = 30_000

export async function promisesOfTelling(scene: Scene): Promise<string[]> {
  for (const intention of scene.intentions.values()) await askAbout(scene, intention)
  const real = realIds(scene)
  const found = scene.everyTenant.flatMap((tenant) => promisesTo(scene, real, tenant))
  return [...found, ...toldThoughUntracked(scene)]
}

/** So a story of storm-checks.ts ends that was not told. */
const NOT_TOLD = ': not told '

/** Whether an end is missing somewhere. */
export function untoldNow(scene: Scene): boolean {
  const real = realIds(scene)
  const found = scene.everyTenant.flatMap((tenant) => promisesTo(scene, real, tenant))
  return found.some((text) => text.includes(NOT_TOLD))
}

/** `real`: the jobs behind the names of queued creations. */
function promisesTo(scene: Scene, real: ReadonlyMap<string, string>, tenant: Tenant): string[] {
  const { heygen, receivers } = scene
  const intentions = new Map(
    [...scene.intentions]
      .filter(([, one]) => one.tenant === tenant.no && !isLeftOut(scene, real, one))
      .map(([mark, one]) => [mark, namedReal(real, one)])
  )
  const toReal = underRealIds(real)
  const creations = heygen.creations.filter(({ mark }) => intentions.has(mark))
  const toldAt = tenant.endpoints.map(({ path }) =>
    receivers.to(path).filter((one) => one.path === path)
  )
  const posts = toldAt.map((told) => told.map(toReal))
  const byName = toldAt.map((told) => underNames(real)(told).map(toReal))
  const own = (manner: string) =>
    receivers
      .to(`/${manner}/`)
      .filter(({ path }) => intentions.has(path.slice(path.lastIndexOf('/') + 1)))
      .map(toReal)
  const seen: checks.Seen = {
    ...{ limits: new Map(), intentions, secrets: [], books: { accounts: [], creations } },
    told: {
      endpoints: posts,
      own: { told: own('told'), flaky: own('flaky'), dead: own('dead') },
    },
  }
  const found: string[] = []
  const named = (promise: string, broken: string[]) =>
    found.push(...broken.map((text) => `${promise}: ${text}`))
  named('I4 started twice', checks.doubled(seen))
  // A removed tenant is told no more.
  if (tenant.endedAt === undefined) {
    named('I3 not told', checks.untold({ ...seen, told: { ...seen.told, endpoints: [] } }))
    for (const [n, endpoint] of tenant.endpoints.entries())
      named(`I3 ${endpoint.path}`, untoldAt(scene, seen, endpoint, posts[n] ?? []))
  }
  for (const [n, endpoint] of tenant.endpoints.entries())
    found.push(...toldWhileOff(scene, endpoint, posts[n] ?? []))
  const seenByName = { ...seen, told: { ...seen.told, endpoints: byName } }
  named('I3 one end, two ids', checks.twoIds(seenByName))
  named('I3 two ends, one id', checks.sharedIds(seen))
  named('I3 told otherwise', checks.toldOtherwise(seen))
  named('I4 not repeated', notRepeated([...intentions.values()]))
  named('I4 said not to have been started', checks.falselyAbsent(seen))
  return found
}

/** A repeat under a key gets the first answer: all answers to creations are short enough to be kept. */
function notRepeated(intentions: readonly Intention[]): string[] {
  return intentions.flatMap(({ mark, answers }) =>
    answers.includes('409 conflict') ? [`${mark}: ${answers.join(', ')}`] : []
  )
}

/** Ends that an endpoint should have been told: it was on before them, and stayed on. */
function untoldAt(
  scene: Scene,
  seen: checks.Seen,
  endpoint: ClientEndpoint,
  posts: checks.Seen['told']['endpoints'][number]
): string[] {
  const last = endpoint.on.at(-1)
  if (endpoint.isUncertain || !last || last.to !== undefined) return []
  const isFirst = endpoint.on.length === 1 && last.from < startOf(scene)
  const from = isFirst ? 0 : wantedFrom(scene, endpoint, last.from)
  const creations = (seen.books.creations as BookedCreation[]).filter(({ jobs }) =>
    jobs.every(({ endedAt }) => endedAt !== undefined && endedAt >= from)
  )
  const intentions = new Map([...seen.intentions].map(withoutOwn))
  return checks.untold({
    ...{ ...seen, intentions, books: { accounts: [], creations } },
    told: { ...seen.told, endpoints: [posts] },
  })
}

/** An end that an endpoint has missed is told later if the endpoint was new. A change needs time. */
function wantedFrom({ calmAt }: Scene, { on }: ClientEndpoint, from: number): number {
  return on.length === 1 ? from + CLOCKS_MS : Math.max(from, calmAt) + GRACE_MS
}

function withoutOwn([mark, intention]: [string, checks.Intention]): [string, checks.Intention] {
  const bare = { ...intention }
  delete bare.own
  return [mark, bare]
}

/** Before the first creation everything was calm. */
function startOf({ heygen }: Scene): number {
  return heygen.creations[0]?.jobs[0]?.createdAt ?? 0
}

/** Ends that came long after the endpoint was switched off. */
function toldWhileOff(
  scene: Scene,
  { path, on, isUncertain }: ClientEndpoint,
  posts: checks.Seen['told']['endpoints'][number]
): string[] {
  if (isUncertain) return []
  return posts.flatMap(({ body, at }) => {
    const [id] = /\b[a-z]+-[0-9a-f]{20}\b/.exec(body) ?? []
    const endedAt = scene.heygen.jobs.get(id ?? '')?.endedAt
    if (endedAt === undefined) return []
    const isWanted = on.some(
      ({ to = Infinity }) => endedAt <= Math.max(to, scene.calmAt) + GRACE_MS
    )
    // What is tried again when it is off is not sent, either.
    const isInTime = on.some(({ to = Infinity }) => at <= Math.max(to, scene.calmAt) + GRACE_MS)
    return isWanted && isInTime ? [] : [`I3 ${path} was off and was told ${body.slice(0, 200)}`]
  })
}

/** Ends that came after the gateway had confirmed that it tells nothing more. */
function toldThoughUntracked({ intentions, heygen, receivers }: Scene): string[] {
  return [...intentions.values()].flatMap(({ mark, untracked }) => {
    const endedAt = heygen.jobs.get(untracked?.id ?? '')?.endedAt
    if (!untracked || endedAt === undefined || endedAt < untracked.at + CLOCKS_MS) return []
    const told = receivers.received.filter(({ body }) => body.includes(untracked.id))
    return told.map(({ path }) => `I3 ${path} was told of ${mark}, which is not tracked`)
  })
}

/** Jobs that the client has given up, and jobs of accounts that were removed at once, before the gateway knew their end. */
function isLeftOut(scene: Scene, real: ReadonlyMap<string, string>, intention: Intention): boolean {
  const { mark, isUntracked, item } = intention
  const { jobIds } = namedReal(real, intention)
  if (item?.isDeleted || isNameless(scene, intention)) return true
  const booked = scene.heygen.creations.filter((one) => one.mark === mark)
  const isDropped = booked.some(({ account, jobs }) =>
    scene.drops.some(
      ({ email, at }) =>
        email === account &&
        jobs.some(
          ({ id, createdAt, endedAt = Infinity }) =>
            createdAt <= at + GRACE_MS && (endedAt > at - HEARD_MS || !jobIds.includes(id))
        )
    )
  )
  return isUntracked || isDropped
}

async function askAbout(scene: Scene, intention: Intention): Promise<void> {
  const tenant = scene.everyTenant[intention.tenant]
  if (!tenant || tenant.endedAt !== undefined) return
  for (const requestId of new Set(intention.requestIds)) {
    const { status, body } = await ask(scene, tenant, 'GET', `/v1/heygen/jobs/${requestId}`)
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
