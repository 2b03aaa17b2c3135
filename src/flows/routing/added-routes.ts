/** Finds the row that an operator added (`/admin/routes`) for a path that no built-in row matches. */
import type { AddedRoute } from '#domain/routing/added-route.ts'
import { matcher } from '#domain/routing/match-route.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider, Route, RouteMatch, StatusLink } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

type Match = (method: string, path: string) => RouteMatch | undefined

/** One matcher for each list object: a new object means that the list was read again. */
const matchers = new WeakMap<readonly AddedRoute[], Map<string, Match>>()

export async function withAddedRow(ports: Ports, call: ProxyCall): Promise<ProxyCall> {
  if (call.match) return call
  const match = matchAdded(call.provider, await ports.addedRoutes.list(), call.method, call.path)
  return match ? { ...call, match } : call
}

function matchAdded(
  provider: Provider,
  routes: readonly AddedRoute[],
  method: string,
  path: string
): RouteMatch | undefined {
  const match = matcherOf(provider, routes)
  const found = match(method, path)
  if (!found) return undefined
  const reports = readingOf(provider, match, found.route)
  const search = searchIn(match, found)
  return {
    ...found,
    added: { ...(reports ? { reports } : {}), ...(search ? { search } : {}) },
  }
}

function matcherOf(provider: Provider, routes: readonly AddedRoute[]): Match {
  const known = matchers.get(routes) ?? new Map<string, Match>()
  matchers.set(routes, known)
  const made =
    known.get(provider.name) ??
    matcher(
      routes.flatMap(({ provider: name, route }) =>
        name === provider.name ? [route as unknown as Route] : []
      )
    )
  known.set(provider.name, made)
  return made
}

/** How to read the status of the row's job, when no built-in row reads that path. */
function readingOf(provider: Provider, match: Match, { job }: Route): StatusLink | undefined {
  if (!job) return undefined
  const [path = ''] = job.ask.replace('{id}', 'some-id').split('?')
  if (provider.routes.match('GET', path)) return undefined
  return match('GET', path)?.route.reports
}

/** The added GET row that shows whether an account has the id in the path's first parameter. */
function searchIn(
  match: Match,
  { route, params }: RouteMatch
): { at: string; path: string } | undefined {
  const [at] = Object.keys(params)
  if (at === undefined) return undefined
  const [before = ''] = route.path.split(`{${at}}`)
  const read = match('GET', `${before}some-id`)
  return read?.route.path.endsWith('}') ? { at, path: `${before}{id}` } : undefined
}
