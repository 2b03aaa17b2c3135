/**
 * Answers a list of the provider for an own token: its own things, newest first, each read by the row of one thing. No account is
 * asked for its list, so no foreign row can be in the answer. Public rows follow, where the list has them.
 */
import { detailOf } from '#domain/visibility/own-list.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'
import { elementsAt, putMember, sliceAt, startAt } from '#domain/text/json-slices.ts'
import type { OwnId } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ListShape, Route } from '#providers/contract/provider.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import { publicAmong } from './public-ids.ts'

type OwnCall = ProxyCall & { own: OwnScope }

const PAGE_MAX = 20
/** Of public rows, which come in one answer. No list of them has shorter pages at most. */
const PUBLIC_PAGE_MAX = 50
const COUNTED_PAGE_MAX = 30
const AT_ONCE = 4
const BYTES_MAX = 4 * 1024 * 1024
/** The member of an answer about one thing that has the thing. */
const THING = '/data'

/** What the request asks of the list. `shared`: which part of a list with public rows. `publicLimit`: how many of those. */
interface Asked {
  limit: number
  publicLimit: number
  skip: number
  before?: OwnId
  publicPlace?: string
  shared?: string
  filters: [name: string, value: string][]
}

export async function ownList(
  ports: Ports,
  call: OwnCall,
  shape: ListShape,
  ask: Ask
): Promise<ProxyAnswer> {
  const { provider, match } = call
  const route = match?.route
  const detail = route && detailOf(provider.routes.table, route)
  if (!route || !detail) throw new Error('a list whose things cannot be read one by one')
  const asked = askedOf(call, shape)
  const isPublic = asked.shared === 'public' || asked.publicPlace !== undefined
  if (isPublic) return publicPage(ports, call, shape, { asked, ask, rows: [] })
  const ids = await ports.desk(call.tenant, provider.name).listOwn({
    token: call.own.token,
    list: route.path,
    skip: asked.skip,
    limit: asked.limit + 1,
    ...(asked.before ? { before: asked.before } : {}),
  })
  const page = ids.slice(0, asked.limit)
  // A page that is counted must be whole: a shorter one would be the last.
  if (page.length > COUNTED_PAGE_MAX) throw tooLong(shape)
  const last = ids.length > asked.limit ? page.at(-1) : undefined
  const rows = await limitConcurrency(page, AT_ONCE, ({ id }) =>
    readOne(ports, call, detail, id, ask)
  )
  const failures = rows.filter((row) => row instanceof AppError)
  // Of a counted page a row that is missing would end the list.
  if (failures[0] && (shape.counted || failures.length === rows.length)) throw failures[0]
  const found = rows.flatMap((row) =>
    typeof row === 'string' && isWanted(row, asked.filters) ? [row] : []
  )
  const isMixed = shape.shared !== undefined && asked.shared === undefined
  const answer =
    isMixed && !last && !asked.before
      ? await publicPage(ports, call, shape, { asked, ask, rows: found })
      : answerOf(call, route, shape, found, last ? placeText(last) : null)
  // It is told without names (http/request/request-guards.ts).
  if (failures.length > 0) answer.response.headers.set('x-gateway-partial', 'yes')
  return answer
}

function askedOf({ search }: OwnCall, shape: ListShape): Asked {
  const query = new URLSearchParams(search)
  const { counted, shared } = shape
  const filters = filtersIn(query, shape)
  const part = shared && query.get(shared.query)
  const of = { filters, ...(part === null || part === undefined ? {} : { shared: part }) }
  if (counted) {
    const size = whole(query, counted.size, counted.usual, counted.most)
    const number = whole(query, counted.page, 1, 1000)
    return { limit: size, publicLimit: size, skip: (number - 1) * size, ...of }
  }
  const limit = shape.limit === undefined ? PAGE_MAX : whole(query, shape.limit, PAGE_MAX, Infinity)
  const token = shape.token === undefined ? null : query.get(shape.token)
  const most = { limit: Math.min(limit, PAGE_MAX), publicLimit: Math.min(limit, PUBLIC_PAGE_MAX) }
  return { ...most, skip: 0, ...of, ...placeIn(token) }
}

/** Members of a row by whose equality a list may be filtered. An id among them only picks among own rows. */
const FILTERS = new Set([
  ...['avatar_type', 'engine', 'folder_id', 'gender', 'group_id', 'language', 'status', 'type'],
])

function filtersIn(query: URLSearchParams, shape: ListShape): [string, string][] {
  const { counted, shared } = shape
  const known = [shape.limit, shape.token, shared?.query, counted?.page, counted?.size]
  return [...query].filter(([name]) => {
    const isKnown = known.includes(name)
    if (query.getAll(name).length === 1 && (isKnown || FILTERS.has(name))) return !isKnown
    const message = `${name}: this token sees only its own, and its lists have no such filter.`
    throw new AppError('bad_request', message)
  })
}

/** Whether a thing has what the list is filtered by. */
function isWanted(row: string, filters: Asked['filters']): boolean {
  if (filters.length === 0) return true
  const thing = parseJson(row)
  return filters.every(([name, value]) => {
    const has = valueAt(thing, `/${name}`)
    if (has !== undefined) return String(has) === value
    // No voice says its engine, and an older list asks for one.
    if (name === 'engine') return true
    const message = `${name}: this token sees only its own, which do not say their ${name}.`
    throw new AppError('bad_request', message)
  })
}

function whole(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name)
  const value = text === null || text === '' ? usual : Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  const upTo = most === Infinity ? 'a whole number from 1' : `a whole number from 1 to ${most}`
  throw new AppError('bad_request', `${name}: must be ${upTo}, with this token`)
}

function tooLong({ counted }: ListShape): AppError {
  const message = `${counted?.size ?? 'limit'}: ask for at most ${COUNTED_PAGE_MAX}, with this token.`
  return new AppError('bad_request', message)
}

const OWN_PLACE = /^own-(\d{1,15})-(.+)$/
const PUBLIC_PLACE = /^all-(.+)$/

function placeText({ at, id }: OwnId): string {
  return `own-${at}-${encodeURIComponent(id)}`
}

/** A place is no secret: it only finds rows of the token. */
function placeIn(token: string | null): Pick<Asked, 'before' | 'publicPlace'> {
  if (!token) return {}
  const [, at, id] = OWN_PLACE.exec(token) ?? []
  const [, publicPlace] = PUBLIC_PLACE.exec(token) ?? []
  if (publicPlace !== undefined) return { publicPlace }
  if (at === undefined || id === undefined)
    throw new AppError('bad_request', 'token: is not a token of this list')
  return { before: { at: Number(at), id: decoded(id) } }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The thing as the provider wrote it. Undefined: it is gone. An error: it cannot be read now, as of an account that is refused. */
async function readOne(
  ports: Ports,
  call: OwnCall,
  detail: Route,
  id: string,
  ask: Ask
): Promise<string | AppError | undefined> {
  const path = detail.path.replace(/\{\w+\}$/, encodeURIComponent(id))
  const answer = await ask(ports, readOf(call, path, '')).catch(unlessRefused)
  if (answer instanceof AppError) return answer.code === 'not_found' ? undefined : answer
  const { response } = answer
  const { status } = response
  const text = await textOf(response)
  const said = { status, body: text === undefined ? undefined : parseJson(text) }
  // A provider may say with a 400 that it has no such thing any more.
  if ([404, 410].includes(status) || call.provider.answers.saysUnknown?.(said)) return undefined
  if (status >= 400 || text === undefined) return failed()
  const slice = sliceAt(text, THING)
  return slice && text.slice(slice.start, slice.end)
}

function unlessRefused(error: unknown): AppError {
  if (error instanceof AppError) return error
  throw error
}

function failed(): AppError {
  const message = 'A thing of this list could not be read at the provider just now.'
  return new AppError('upstream_unreachable', message)
}

async function textOf(response: Response): Promise<string | undefined> {
  const bytes = await readBytes(response.body, BYTES_MAX).catch(() => undefined)
  return bytes && new TextDecoder().decode(bytes)
}

function readOf(call: OwnCall, path: string, search: string): ProxyCall {
  const { provider } = call
  const match = provider.routes.match('GET', path)
  return { ...call, method: 'GET', path, search, match, body: null }
}

/** A page of public rows of one account, behind these rows. Its place is sealed for the token. */
async function publicPage(
  ports: Ports,
  call: OwnCall,
  shape: ListShape,
  { asked, ask, rows }: { asked: Asked; ask: Ask; rows: readonly string[] }
): Promise<ProxyAnswer> {
  const { match, path, own: _, ...plain } = call
  const route = match?.route
  const { shared, token: tokenName = 'token', limit: limitName = 'limit' } = shape
  if (!route || !shared) throw new AppError('bad_request', 'token: is not a token of this list')
  // By another id a provider might show more than what is public.
  if (!(await isOfPublic(ports, call, route, asked.filters, ask)))
    return answerOf(call, route, shape, rows, null)
  const place = asked.publicPlace && (await openPlace(ports, call, asked.publicPlace))
  const query = new URLSearchParams({
    ...Object.fromEntries(asked.filters),
    [shared.query]: 'public',
    [limitName]: String(asked.publicLimit),
  })
  if (place) query.set(tokenName, place)
  const asGateway = { ...plain, path, match, method: 'GET', body: null, search: `?${query}` }
  const { response } = await ask(ports, asGateway)
  const text = await textOf(response)
  if (response.status >= 400 || text === undefined) throw failed()
  const start = startAt(text, shape.rows[0] ?? '')
  const shown =
    start === undefined ? [] : elementsAt(text, start).map((one) => text.slice(one.start, one.end))
  const next = shape.next === undefined ? undefined : nextIn(text, shape.next)
  const token = next === undefined ? null : `all-${await sealPlace(ports, call, next)}`
  return answerOf(call, route, shape, [...rows, ...shown], token)
}

/** Whether every id that the list is filtered by is public, such as that of a public group. */
async function isOfPublic(
  ports: Ports,
  call: OwnCall,
  { ids: refs }: Route,
  filters: Asked['filters'],
  ask: Ask
): Promise<boolean> {
  const ids = filters.filter(([name]) => name.endsWith('_id'))
  const named = ids.flatMap(([name, id]) => {
    const ref = refs.find((one) => one.in === 'query' && one.at === name)
    return ref ? [{ ref, id }] : []
  })
  if (named.length < ids.length) return false
  const found = await publicAmong(ports, call, named, ask)
  if (named.every(({ id }) => found.ids.has(id))) return true
  if (found.unsure) throw found.unsure
  return false
}

function nextIn(text: string, pointer: string): string | undefined {
  const slice = sliceAt(text, pointer)
  const value: unknown = slice && JSON.parse(text.slice(slice.start, slice.end))
  return typeof value === 'string' && value !== '' ? value : undefined
}

function placeSeal({ provider, tenant, own, match }: OwnCall): string {
  return `own-list/${provider.name}/${tenant}/${own.token}/${match?.route.path}`
}

async function sealPlace(ports: Ports, call: OwnCall, place: string): Promise<string> {
  return toUrlText(await ports.vault.seal(placeSeal(call), place))
}

async function openPlace(ports: Ports, call: OwnCall, text: string): Promise<string> {
  return ports.vault.open(placeSeal(call), fromUrlText(text)).catch(() => {
    throw new AppError('bad_request', 'token: is not a token of this list')
  })
}

function answerOf(
  call: OwnCall,
  route: Route,
  shape: ListShape,
  rows: readonly string[],
  token: string | null
): ProxyAnswer {
  const put = (text: string, pointer: string | undefined, json: string) =>
    pointer === undefined ? text : (putMember(text, pointer, json) ?? text)
  let text = call.provider.lists.emptyList?.(route, call.requestId) ?? '{}'
  text = put(text, shape.rows[0], `[${rows.join(',')}]`)
  text = put(text, shape.next, JSON.stringify(token))
  text = put(text, shape.more, String(token !== null))
  text = put(text, shape.count, String(rows.length))
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  const isHead = call.method === 'HEAD'
  return { response: new Response(isHead ? null : text, { headers }) }
}
