/** The record of provider calls that /__sim/requests shows. */
import type { State } from './state.ts'
import type { Recorded } from './types.ts'

const BODY_MAX_CHARACTERS = 64 * 1024

type Facts = {
  /** Short name of the host that was meant. */
  host: string
  /** Without the prefix that names the host. */
  path: string
  account: string | null
  /** The body, if it was read. */
  text?: string | undefined
}

/** The status is set once the call is answered. */
export function recordRequest(
  state: State,
  request: Request,
  { host, path, account, text }: Facts
): Recorded {
  const declaredBytes = Number(request.headers.get('content-length') ?? 0)
  return state.record({
    at: state.now(),
    method: request.method,
    host,
    path,
    query: new URL(request.url).search,
    headers: Object.fromEntries(request.headers),
    account,
    status: null,
    bodyBytes: text === undefined ? declaredBytes : new TextEncoder().encode(text).length,
    ...(text ? { body: text.slice(0, BODY_MAX_CHARACTERS) } : {}),
  })
}
