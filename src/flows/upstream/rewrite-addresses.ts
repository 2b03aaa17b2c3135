/**
 * Rewrites URLs in the headers of a provider's answer. Redirects are passed on, not followed. A URL of the provider's own
 * hosts becomes one of the gateway, because the client would otherwise send its gateway token to the provider. A header
 * that shows a credential is dropped.
 */

/** Shorter values, such as a region's name, would match by chance. */
const SECRET_CHARS_MIN = 8

export function withoutSecrets(answer: Response, secrets: readonly string[]): Response {
  const forms = [...new Set(secrets)]
    .filter((secret) => secret.length >= SECRET_CHARS_MIN)
    .flatMap(formsOf)
  const leaking: string[] = []
  answer.headers.forEach((value, name) => {
    if (shows(value, forms)) leaking.push(name)
  })
  if (leaking.length === 0) return answer
  return changed(answer, (headers) => {
    for (const name of leaking) headers.delete(name)
  })
}

function shows(text: string, forms: readonly string[]): boolean {
  if (forms.some((form) => text.includes(form))) return true
  if (!text.includes('%')) return false
  const plain = decoded(text)
  return forms.some((form) => plain.includes(form))
}

/** The secret as plain text, in base64 and in base64url. */
function formsOf(secret: string): string[] {
  const base64 = btoa(isAscii(secret) ? secret : bytesAsText(secret)).replaceAll('=', '')
  return [secret, base64, base64.replaceAll('+', '-').replaceAll('/', '_')]
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function bytesAsText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** Decodes percent-encoding. A piece that is not valid stays as it is. */
function decoded(value: string): string {
  return value.replaceAll(/(%[0-9a-f]{2})+/gi, (piece) => {
    try {
      return decodeURIComponent(piece)
    } catch {
      return piece
    }
  })
}

const ADDRESSES = ['location', 'content-location']

/** `origins`: the provider's origins. `ours`: the gateway's origin and prefix, as the client called them. */
export function withOwnAddresses(
  answer: Response,
  url: string,
  { origins, ours }: { origins: readonly string[]; ours: string }
): Response {
  const own = (address: string) => ownAddress(address, url, origins, ours)
  const edits: [string, string][] = []
  for (const name of ADDRESSES) {
    const value = answer.headers.get(name)
    const address = value === null ? undefined : own(value)
    if (address !== undefined) edits.push([name, address])
  }
  const link = answer.headers.get('link')
  const ownLink = link?.replaceAll(/<([^>]*)>/g, (text, address: string) => {
    // A relative URL already leads to the gateway.
    const found = /^https?:/i.test(address) ? own(address) : undefined
    return found === undefined ? text : `<${found}>`
  })
  if (ownLink !== undefined && ownLink !== link) edits.push(['link', ownLink])
  return edits.length === 0
    ? answer
    : changed(answer, (headers) => {
        for (const [name, value] of edits) headers.set(name, value)
      })
}

/** Undefined: the host is not the provider's. The scheme does not matter. */
function ownAddress(
  address: string,
  url: string,
  origins: readonly string[],
  ours: string
): string | undefined {
  const target = URL.parse(address, url)
  if (!target) return undefined
  const place = placeOf(target)
  for (const origin of origins) {
    const known = URL.parse(origin)
    const base = known && placeOf(known).replace(/\/$/, '')
    if (base && (place === base || place.startsWith(`${base}/`))) {
      return `${ours}${place.slice(base.length) || '/'}${target.search}${target.hash}`
    }
  }
  return undefined
}

function placeOf({ host, pathname }: URL): string {
  return `${host.replace(/:(80|443)$/, '')}${pathname}`
}

function changed(answer: Response, change: (headers: Headers) => void): Response {
  const headers = new Headers(answer.headers)
  change(headers)
  return new Response(hasNoBody(answer.status) ? null : answer.body, {
    status: answer.status,
    headers,
  })
}

/** Whether an answer with this status cannot have a body. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304 || status === 205 || status === 101
}
