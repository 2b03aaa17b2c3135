/** What the bare programs have in common: a known token, the account's credential, and which headers go on. */

export interface BareEnv {
  /** The origin of the upstream. */
  UPSTREAM: string
  /** SHA-256 of the one token, in hex digits. */
  TOKEN_HASH: string
  CREDENTIAL: string
}

const REQUEST_HEADERS = new Set(['accept', 'content-type', 'content-length', 'user-agent'])
const ANSWER_HEADERS_DROPPED = new Set(['connection', 'keep-alive', 'set-cookie', 'server'])

/** The credential of the token of a request. Undefined: the token is not known. */
export async function credentialOf(request: Request, env: BareEnv): Promise<string | undefined> {
  const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  const hash = Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0'))
  return new Map([[env.TOKEN_HASH, env.CREDENTIAL]]).get(hash.join(''))
}

export function headersFor(request: Request, credential: string): Headers {
  const headers = new Headers()
  for (const [name, value] of request.headers) {
    if (REQUEST_HEADERS.has(name)) headers.set(name, value)
  }
  headers.set('x-api-key', credential)
  return headers
}

export function answerHeaders(answer: Response): Headers {
  const headers = new Headers()
  for (const [name, value] of answer.headers) {
    if (!ANSWER_HEADERS_DROPPED.has(name)) headers.append(name, value)
  }
  headers.set('x-gateway-account', 'ann@example.com')
  return headers
}

export function upstreamUrl(request: Request, env: BareEnv): string {
  const { pathname, search } = new URL(request.url)
  return `${env.UPSTREAM}${pathname}${search}`
}
