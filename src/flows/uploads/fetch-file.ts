/**
 * Fetches a file from the URL that a provider gives for it. The request carries no credential. Only https URLs of public hosts are
 * called, also after a redirect; loopback only where deliveries may go there too.
 */
import { readTarget } from '#domain/events/callback-target.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { targetPolicy } from '#flows/events/tickets.ts'
import { startDeadline } from '#flows/upstream/deadline.ts'
import { typeOf } from './copy-asset.ts'

const REDIRECTS_MAX = 3
const HEADERS_MS = 20_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])

export interface FileWish {
  /** `Range` and `If-Range` of the client, if any. */
  headers: Record<string, string>
  /** The gateway's own origin, which is never called. */
  origin: string
  signal: AbortSignal
}

/** `refused`: the URL or a redirect leads where the gateway does not go. `unreachable`: the host did not answer. */
export type FetchedFile =
  | { ok: true; answer: Response; type: string | undefined }
  | { ok: false; why: 'refused' | 'unreachable' }

/** `type` undefined: the answer is no video, picture or sound. */
export async function fetchFile(ports: Ports, url: string, wish: FileWish): Promise<FetchedFile> {
  const deadline = startDeadline(ports, HEADERS_MS, wish.signal)
  const headers = { accept: '*/*', 'accept-encoding': 'identity', ...wish.headers }
  let next = url
  try {
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const where = readTarget(next, targetPolicy(ports, wish.origin))
      if (!where.ok) return { ok: false, why: 'refused' }
      const answer = await ports.fetch(where.url, {
        method: 'GET',
        headers,
        signal: deadline.signal,
      })
      const location = answer.headers.get('location')
      if (!REDIRECTS.has(answer.status) || location === null)
        return { ok: true, answer, type: safeType(answer, where.url) }
      await answer.body?.cancel()
      next = URL.parse(location, where.url)?.href ?? ''
    }
    return { ok: false, why: 'refused' }
  } catch {
    return { ok: false, why: 'unreachable' }
  } finally {
    deadline.lift()
  }
}

const MEDIA = /^(video|audio|image)\/[\w.+-]+$/
/** What storage says of files whose type it does not know. */
const UNTYPED = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/** Undefined: a type that a browser could run, such as HTML, or SVG with its scripts. */
function safeType({ headers }: Response, url: string): string | undefined {
  const said = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const type = UNTYPED.has(said) ? typeOf(url) : said
  if (type === 'application/octet-stream') return type
  return MEDIA.test(type) && type !== 'image/svg+xml' ? type : undefined
}
