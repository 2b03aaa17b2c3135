/** What must hold after a storm, each promise a function over the books: what was meant, what was started, what was told. */
import { createHmac } from 'node:crypto'
import type { Received } from '../receiver.ts'

export type OwnKind = 'told' | 'flaky' | 'dead'

/** One thing that a client wanted once: one call, or one key however often it was tried. */
export interface Intention {
  mark: string
  kind: string
  key?: string
  callbackId?: string
  /** Its own callback, and at which receiver. */
  own?: OwnKind
  /** Each answer: the status, with our error's code; `cut` where the connection broke. */
  answers: string[]
  requestIds: string[]
  /** What an answer named. */
  jobIds: string[]
  /** What `GET /jobs/<requestId>` said at the end, of each try. */
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
  /** Whatever was lost, something tells for certain which creation it was: a key, or a callback id in a list. */
  isTraceable: boolean
}

export interface Books {
  accounts: { email: string; maxInFlight: number; most: string[] }[]
  creations: BookedCreation[]
}

interface Told {
  /** Of the tenant's endpoints: of every end. */
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

/** Of each job, what names it. */
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

/** Every end reached each of the tenant's endpoints, and its own callback; an honest "not known" where nothing can tell. */
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

/** One end has one `webhook-id`, at whomever and however often it is told. */
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

/** And two ends have two: a receiver drops what it had under the same id. */
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

/** Told of another end than it had, or at an address of its own something that is not about it. */
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

/** An end without a job: what is said is how far it is known. */
function isHonest({ body }: Received): boolean {
  return body.includes('is not known') || body.includes(NEVER)
}

/** "It never reached the provider", said of what the provider accepted. */
export function falselyAbsent(seen: Seen): string[] {
  return seen.books.creations.flatMap(({ mark }) => {
    const intention = seen.intentions.get(mark)
    // Of several tries one may truly not have arrived.
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
