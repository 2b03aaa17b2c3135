/**
 * Reads the items of a bulk call, each by itself: one that is wrong says which field, and does not stop the others. A body goes up
 * byte for byte as it stands in the item, so a 64-bit number in it survives.
 */
import { KEY_FORM } from '#domain/creations/idempotency.ts'
import { isPlainPath } from '#domain/routing/plain-path.ts'
import { sliceAt } from '#domain/text/json-slices.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import type { ByteSlice } from './bulk-body.ts'

/** Of the body of one item. Around it there may be a path and headers. */
const BODY_BYTES_MAX = 1024 * 1024
const AROUND_BYTES_MAX = 64 * 1024
const PATH_CHARS_MAX = 8192
const TEXT_CHARS_MAX = 1024
const START_WITHIN_MAX_SECONDS = 604_800
/** What one call to the desk carries. */
const PORTION_ITEMS_MAX = 250
const PORTION_BYTES_MAX = 4 * 1024 * 1024

interface BulkHeaders {
  idempotencyKey?: string
  priority?: number
  startWithinSeconds?: number
  /** As it was sent. Whether it may be called is decided where the deployment is known. */
  replyUrl?: string
  /** The email of an account. */
  account?: string
}

interface BulkItem {
  /** As a URL has it: a space is encoded. */
  path: string
  search: string
  body: Uint8Array<ArrayBuffer>
  json: unknown
  headers: BulkHeaders
}

export type BulkRead =
  | { ok: true; item: BulkItem }
  | { ok: false; code: 'bad_request' | 'too_large'; error: string }

/** Undefined: the value is wrong. */
type ReadHeader = (value: string) => BulkHeaders | undefined

/** By the name in lower case. A header that is not here is refused, so that nobody relies on one that would not be sent. */
const HEADERS: Record<string, { name: string; rule: string; read: ReadHeader }> = {
  'idempotency-key': {
    name: 'Idempotency-Key',
    rule: '1 to 255 of A-Z a-z 0-9 _ : . -',
    read: (idempotencyKey) => (KEY_FORM.test(idempotencyKey) ? { idempotencyKey } : undefined),
  },
  'x-gateway-priority': {
    name: 'X-Gateway-Priority',
    rule: 'a whole number from 1 to 5',
    read: (value) => (/^[1-5]$/.test(value) ? { priority: Number(value) } : undefined),
  },
  'x-gateway-start-within': {
    name: 'X-Gateway-Start-Within',
    rule: 'whole seconds, from 1 to 604800',
    read: (value) => {
      const seconds = /^[1-9]\d{0,5}$/.test(value) ? Number(value) : Infinity
      return seconds <= START_WITHIN_MAX_SECONDS ? { startWithinSeconds: seconds } : undefined
    },
  },
  'x-gateway-reply-url': {
    name: 'X-Gateway-Reply-Url',
    rule: 'a URL of up to 1,024 characters',
    read: (replyUrl) =>
      replyUrl.length <= TEXT_CHARS_MAX && URL.canParse(replyUrl) ? { replyUrl } : undefined,
  },
  'x-gateway-account': {
    name: 'X-Gateway-Account',
    rule: 'the email of an account',
    read: (account) =>
      account !== '' && account.length <= TEXT_CHARS_MAX ? { account } : undefined,
  },
}
const HEADER_NAMES = Object.values(HEADERS).map(({ name }) => name)
const MEMBERS = ['path', 'body', 'headers']

/** One after the other, so that only the one that is worked on is decoded. */
export function* readBulkItems(
  bytes: Uint8Array,
  items: readonly ByteSlice[]
): Generator<BulkRead> {
  for (const { start, end } of items) yield readItem(bytes.subarray(start, end))
}

/** In the order of the call, each portion small enough for one call to the desk. Wrong items are in their places. */
export function* inPortions(reads: Iterable<BulkRead>): Generator<BulkRead[]> {
  let portion: BulkRead[] = []
  let size = 0
  for (const read of reads) {
    const bytes = read.ok ? read.item.body.byteLength : 0
    const isFull = portion.length >= PORTION_ITEMS_MAX || size + bytes > PORTION_BYTES_MAX
    if (isFull && portion.length > 0) {
      yield portion
      portion = []
      size = 0
    }
    portion.push(read)
    size += bytes
  }
  if (portion.length > 0) yield portion
}

function readItem(bytes: Uint8Array): BulkRead {
  if (bytes.byteLength > BODY_BYTES_MAX + AROUND_BYTES_MAX) return tooLarge()
  const text = readUtf8(bytes)
  if (text === undefined) return wrong(['The item is not UTF-8'])
  const fields = parseJson(text)
  if (fields === undefined) return wrong(['The item is not JSON'])
  if (!isObject(fields)) return wrong(['The item must be an object with path and body'])
  const path = readPath(fields['path'])
  const headers = readHeaders(fields['headers'])
  const errors = [
    ...(typeof path === 'string' ? [path] : []),
    ...sayBody(fields['body']),
    ...(Array.isArray(headers) ? headers : []),
    ...sayUnknown(Object.keys(fields)),
  ]
  const slice = sliceAt(text, '/body')
  if (errors.length > 0 || typeof path === 'string' || Array.isArray(headers) || !slice)
    return wrong(errors)
  const bodyText = text.slice(slice.start, slice.end)
  const body = new TextEncoder().encode(bodyText) as Uint8Array<ArrayBuffer>
  if (body.byteLength > BODY_BYTES_MAX) return tooLarge()
  return { ok: true, item: { ...path, body, json: fields['body'], headers } }
}

/** A text: what is wrong. */
function readPath(path: unknown): { path: string; search: string } | string {
  if (path === undefined) return 'path is required'
  const rule = 'path: a path of the provider, such as /v3/videos'
  if (typeof path !== 'string' || path.length > PATH_CHARS_MAX) return rule
  if (!/^\/(?!\/)[^\\#\p{Cc}]*$/u.test(path) || !URL.canParse(path, NOWHERE)) return rule
  const { pathname, search } = new URL(path, NOWHERE)
  const isRelative = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(path)
  return isPlainPath(pathname) && !isRelative ? { path: pathname, search } : rule
}

/** Only to read a path as a URL has it. */
const NOWHERE = 'http://gateway'

function sayBody(body: unknown): string[] {
  if (body === undefined) return ['body is required']
  return isObject(body) ? [] : ['body: a JSON object']
}

/** A list: what is wrong. A number stands for its digits. */
function readHeaders(headers: unknown = {}): BulkHeaders | string[] {
  if (!isObject(headers)) return ['headers: an object of texts']
  const seen = new Set<string>()
  const errors: string[] = []
  const read: BulkHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    const header = Object.hasOwn(HEADERS, lower) ? HEADERS[lower] : undefined
    const text = typeof value === 'number' ? String(value) : value
    const got = typeof text === 'string' ? header?.read(text.trim()) : undefined
    if (!header) errors.push(`headers.${short(name)}: only ${HEADER_NAMES.join(', ')}`)
    else if (seen.has(lower)) errors.push(`headers.${header.name}: only once`)
    else if (!got) errors.push(`headers.${header.name}: ${header.rule}`)
    else Object.assign(read, got)
    seen.add(lower)
  }
  return errors.length > 0 ? errors : read
}

function sayUnknown(names: readonly string[]): string[] {
  const unknown = names.filter((name) => !MEMBERS.includes(name))
  return unknown.length === 0 ? [] : [`Unknown field ${unknown.slice(0, 5).map(short).join(', ')}`]
}

/** A client's own text is repeated only as far as it helps. */
function short(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name
}

function wrong(errors: readonly string[]): BulkRead {
  return { ok: false, code: 'bad_request', error: `${errors.slice(0, 10).join('. ')}.` }
}

function tooLarge(): BulkRead {
  return { ok: false, code: 'too_large', error: 'body: up to 1 MiB. Upload large files first.' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
