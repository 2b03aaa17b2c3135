/** Says how what the bridge did differs from what the interpreter says, without what the gateway may add. */
import { findSchemaFaults } from '../../simulator/heygen/calls/schema-faults.ts'
import { schemaOf } from '../../simulator/heygen/catalogue/schemas.ts'
import { NEW, callOf } from './heygen.ts'
import type { Row } from './map/map.ts'
import { at, isMembers, type Json, type Members } from './map/places.ts'
import type { V3Request } from './interpreter/requests.ts'

/** Members of a v3 body that are the gateway’s own: it puts its address in place of the client’s. */
const OWN_MEMBERS = ['callback_url']

/** Reads that the gateway may answer from what it knows, and reads that it may make on its own. */
const KNOWN_READS =
  /^\/v3\/(users\/me|avatars(\/looks)?(\/[^/]+)?|voices|assets\/[^/]+|templates\/[^/]+|video-agents(\/[^/]+)?)$/

const PAGING = new Set(['limit', 'token', 'type', 'ownership', 'username'])

/** The stand-in names new things anew in each call. */
const same = (text: string) => text.replaceAll(/new-id-(\w+?)-\d+/g, 'new-id-$1')

function differences(expected: Json | undefined, actual: Json | undefined, where = ''): string[] {
  if (typeof expected === 'string' && expected.startsWith('<'))
    return special(expected, actual, where)
  if (isMembers(expected) && Object.keys(expected).some((name) => name.startsWith('<')))
    return specialText(expected, actual, where)
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${where}: ${show(expected)} ≠ ${show(actual)}`]
    if (expected.length !== actual.length)
      return [`${where}: ${expected.length} items ≠ ${actual.length}`]
    return expected.flatMap((one, index) => differences(one, actual[index], `${where}/${index}`))
  }
  if (isMembers(expected)) {
    if (!isMembers(actual)) return [`${where}: ${show(expected)} ≠ ${show(actual)}`]
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].flatMap((name) => {
      if (!(name in expected)) return [`${where}/${name}: not in the map, is ${show(actual[name])}`]
      return differences(expected[name], actual[name], `${where}/${name}`)
    })
  }
  const isEqual =
    typeof expected === 'string' && typeof actual === 'string'
      ? same(expected) === same(actual)
      : expected === actual
  return isEqual ? [] : [`${where}: ${show(expected)} ≠ ${show(actual)}`]
}

function special(expected: string, actual: Json | undefined, where: string): string[] {
  const isRight =
    expected === '<anything>' ||
    (expected === '<some text>' && typeof actual === 'string' && actual !== '') ||
    (expected === '<some number>' && typeof actual === 'number') ||
    (expected === '<null or absent>' && (actual ?? null) === null) ||
    (expected === '<a time or null>' && (actual === null || typeof actual === 'number')) ||
    (expected === '<null, absent or empty>' &&
      (actual ?? []) instanceof Array &&
      at(actual ?? [], '/0') === undefined) ||
    (expected === '<some rows>' && Array.isArray(actual) && actual.length > 0) ||
    (expected === '<a plain picture>' && isMembers(actual))
  return isRight ? [] : [`${where}: ${expected} ≠ ${show(actual)}`]
}

function specialText(expected: Members, actual: Json | undefined, where: string): string[] {
  const words = expected['<text with>']
  const like = expected['<text like>']
  const others = expected['<or one of>']
  if (Array.isArray(others) && others.includes(actual ?? null)) return []
  const text = typeof actual === 'string' ? actual : ''
  if (words === undefined && like === undefined)
    return [`${where}: ${show(expected)} ≠ ${show(actual)}`]
  const isRight = Array.isArray(words)
    ? words.every((word) =>
        same(text)
          .toLowerCase()
          .includes(same(String(word)).toLowerCase())
      )
    : new RegExp(String(like), 'i').test(text)
  return isRight ? [] : [`${where}: ${show(expected)} ≠ ${show(actual)}`]
}

export function requestDifferences(expected: V3Request[], actual: V3Request[]): string[] {
  const isWrite = ({ method }: V3Request) => method !== 'GET'
  const wanted = expected.filter(isWrite)
  const sent = actual.filter((one) => isWrite(one) && !isAsking(one))
  const names = (requests: V3Request[]) => requests.map(nameOf).join(', ') || 'nothing'
  const found: string[] = []
  if (names(wanted) !== names(sent)) found.push(`writes: ${names(wanted)} ≠ ${names(sent)}`)
  else
    for (const [index, one] of wanted.entries())
      found.push(...bodyDifferences(one, sent[index] ?? one))
  return [...found, ...readDifferences(expected, actual)]
}

/** The gateway asks under a key what became of a creation, with a body that starts nothing. */
function isAsking({ body }: V3Request): boolean {
  const values = Object.values(body ?? {})
  return values.length === 1 && values[0] === null
}

function bodyDifferences(expected: V3Request, actual: V3Request): string[] {
  const where = nameOf(expected)
  if (expected.file) {
    const isSound = expected.file.type === 'audio/wav'
    const isSame =
      actual.file?.type === expected.file.type &&
      actual.file.bytes.length === expected.file.bytes.length &&
      (isSound || Buffer.from(actual.file.bytes).equals(Buffer.from(expected.file.bytes)))
    return isSame ? [] : [`${where}: another file: ${actual.file?.type}`]
  }
  const body = without(actual.body)
  if (expected.method === 'DELETE') return Object.keys(body).length > 0 ? [`${where}: a body`] : []
  return differences(without(expected.body), body, where)
}

function without(body: Members | undefined): Members {
  const { caption } = body ?? {}
  // The map writes the form of a caption with and without the format, which is srt anyway.
  const whole = isMembers(caption) ? { caption: { file_format: 'srt', ...caption } } : {}
  return Object.fromEntries(
    Object.entries({ ...body, ...whole }).filter(([name]) => !OWN_MEMBERS.includes(name))
  )
}

function readDifferences(expected: V3Request[], actual: V3Request[]): string[] {
  const name = ({ method, path, query }: V3Request) => {
    const filters = Object.entries(query).filter(([key]) => !PAGING.has(key))
    return `${method} ${path}?${new URLSearchParams(filters).toString()}`
  }
  const wanted = expected.filter(({ method }) => method === 'GET')
  const made = actual.filter(({ method }) => method === 'GET')
  const madeNames = new Set(made.map(name))
  const wantedPaths = new Set(wanted.map(({ path }) => path))
  const missing = wanted
    .filter((one) => !KNOWN_READS.test(one.path) && !madeNames.has(name(one)))
    .map((one) => `not read: ${name(one)}`)
  const added = made
    .filter((one) => !isOwnRead(one.path) && !wantedPaths.has(one.path))
    .map((one) => `read besides: ${name(one)}`)
  return [...new Set([...missing, ...added])]
}

/** What is known anyway, and jobs of earlier calls, which the gateway asks about. */
function isOwnRead(path: string): boolean {
  return KNOWN_READS.test(path) || path.includes(NEW)
}

function nameOf({ method, path }: V3Request): string {
  return same(`${method} ${path}`)
}

/** Whole lists: which rows come first is nowhere said. */
const UNORDERED = new Set(['collect', 'groups', 'voices', 'states'])

function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    const inner = value.map(sorted)
    if (!inner.every(isMembers)) return inner
    return inner.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1))
  }
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, sorted(one)]))
}

function idOf(value: Json): string {
  const names = ['id', 'avatar_id', 'talking_photo_id', 'voice_id', 'template_id']
  return String(names.map((name) => at(value, `/${name}`)).find((id) => id !== undefined) ?? '')
}

/** The top of a v1 answer: `msg` and `message` may stand there though the row does not name them. */
export function answerDifferences(expected: Json, actual: Json, row: Row): string[] {
  const { envelope, plan } = row
  if (UNORDERED.has(plan))
    return answerDifferences(sorted(expected), sorted(actual), { ...row, plan: '' })
  const isV1 = at(expected, '/code') !== undefined
  const isFree = (name: string) =>
    (isV1 && (name === 'msg' || name === 'message')) || (envelope === 'v3' && name === 'error')
  if (!isMembers(expected) || !isMembers(actual)) return differences(expected, actual)
  const lean = Object.fromEntries(
    Object.entries(actual).filter(([name]) => name in expected || !isFree(name))
  )
  return differences(expected, lean)
}

function show(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

/** What is wrong with the bodies that went up, by the schemas of HeyGen’s own command line. */
export function schemaFaults(requests: V3Request[]): string[] {
  return requests.flatMap((request) => {
    const name = callOf(request) ?? ''
    const schema = schemaOf(name)
    if (request.method === 'GET' || request.method === 'DELETE' || request.file) return []
    if (isAsking(request)) return []
    if (!schema) return [`no schema of ${name}`]
    return findSchemaFaults(schema, request.body ?? {}).map(({ message }) => `${name}: ${message}`)
  })
}
