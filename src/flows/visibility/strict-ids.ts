/**
 * Reads the ids that a call of an own token names, so that nothing is missed that a provider may read: parameters that are given
 * twice, members that stand twice in an object, values that are no text (docs/rfc/0010-sees-own.md).
 */
import { AppError } from '#domain/runtime/errors.ts'
import { readUtf8 } from '#domain/text/json-text.ts'
import { slicesAt } from '#domain/text/json-slices.ts'
import type { IdRef } from '#providers/contract/provider.ts'
import { IDS_MAX, type NamedId } from '#flows/routing/ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** `call`: with its body in memory, if the row has ids in bodies. */
export function strictIdsOf(call: ProxyCall): NamedId[] {
  const { match, search, provider } = call
  const mayBeId = provider.routes.mayBeId ?? isLikeId
  const query = new URLSearchParams(search)
  const text = call.body instanceof Uint8Array ? (readUtf8(call.body) ?? '') : ''
  const named = (match?.route.ids ?? []).flatMap((ref) => {
    if (ref.in === 'body') return inBody(ref, text, mayBeId)
    if (ref.in === 'query') return inQuery(ref, query)
    const id = match?.params[ref.at] ?? ''
    return split(ref, id).map((one) => ({ ref, id: one }))
  })
  const known = new Set(named.map(({ id }) => id))
  const more = [...inOthers(match, query), ...elsewhere(text)]
    .map((id) => id.trim())
    .filter((id) => mayBeId(id) && !known.has(id))
  named.push(...more.map((id) => ({ ref: ELSEWHERE, id })))
  if (named.length > IDS_MAX)
    throw new AppError('bad_request', `A call may name ${IDS_MAX} things at most.`)
  return named
}

function inQuery(ref: IdRef, query: URLSearchParams): NamedId[] {
  const given = [...query.getAll(ref.at), ...query.getAll(`${ref.at}[]`)]
  if (given.length > 1 && !ref.isList)
    throw new AppError('bad_request', `${ref.at}: is given twice`)
  return given.flatMap((text) => split(ref, text)).map((id) => ({ ref, id }))
}

/** In parameters that are named like ids, and that the row does not have. A provider may read them all the same. */
function inOthers(match: ProxyCall['match'], query: URLSearchParams): string[] {
  const places = (match?.route.ids ?? []).filter((ref) => ref.in === 'query').map(({ at }) => at)
  return [...query].flatMap(([given, text]) => {
    const name = given.replace(/\[\w*\]$/, '')
    const isKnown = places.includes(given) || (given === `${name}[]` && places.includes(name))
    return isKnown || !isNameOfId(name) ? [] : text.split(',')
  })
}

function split({ isList }: IdRef, text: string): string[] {
  const all = isList ? text.split(',').map((id) => id.trim()) : [text]
  return all.filter((id) => id !== '')
}

type IdForm = (text: string) => boolean

function inBody(ref: IdRef, text: string, mayBeId: IdForm): NamedId[] {
  if (text === '') return []
  const values = slicesAt(text, ref.at).map(({ start, end }) => parsed(text.slice(start, end)))
  if (ref.resource === ANY) {
    return values
      .flatMap(textsIn)
      .map((one) => one.trim())
      .filter(mayBeId)
      .map((id) => ({ ref, id }))
  }
  return values.flatMap((value) => {
    if (value === null || value === '') return []
    if (typeof value === 'string') return [{ ref, id: value }]
    throw new AppError('bad_request', `${ref.at.slice(1).replaceAll('/', '.')}: must be a text`)
  })
}

/** The resource of places that take any text, such as the variables of a template. */
const ANY = 'any'

/** The place of what no column of the row knows, although its member is named like an id. */
const ELSEWHERE: IdRef = {
  resource: ANY,
  in: 'body',
  at: '',
  required: false,
  mayBeShared: true,
  isList: false,
}

const NAMED_LIKE_ID = /(?:^|[_-])(?:id|ids|key|keys)$|[a-z](?:Id|ID)s?$/
/** Texts of the client's, and parts of something that the call names beside. */
const NO_IDS = new Set([
  'callback_id',
  'external_task_id',
  'multipart_upload_id',
  'scene_ids',
  'style_id',
  'tag_id',
])
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * What stands in members that are named like ids, wherever they are, also those that stand twice. A provider that adds such a member
 * does not open a way to foreign things.
 */
function elsewhere(text: string): string[] {
  const found: string[] = []
  /** For each open list or object: whether it is a list of such a member. */
  const open: boolean[] = []
  let isWanted = false
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':') isWanted = isNamedLikeId(last)
    else if (token === '[' || token === '{') {
      isWanted &&= token === '['
      open.push(isWanted)
    } else if (token === ']' || token === '}') {
      open.pop()
      isWanted = false
    } else if (token === ',') isWanted = open.at(-1) ?? false
    else if (isWanted) found.push(String(parsed(token)))
    last = token
  }
  return found
}

function isNamedLikeId(token: string): boolean {
  const name = parsed(token)
  return typeof name === 'string' && isNameOfId(name)
}

function isNameOfId(name: string): boolean {
  const isLike = NAMED_LIKE_ID.test(name) || NAMED_LIKE_ID.test(name.toLowerCase())
  return isLike && !NO_IDS.has(name)
}

/** A long number is read as text, as it stands. */
function parsed(json: string): unknown {
  if (/^-?\d+$/.test(json)) return json
  try {
    return JSON.parse(json)
  } catch {
    throw new AppError('bad_request', 'The body must be JSON.')
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

/** Whether a text at such a place may be an id: one word of 16 letters and digits or more, with a digit. Or a key that has one inside. */
function isLikeId(text: string): boolean {
  return /^(?:\w+\/)?[\w-]{16,}(?:\/[\w.-]+)?$/.test(text) && /\d/.test(text)
}
