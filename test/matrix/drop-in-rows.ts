/** One row of each family of the providers' tables: of those that the gateway treats alike, the first with an example. */
import { PROVIDERS } from '#providers/index.ts'
import type { Route } from '#providers/contract/provider.ts'
import { bodyOf, HTTP_ROWS, pathOf, type CatalogueRow } from '../support/catalogue/catalogue.ts'
import { KLING_ROWS, klingBody, type KlingRow } from '../support/catalogue/kling-catalogue.ts'
import { makeKling } from '../support/scenes/kling.ts'
import type { Call, Row } from './rows.ts'
import type { World } from './world.ts'

const PAIRS = PROVIDERS.flatMap(({ name, routes }) =>
  routes.table.flatMap((route) => {
    const rows: CatalogueRow[] = name === 'kling' ? KLING_ROWS : HTTP_ROWS
    const example = rows.find(({ method, path }) => method === route.method && path === route.path)
    return example ? [{ provider: name, route, example }] : []
  })
)

/** What decides how the gateway serves a row. */
function familyOf({ provider, route }: { provider: string; route: Route }): string {
  const { path, kind, pool, method, host, notOffered } = route
  return [provider, path.split('/')[1], kind, pool, method, host, notOffered].join(' ')
}

const FAMILIES = [...Map.groupBy(PAIRS, familyOf).values()].flatMap((pairs) => pairs.slice(0, 1))

export function dropInRows(
  world: World,
  which: (route: Route, provider: string) => boolean
): Row[] {
  return FAMILIES.filter(({ provider, route }) => which(route, provider)).map(
    ({ provider, route, example }) => ({
      name: `${route.method} /${provider}${route.path}`,
      isDropIn: true,
      changes: route.method !== 'GET',
      make: async () => {
        if (route.pool === 'gateway') return endpointCall(world, example)
        await putExamples(world, provider)
        return provider === 'kling' ? klingCall(world, example as KlingRow) : heygenCall(example)
      },
    })
  )
}

async function putExamples({ gateway }: World, provider: string): Promise<void> {
  if (provider === 'kling') await makeKling(gateway, 'kim', { examples: true })
  else await gateway.sim.control('POST', '/accounts', { email: 'ann@example.com', examples: true })
}

async function heygenCall(row: CatalogueRow): Promise<Call> {
  const call = { method: row.method, path: `/heygen${pathOf(row)}` }
  const sent = await bodyOf(row)
  return sent ? { ...call, body: sent.bytes, contentType: sent.contentType } : call
}

/** Endpoints are the gateway's own: an example names one of the tenant's, and a server that is there. */
async function endpointCall({ gateway, receiver }: World, row: CatalogueRow): Promise<Call> {
  const url = `${receiver.url}/hook`
  const added = await gateway.post('/heygen/v3/webhooks/endpoints', { url })
  const { endpoint_id: id } = ((await added.json()) as { data: { endpoint_id: string } }).data
  const text = JSON.stringify(row)
    .replaceAll('038fb5f9a62d48e5af08834d20404606', id)
    .replaceAll(/https:\/\/example\.com\/hg2?/g, url)
  return heygenCall(JSON.parse(text) as CatalogueRow)
}

/** The session of the catalogue's examples. */
const SESSION = '867011223344556677'

/**
 * A session of the tenant's, made through the gateway. Kling cannot be asked whose a session is, so of one that the gateway did not see
 * made any of the accounts is called.
 */
async function newSession({ gateway }: World): Promise<string> {
  const body = { video_url: 'https://example.com/in.mp4' }
  const headers = { 'x-gateway-account': 'kim@example.com' }
  const path = '/kling/v1/videos/multi-elements/init-selection'
  const answer = await gateway.post(path, body, headers)
  return ((await answer.json()) as { data: { session_id: string } }).data.session_id
}

let made = 0

async function klingCall(world: World, row: KlingRow): Promise<Call> {
  const call = { method: row.method, path: `/kling${pathOf(row)}` }
  made += 1
  // Kling takes an external id once.
  let body = klingBody(row)?.replaceAll('my-job-0001', `my-job-${made}`)
  if (body?.includes(SESSION)) body = body.replaceAll(SESSION, await newSession(world))
  return body === undefined ? call : { ...call, body, contentType: 'application/json' }
}

const UNKNOWN: [string, string, object?][] = [
  ['GET', '/heygen/v3/nothing-known'],
  ['POST', '/heygen/v3/nothing-known', { a: 1 }],
  ['DELETE', '/heygen/v3/nothing-known/x'],
  ['GET', '/heygen/v2/nothing-known'],
  ['GET', '/heygen/v1/nothing-known'],
  ['GET', '/kling/v1/nothing-known'],
  ['POST', '/kling/v1/nothing-known', { a: 1 }],
  ['GET', '/v3/users/me'],
  ['GET', '/v2/user/remaining_quota'],
  ['GET', '/v1/video.list'],
  ['GET', '/heygen/v3/videos/00000000000000000000000000000000'],
  ['DELETE', '/heygen/v3/videos/00000000000000000000000000000000'],
  ['GET', '/kling/v1/videos/text2video/900000000000000001'],
  ['OPTIONS', '/heygen/v1/streaming.new'],
  ['OPTIONS', '/heygen/v3/videos'],
  ['GET', '/heygen/v1/ws/streaming.chat?session_id=x'],
  ['GET', '/heygen/heygen/v3/videos'],
  ['GET', '/heygen/v3/videos//x'],
]

/** Paths without a row, paths at the root, ids that nobody has, and calls that browsers make. */
export function oddRows(): Row[] {
  return UNKNOWN.map(([method, path, body]) => ({
    name: `${method} ${path}`,
    isDropIn: true,
    changes: false,
    make: async () => ({
      method,
      path,
      ...(body ? { body: JSON.stringify(body), contentType: 'application/json' } : {}),
    }),
  }))
}
