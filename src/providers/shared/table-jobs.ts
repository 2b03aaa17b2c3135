/** Reads jobs and their states out of bodies by the links of a route table. The same for every provider. */
import { textAt, textsAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { ExpectedJob, JobReport, JobStart, Lease } from '#domain/slots/lease.ts'
import type { JobLink, Route, RouteMatch, StatusLink } from '#providers/contract/provider.ts'

export function countJobs(match: RouteMatch, body: unknown): number {
  const by = match.route.job?.slotsBy
  if (by) return by.counts[textAt(body, by.at) ?? ''] ?? 1
  const pointer = match.route.job?.slots
  const list = pointer === undefined ? undefined : valueAt(body, pointer)
  return Array.isArray(list) ? Math.max(1, list.length) : 1
}

/** What is longer is no id; it would be kept as long as the job runs, and a month more. A job that was accepted is none without. */
const ID_CHARS_MAX = 16_384

/** The jobs an accepted creation started. Empty: the answer names none, so its outcome is not known. */
export function readJobs(match: RouteMatch, requestBody: unknown, answer: unknown): JobStart[] {
  const link = match.route.job
  if (!link) return []
  const ids = [link.id].flat().map((place) => idsAt(place, requestBody, answer))
  const first = ids.find((found) => found.length > 0) ?? []
  const alias = link.alias && textAt(answer, link.alias.id)
  return first.map((id) => startOf(link, id, match.params, first.length === 1 ? alias : undefined))
}

/** What can be watched before the answer is there: an id of the request, or what the path is about. */
export function expectedJob(match: RouteMatch, requestBody: unknown): ExpectedJob | undefined {
  const link = match.route.job
  if (!link?.watchId) return readJobs(match, requestBody, undefined)[0]
  const { watch, ask } = startOf(link, '', match.params, undefined)
  return { watch, isReused: true, ...(ask === undefined ? {} : { ask }) }
}

function idsAt(place: string, requestBody: unknown, answer: unknown): string[] {
  if (place.startsWith('body:')) return textsAt(requestBody, place.slice(5))
  return textsAt(answer, place).filter((id) => id.length <= ID_CHARS_MAX)
}

function startOf(
  link: JobLink,
  jobId: string,
  params: RouteMatch['params'],
  alias: string | undefined
): JobStart {
  const watchId = (link.watchId && params[link.watchId.replace('path:', '')]) || jobId
  const watch = [`${link.watch}:${watchId}`]
  if (link.alias && alias) watch.push(`${link.alias.watch}:${alias}`)
  const pathTo = (ask: string) => ask.replace('{id}', encodeURIComponent(watchId.toWellFormed()))
  const askElse = link.askElse === undefined ? {} : { askElse: pathTo(link.askElse) }
  const reused = isReused(link) ? { isReused: true as const } : {}
  return { jobId, watch, ask: pathTo(link.ask), ...askElse, ...reused }
}

/** What is watched was there before the creation: a session's next run, a group's training. */
function isReused(link: JobLink): boolean {
  return link.watchId !== undefined || [link.id].flat().some((place) => place.startsWith('body:'))
}

/** What a job of this lease's creation would be called if it had the id `id`. */
export function startOfLease(
  routes: Map<string, Route>,
  lease: Lease,
  id: string
): JobStart | undefined {
  const link = linkOf(routes, lease)
  return link ? startOf(link, id, {}, undefined) : undefined
}

/** The jobs that the answer to a lease's creation names. */
export function startsInAnswer(
  routes: Map<string, Route>,
  lease: Lease,
  answer: unknown
): JobStart[] {
  const route = routes.get(lease.route)
  return route ? readJobs({ route, params: {} }, undefined, answer) : []
}

/** Of a row that was added without a deploy, the lease has what asks about its job. */
export function linkOf(routes: Map<string, Route>, lease: Lease): JobLink | undefined {
  return routes.get(lease.route)?.job ?? lease.row?.job
}

/** The body that asks for a creation under its key, where its row has one and its path names nothing. */
export function probeOf(
  routes: Map<string, Route>,
  lease: Lease
): { path: string; body: string } | undefined {
  const route = routes.get(lease.route)
  const path = lease.path ?? route?.path
  if (!route?.keyProbe || path === undefined || path.includes('{')) return undefined
  return { path, body: JSON.stringify(route.keyProbe) }
}

export function stateInRow(
  routes: Map<string, Route>,
  lease: Lease,
  word: string
): 'running' | 'over' | undefined {
  const watch = linkOf(routes, lease)?.watch
  const links = [...routes.values()].flatMap((route) => route.reports ?? [])
  const link = links.find((one) => one.watch === watch)
  return link && rowState(link, word)
}

export function routesByName(routes: readonly Route[]): Map<string, Route> {
  return new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
}

/** What a status answer says of the jobs it speaks about. */
export function readReports(
  match: RouteMatch,
  query: URLSearchParams,
  answer: unknown
): JobReport[] {
  const link = match.route.reports
  if (!link) return []
  if (link.id.startsWith('answer:')) return readBulk(link, answer)
  const [place, name] = link.id.split(':') as ['path' | 'query', string]
  const id = place === 'path' ? match.params[name] : query.get(name)
  const state = valueAt(answer, link.status ?? '/data/status')
  if (!id || (typeof state !== 'string' && typeof state !== 'number')) return []
  return [reportOf(link, id, String(state), answer)]
}

function readBulk(link: StatusLink, answer: unknown): JobReport[] {
  const at = link.id.slice('answer:'.length)
  const rows = valuesAt(answer, at.slice(0, at.lastIndexOf('/')))
  return rows.flatMap((row) => {
    const id = textAt(row, at.slice(at.lastIndexOf('/')))
    const state = textAt(row, link.rowStatus ?? '/status')
    return id && state && state !== 'not_found' ? [reportOf(link, id, state, { data: row })] : []
  })
}

/** The words by which the providers' rows say that a job goes on (reference: `terminal.pending` of each row). */
const RUNNING = new Set([
  'active',
  'connected',
  'connecting',
  'created',
  'generating',
  'idle',
  'in_progress',
  'in_queue',
  'new',
  'pending',
  'processing',
  'queued',
  'rendering',
  'reviewing',
  'running',
  'starting',
  'streaming',
  'submitted',
  'thinking',
  'training',
  'waiting',
])

/** Words that mean an end wherever they were seen, although not every row lists them: believed when said twice. */
const ENDING = new Set(['cancelled', 'canceled', 'deleted', 'error', 'expired', 'timeout'])

/** Where a finished job's result stands, whatever its status is called. */
const RESULTS = ['/data/video_url', '/data/audio_url']

function reportOf(link: StatusLink, id: string, said: string, answer: unknown): JobReport {
  const watch = `${link.watch}:${id}`
  const facts = factsOf(valueAt(answer, '/data'))
  const word = said.toLowerCase()
  const names = (words: readonly string[] | undefined) =>
    words?.some((one) => one.toLowerCase() === word)
  const alias = link.alias && textAt(answer, link.alias.id)
  const also = link.alias && alias ? { alias: `${link.alias.watch}:${alias}` } : {}
  if (names(link.done)) return { watch, state: 'completed', facts, ...also }
  if (names(link.failed) || (link.failedWhen && textAt(answer, link.failedWhen))) {
    const detail = failureOf(answer)
    return { watch, state: 'failed', facts, ...(detail === undefined ? {} : { detail }), ...also }
  }
  if (names(link.waiting)) return { watch, state: 'waiting', ...also }
  if (RUNNING.has(word) || names(link.running)) return { watch, state: 'running', ...also }
  if (ENDING.has(word)) return { watch, state: 'ending', word, facts, ...also }
  const hasResult = RESULTS.some((pointer) => /^https?:/.test(textAt(answer, pointer) ?? ''))
  if (hasResult) return { watch, state: 'completed', facts, ...also }
  return { watch, state: 'unclear', word: word.slice(0, 64) }
}

/** Whether a word in a list's row says that its job is over; undefined: it does not say. */
function rowState(link: StatusLink, said: string): 'running' | 'over' | undefined {
  const { state } = reportOf(link, '', said, undefined)
  if (state === 'completed' || state === 'failed' || state === 'ending') return 'over'
  return state === 'running' || state === 'waiting' ? 'running' : undefined
}

const FACTS_MAX = 40
const FACT_CHARS_MAX = 4096

/** The plain members of a status answer; what is nested or very long is left to whoever asks again. */
function factsOf(data: unknown): Record<string, unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return {}
  const plain = Object.entries(data).filter(
    ([, value]) => typeof value !== 'object' && String(value).length <= FACT_CHARS_MAX
  )
  return Object.fromEntries(plain.slice(0, FACTS_MAX))
}

/** The places in which a failed job's reason was seen, most telling first. */
const REASONS = [
  '/data/error/code',
  '/data/failure_code',
  '/data/failure_message',
  '/data/failure_reason',
  '/data/error/message',
  '/data/error_msg',
  '/data/error_message',
  '/data/task_status_msg',
  '/data/message',
  '/data/msg',
  '/data/error',
]

function failureOf(answer: unknown): string | undefined {
  const found = REASONS.map((pointer) => textAt(answer, pointer)).find((text) => text !== undefined)
  return found?.slice(0, 200)
}
