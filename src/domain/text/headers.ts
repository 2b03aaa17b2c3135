import { privately, varyBeside } from './cache-control.ts'

/** Which headers travel. Up: an allow-list, so that nothing of ours or of the edge's goes to the provider. */
const UP = [
  'accept',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
]
/** What HeyGen's own tools say of themselves. */
const UP_FORM = /^x-heygen-/

/** Down: everything but what belongs to one connection, to the provider's edge, or to us. */
const NOT_DOWN = new Set([
  'alt-svc',
  'connection',
  'date',
  'expires',
  'keep-alive',
  'nel',
  'pragma',
  'proxy-authenticate',
  'proxy-connection',
  'report-to',
  'server',
  'set-cookie',
  'strict-transport-security',
  'surrogate-control',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-powered-by',
])

const NOT_DOWN_FORM = /^(cf-|x-gateway-|access-control-|x-amz|x-envoy)|cdn-cache-control$/

/** On what we deliver; a request that carries it came from a gateway and is refused, so that none goes in circles. */
export const HOP_HEADER = 'x-gateway-hop'
/** Where a drop-in client wants its job's end told, and a text of its own that comes with it. */
export const REPLY_URL_HEADER = 'x-gateway-reply-url'
export const REPLY_REF_HEADER = 'x-gateway-reply-ref'

export function headersUp(headers: Headers): Headers {
  const up = new Headers()
  for (const name of UP) {
    const value = headers.get(name)
    if (value !== null) up.set(name, value)
  }
  for (const [name, value] of headers) if (UP_FORM.test(name)) up.set(name, value)
  return up
}

/** They ask about one representation: good only where one account's answer is passed on as it is. */
const CONDITIONS = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]

export function withoutConditions(headers: Headers): Headers {
  const others = new Headers(headers)
  for (const name of CONDITIONS) others.delete(name)
  return others
}

/** They speak of one representation, its bytes, its age or the pages beside it. */
const OF_ONE_PART = [
  'accept-ranges',
  'age',
  'cache-control',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'digest',
  'etag',
  'expires',
  'last-modified',
  'link',
  'pragma',
  'repr-digest',
  'vary',
  'want-content-digest',
  'want-repr-digest',
]

/** The headers of the first part of an answer that is made of several, or that was changed on its way. */
export function asComposed(headers: Headers): void {
  for (const name of OF_ONE_PART) headers.delete(name)
  headers.set('cache-control', 'no-store')
}

/** What the platform decodes by itself when it fetches; other encodings stay on the bytes, and so does the header. */
const DECODED = /^\s*(gzip|br)\s*$/i

/**
 * A body that comes to us decoded loses its `content-encoding` and with it the length of the encoded bytes. The
 * provider's request id is kept under another name, since ours takes its place. No shared cache may keep it.
 */
export function headersDown(headers: Headers): Headers {
  const down = new Headers()
  const hops = (headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/)
  const isDecoded = DECODED.test(headers.get('content-encoding') ?? '')
  for (const [name, value] of headers) {
    if (NOT_DOWN.has(name) || NOT_DOWN_FORM.test(name) || hops.includes(name)) continue
    if (isDecoded && (name === 'content-length' || name === 'content-encoding')) continue
    down.append(name === 'x-request-id' ? 'x-upstream-request-id' : name, value)
  }
  down.set('cache-control', privately(headers.get('cache-control')))
  down.set('vary', varyBeside(headers.get('vary')))
  return down
}

/** What a client reads whole: more than this of one header would be refused by many. */
const HEADER_CHARS_MAX = 8000

/**
 * The one way in which we set a header: whatever the value is made of, it can be sent. Everything outside printable
 * ASCII goes percent-encoded, as it may come back.
 */
export function setHeader(headers: Headers, name: string, value: string): void {
  headers.set(name, headerText(value))
}

export function headerText(value: string): string {
  const plain = value.toWellFormed().replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent)
  return plain.trim().slice(0, HEADER_CHARS_MAX)
}

/** Ids in one header, commas between; one that is too long to be sent is left out, since half an id would be wrong. */
export function idsToHeader(ids: readonly string[]): string | undefined {
  let text = ''
  for (const id of ids) {
    const plain = headerText(id.slice(0, HEADER_CHARS_MAX)).replaceAll(/[ ,]/g, encodeURIComponent)
    const longer = text === '' ? plain : `${text},${plain}`
    if (id.length <= HEADER_CHARS_MAX && longer.length < HEADER_CHARS_MAX) text = longer
  }
  return text === '' ? undefined : text
}

/** `no`: this creation is a new one, even where it looks like the repeat of another. */
export const JOIN_HEADER = 'x-gateway-join'
