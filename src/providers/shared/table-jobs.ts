/** Makes the part `jobs` out of the links of a route table: which jobs a creation starts, and how to check their status. */
import { textAt, textsAt, valueAt } from '#domain/text/json-pointer.ts'
import type { ExpectedJob, JobStart, Lease } from '#domain/slots/lease.ts'
import type { JobLink, ProviderJobs, Route, RouteMatch } from '#providers/contract/provider.ts'
import { readReports, rowState } from './status-reports.ts'

type TableJobs = Required<
  Pick<
    ProviderJobs,
    | 'count'
    | 'expected'
    | 'read'
    | 'readReports'
    | 'startOf'
    | 'stateOfRow'
    | 'keyProbeOf'
    | 'readKeyAnswer'
  >
>

export function tableJobs(table: readonly Route[]): TableJobs {
  const routes = routesByName(table)
  return {
    count,
    expected,
    read,
    readReports,
    startOf(lease, id) {
      const link = linkOf(routes, lease)
      return link && startOf(link, id, {}, undefined)
    },
    stateOfRow: (lease, word) => stateOfRow(table, linkOf(routes, lease)?.watch, word),
    keyProbeOf: (lease) => keyProbe(routes.get(lease.route), lease),
    readKeyAnswer(lease, answer) {
      const route = routes.get(lease.route)
      return route ? read({ route, params: {} }, undefined, answer) : []
    },
  }
}

function count(match: RouteMatch, body: unknown): number {
  const by = match.route.job?.slotsBy
  if (by) return by.counts[textAt(body, by.at) ?? ''] ?? 1
  const pointer = match.route.job?.slots
  const list = pointer === undefined ? undefined : valueAt(body, pointer)
  return Array.isArray(list) ? Math.max(1, list.length) : 1
}

/** A longer text does not count as an id, because it would be stored for as long as the job runs, and a month more. */
const ID_CHARS_MAX = 16_384

function read(match: RouteMatch, requestBody: unknown, answer: unknown): JobStart[] {
  const link = match.route.job
  if (!link) return []
  const ids = [link.id].flat().map((place) => idsAt(place, requestBody, answer))
  const first = ids.find((found) => found.length > 0) ?? []
  const alias = first.length === 1 && link.alias ? textAt(answer, link.alias.id) : undefined
  const isNew = alias !== undefined && !isNamed(match, requestBody, alias)
  return first.map((id) => startOf(link, id, match.params, isNew ? alias : undefined))
}

/** What the request names was there before, such as the group of a new look. Its status says nothing about the new job. */
function isNamed({ route }: RouteMatch, requestBody: unknown, id: string): boolean {
  return route.ids.some((ref) => ref.in === 'body' && textsAt(requestBody, ref.at).includes(id))
}

/** The job that the request names, in its body or its path. */
function expected(match: RouteMatch, requestBody: unknown): ExpectedJob | undefined {
  const link = match.route.job
  if (!link?.watchId) return read(match, requestBody, undefined)[0]
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

/** Whether the watched thing existed before the creation, for example a session that runs again, or a group that is trained. */
function isReused(link: JobLink): boolean {
  return link.watchId !== undefined || [link.id].flat().some((place) => place.startsWith('body:'))
}

/** The link of the row that made the lease. A lease of an added row has its own copy of the link. */
export function linkOf(routes: Map<string, Route>, lease: Lease): JobLink | undefined {
  return routes.get(lease.route)?.job ?? lease.row?.job
}

/** Undefined: the row has no probe, or the path has a parameter that the lease cannot fill. */
function keyProbe(
  route: Route | undefined,
  { path = route?.path }: Lease
): { path: string; body: string } | undefined {
  if (!route?.keyProbe || path === undefined || path.includes('{')) return undefined
  return { path, body: JSON.stringify(route.keyProbe) }
}

/** What the status in a row of a list says about a job that is watched under this name. */
function stateOfRow(
  table: readonly Route[],
  watch: string | undefined,
  word: string
): 'running' | 'over' | undefined {
  const link = table.flatMap((route) => route.reports ?? []).find((one) => one.watch === watch)
  return link && rowState(link, word)
}

export function routesByName(routes: readonly Route[]): Map<string, Route> {
  return new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
}
