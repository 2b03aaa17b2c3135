import { privately, varyBeside } from './cache-control.ts'

/** Request headers that go to the provider. It is an allow-list, so no header of the gateway or of Cloudflare is sent. */
const UP = new Set([
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
])
/** Headers that HeyGen's own tools send. */
const UP_FORM = /^x-heygen-/

/** Answer headers that do not go to the client: they belong to one connection, to the provider's edge, or to the gateway. */
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

/** A header of every delivery. A request with it came from a gateway and is refused, so that no request loops. */
export const HOP_HEADER = 'x-gateway-hop'
/** Headers of a creation: the URL to which the job's end is delivered, and a client's text that is sent with it. */
export const REPLY_URL_HEADER = 'x-gateway-reply-url'
export const REPLY_REF_HEADER = 'x-gateway-reply-ref'

export function headersUp(headers: Headers): Headers {
  const up = new Headers()
  headers.forEach((value, name) => {
    if (UP.has(name) || UP_FORM.test(name)) up.set(name, value)
  })
  return up
}

/** Request headers with conditions, such as If-None-Match. They make sense only if one account's answer is passed on unchanged. */
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

/** Answer headers that describe one account's answer: its bytes, its age, or the pages next to it. */
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

/** Removes headers that are wrong for an answer that was changed or made of several answers. */
export function asComposed(headers: Headers): void {
  for (const name of OF_ONE_PART) headers.delete(name)
  headers.set('cache-control', 'no-store')
}

/** Encodings that the platform decodes when it fetches. A body in another encoding stays encoded and keeps the header. */
const DECODED = /^\s*(gzip|br)\s*$/i

/**
 * The headers of a provider's answer for the client. A body that the platform decoded loses `content-encoding` and
 * `content-length`. The provider's request id becomes `x-upstream-request-id`. No shared cache may keep the answer. `down`: empty
 * headers to write to, such as those of the client's answer.
 */
export function headersDown(headers: Headers, down = new Headers()): Headers {
  const hops = (headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/)
  const isDecoded = DECODED.test(headers.get('content-encoding') ?? '')
  headers.forEach((value, name) => {
    if (NOT_DOWN.has(name) || NOT_DOWN_FORM.test(name) || hops.includes(name)) return
    if (isDecoded && (name === 'content-length' || name === 'content-encoding')) return
    if (name === 'x-request-id') down.append('x-upstream-request-id', value)
    else down.set(name, value)
  })
  down.set('cache-control', privately(headers.get('cache-control')))
  down.set('vary', varyBeside(headers.get('vary')))
  return down
}

/** The longest header that we send. Many clients refuse longer ones. */
const HEADER_CHARS_MAX = 8000

/** Sets a header to any text: everything outside printable ASCII is percent-encoded. All headers with foreign text are set here. */
export function setHeader(headers: Headers, name: string, value: string): void {
  headers.set(name, headerText(value))
}

export function headerText(value: string): string {
  const plain = value.toWellFormed().replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent)
  return plain.trim().slice(0, HEADER_CHARS_MAX)
}

/** Ids in one header, separated by commas. An id that does not fit is left out, because a cut id would be wrong. */
export function idsToHeader(ids: readonly string[]): string | undefined {
  let text = ''
  for (const id of ids) {
    const plain = headerText(id.slice(0, HEADER_CHARS_MAX)).replaceAll(/[ ,]/g, encodeURIComponent)
    const longer = text === '' ? plain : `${text},${plain}`
    if (id.length <= HEADER_CHARS_MAX && longer.length < HEADER_CHARS_MAX) text = longer
  }
  return text === '' ? undefined : text
}

/** A request header. `no`: this creation starts a new job, even if it looks like a repeat. */
export const JOIN_HEADER = 'x-gateway-join'
