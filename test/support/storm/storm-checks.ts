/** Checks the promises after a storm. Each is a function over what clients wanted, what was started and what was delivered. */
import { createHmac } from 'node:crypto'
import type { Received } from '../receiver.ts'

export type OwnKind = 'told' | 'flaky' | 'dead'

/** One thing that a client wanted once: one call, or all calls under one key. */
export interface Intention {
  mark: string
  kind: string
  key?: string
  callbackId?: string
  /** Absent: the creation has no callback of its own. Else the kind of its receiver. */
  own?: OwnKind
  /** For each answer the status, with the code of the gateway's error. `cut`: the connection broke. */
  answers: string[]
  requestIds: string[]
  /** The jobs that an answer named. */
  jobIds: string[]
  /** For each try: what `GET /jobs/<requestId>` said at the end. */
  views: { requestId: string; status: string; isFinal: boolean; jobId: string | null }[]
}

interface BookedJob {
  id: string
  isDone: boolean
  isOver: boolean
}

/** An accepted creation. */
interface BookedCreation {
  mark: string
  account: string
  jobs: BookedJob[]
  /** Whether a key, or a callback id in a list, proves which creation made the job, whatever was lost. */
  isTraceable: boolean
}

export interface Books {
  accounts: { email: string; maxInFlight: number; most: string[] }[]
  creations: BookedCreation[]
}

interface Told {
  /** The deliveries to each of the tenant's endpoints, which get every end. */
  endpoints: Received[][]
  own: Record<OwnKind, Received[]>
}

export interface Seen {
  limits: Map<string, number>
  intentions: Map<string, Intention>
  books: Books
  told: Told
  secrets: string[]
}

export function overCap({ books, limits }: Seen): string[] {
  return books.accounts.flatMap(({ email, maxInFlight, most }) =>
    maxInFlight > (limits.get(email) ?? 0)
      ? [`${email}: ${maxInFlight} at once: ${most.join(' ')}`]
      : []
  )
}

export function doubled({ books, intentions }: Seen): string[] {
  const counts = new Map<string, number>()
  for (const { mark } of books.creations) counts.set(mark, (counts.get(mark) ?? 0) + 1)
  return [...counts].flatMap(([mark, count]) =>
    count > 1 ? [`${count} × ${storyOf(intentions.get(mark), mark)}`] : []
  )
}

interface EventBody {
  event_id?: string
  event_type?: string
  event_data?: Record<string, unknown>
}

function eventOf({ body }: Received): EventBody {
  return JSON.parse(body) as EventBody
}

export function idOf({ headers }: Received): string {
  return String(headers['webhook-id'])
}

function isTaken({ status }: Received): boolean {
  return status === 200
}

/** The deliveries by the job that they name. */
function byJob(posts: readonly Received[]): Map<string, Received[]> {
  const found = new Map<string, Received[]>()
  for (const post of posts) {
    for (const value of new Set(Object.values(eventOf(post).event_data ?? {}))) {
      if (typeof value !== 'string' || value === '') continue
      found.set(value, [...(found.get(value) ?? []), post])
    }
  }
  return found
}

function ownPosts({ told }: Seen, { own, mark }: Intention): Received[] {
  return own === undefined ? [] : told.own[own].filter(({ path }) => path.endsWith(`/${mark}`))
}

/**
 * Ends that did not reach each of the tenant's endpoints and the job's own callback. Without proof of the job, "not known" is
 * enough.
 */
export function untold(seen: Seen): string[] {
  const atEndpoints = seen.told.endpoints.map((posts) => byJob(posts.filter(isTaken)))
  return seen.books.creations.flatMap(({ mark, account, jobs, isTraceable }) => {
    const intention = seen.intentions.get(mark)
    if (!intention) return [`${mark} was never asked for`]
    const isNamed = jobs.every(({ id }) => intention.jobIds.includes(id))
    const isCertain = isNamed || isTraceable
    const own = ownPosts(seen, intention).filter(isTaken)
    const named = byJob(own)
    const missing = jobs.flatMap(({ id }) => {
      const where = atEndpoints.flatMap((told, n) => (told.has(id) ? [] : [`endpoint ${n}`]))
      const hasOwn = intention.own === undefined || named.has(id)
      return [...(isCertain ? where : []), ...(hasOwn || !isCertain ? [] : ['its callback'])]
    })
    if (!isCertain && intention.own !== undefined && own.length === 0) missing.push('its callback')
    if (missing.length === 0) return []
    const ids = jobs.map(({ id }) => id).join(' ')
    return [
      `${storyOf(intention, mark)} at ${account}, ${ids}: not told ${[...new Set(missing)].join(', ')}`,
    ]
  })
}

function allPosts({ told }: Seen): Received[] {
  return [...told.endpoints.flat(), ...Object.values(told.own).flat()]
}

/** Ends that were delivered with two `webhook-id`s. One end has one id, at every receiver and at every attempt. */
export function twoIds(seen: Seen): string[] {
  const told = byJob(allPosts(seen))
  return seen.books.creations.flatMap(({ mark, account, jobs }) =>
    jobs.flatMap(({ id }) => {
      const ids = new Set((told.get(id) ?? []).map(idOf))
      if (ids.size <= 1) return []
      const how = (told.get(id) ?? []).map(
        (post) =>
          `${post.at} ${post.path} ${idOf(post)} ${eventOf(post).event_id} ${eventOf(post).event_type}`
      )
      return [
        `${storyOf(seen.intentions.get(mark), mark)} at ${account}, ${id}: ${how.join(' | ')}`,
      ]
    })
  )
}

/** Ids that two ends share. A receiver would drop the second delivery under the same id. */
export function sharedIds(seen: Seen): string[] {
  const told = byJob(allPosts(seen))
  const owners = new Map<string, string>()
  return seen.books.creations.flatMap(({ jobs }) =>
    jobs.flatMap(({ id }) =>
      [...new Set((told.get(id) ?? []).map(idOf))].flatMap((webhookId) => {
        const other = owners.get(webhookId)
        owners.set(webhookId, id)
        return other === undefined || other === id ? [] : [`${webhookId}: ${other} and ${id}`]
      })
    )
  )
}

/** Deliveries with a wrong end, and deliveries to a job's own URL that are about another job. */
export function toldOtherwise(seen: Seen): string[] {
  const told = byJob(allPosts(seen))
  return seen.books.creations.flatMap(({ mark, jobs }) => {
    const wrong = jobs.flatMap((job) =>
      (told.get(job.id) ?? []).flatMap((post) => {
        const isSuccess = eventOf(post).event_type?.endsWith('.success') === true
        return isSuccess === job.isDone
          ? []
          : [`${mark} ${job.id}: ${post.path} ${post.body.slice(0, 300)}`]
      })
    )
    const intention = seen.intentions.get(mark)
    const own = intention ? ownPosts(seen, intention) : []
    const named = byJob(own)
    const mine = jobs.flatMap(({ id }) => named.get(id) ?? [])
    const strangers = own.filter((post) => !mine.includes(post) && !isHonest(post))
    return [...wrong, ...strangers.map((post) => `${mark}: ${post.body.slice(0, 300)}`)]
  })
}

const NEVER = 'never reached'

/** Whether a delivery about an unknown job says that its outcome is unknown. */
function isHonest({ body }: Received): boolean {
  return body.includes('is not known') || body.includes(NEVER)
}

/** Creations that the gateway calls absent ("it never reached the provider") although the provider accepted them. */
export function falselyAbsent(seen: Seen): string[] {
  return seen.books.creations.flatMap(({ mark }) => {
    const intention = seen.intentions.get(mark)
    // If there were several tries, one of them may really not have arrived.
    if (!intention || intention.answers.length > 1) return []
    const told = ownPosts(seen, intention).filter(({ body }) => body.includes(NEVER))
    const views = intention.views.filter(({ status }) => status === 'absent' || status === 'gone')
    if (told.length === 0 && views.length === 0) return []
    return [
      `${storyOf(intention, mark)}: ${told.length} times told so, ${views.map(({ status }) => status).join(' ')}`,
    ]
  })
}

export function unsigned({ told, secrets }: Seen): string[] {
  return told.endpoints.flatMap((posts, n) =>
    posts.flatMap((post) => {
      const hex = createHmac('sha256', secrets[n] ?? '')
        .update(post.body)
        .digest('hex')
      return post.headers['signature'] === hex ? [] : [`endpoint ${n}: ${idOf(post)}`]
    })
  )
}

function storyOf(intention: Intention | undefined, mark: string): string {
  if (!intention) return mark
  const { kind, key, own, callbackId, answers, views } = intention
  const how = [
    key === undefined ? '' : 'key',
    callbackId === undefined ? '' : 'callback_id',
    own ?? '',
  ].filter(Boolean)
  const became = views.map((view) =>
    `${view.requestId.slice(0, 8)} ${view.status} ${view.jobId ?? ''}`.trim()
  )
  return `${mark} (${[kind, ...how].join(', ')}: ${answers.join(', ')}; ${became.join(', ')})`
}
