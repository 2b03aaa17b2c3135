/** Reads jobs and their states out of bodies by the links of a route table. The same for every provider. */
import { textAt, textsAt, valueAt, valuesAt } from '#domain/json-pointer.ts'
import type { ExpectedJob, JobReport, JobStart, Lease } from '#domain/lease.ts'
import type { JobLink, Route, RouteMatch, StatusLink } from './provider.ts'

export function countJobs(match: RouteMatch, body: unknown): number {
  const by = match.route.job?.slotsBy
  if (by) return by.counts[textAt(body, by.at) ?? ''] ?? 1
  const pointer = match.route.job?.slots
  const list = pointer === undefined ? undefined : valueAt(body, pointer)
  return Array.isArray(list) ? Math.max(1, list.length) : 1
}

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
  return ask === undefined ? { watch } : { watch, ask }
}

function idsAt(place: string, requestBody: unknown, answer: unknown): string[] {
  return place.startsWith('body:') ? textsAt(requestBody, place.slice(5)) : textsAt(answer, place)
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
  const pathTo = (ask: string) => ask.replace('{id}', encodeURIComponent(watchId))
  const askElse = link.askElse === undefined ? {} : { askElse: pathTo(link.askElse) }
  return { jobId, watch, ask: pathTo(link.ask), ...askElse }
}

/** What a job of this lease's creation would be called if it had the id `id`. */
export function startOfLease(
  routes: Map<string, Route>,
  lease: Lease,
  id: string
): JobStart | undefined {
  const link = routes.get(lease.route)?.job
  return link ? startOf(link, id, {}, undefined) : undefined
}

export function routesByName(routes: readonly Route[]): Map<string, Route> {
  return new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
}

/** What a status answer says of the jobs it speaks about. States that no row knows count as still running. */
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

function reportOf(link: StatusLink, id: string, word: string, answer: unknown): JobReport {
  const detail = failureOf(answer)
  const watch = `${link.watch}:${id}`
  const facts = factsOf(valueAt(answer, '/data'))
  if (link.done.includes(word)) return { watch, state: 'completed', facts }
  if (link.failed.includes(word) || (link.failedWhen && textAt(answer, link.failedWhen))) {
    return { watch, state: 'failed', facts, ...(detail === undefined ? {} : { detail }) }
  }
  return { watch, state: link.waiting?.includes(word) ? 'waiting' : 'running' }
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
