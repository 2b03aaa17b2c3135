/** The page's only way to the gateway. It adds the token, and the tenant where the operator looks at one. */
import { chosenTenant, session, signOut } from './session.ts'

/** An answer other than 2xx, or none. `message` is a sentence for people. */
export class Problem extends Error {
  readonly status: number
  /** The gateway's own code: docs/errors.md. Empty if the answer is not the gateway's. */
  readonly code: string
  readonly requestId: string
  /** The field that is wrong, where the answer names it apart from its message. */
  readonly field: string

  constructor(
    message: string,
    parts: { status?: number; code?: string; requestId?: string; field?: string } = {}
  ) {
    super(message)
    this.status = parts.status ?? 0
    this.code = parts.code ?? ''
    this.requestId = parts.requestId ?? ''
    this.field = parts.field ?? ''
  }
}

export interface CallOptions {
  body?: unknown
  /** The tenant that the operator's call is for. Without it: the one that is chosen in the header of the page. */
  tenant?: string
  signal?: AbortSignal
  /** Another token than that of the session. Its refusal does not sign out. */
  token?: string
  headers?: Record<string, string>
}

export async function call(
  method: string,
  path: string,
  options: CallOptions = {}
): Promise<Response> {
  const token = options.token ?? session.value?.token ?? ''
  const headers: Record<string, string> = { ...options.headers, Authorization: `Bearer ${token}` }
  const tenant = options.tenant ?? chosenTenant.value
  const isOperators = path.startsWith('/admin/')
  if (session.value?.kind === 'operator' && tenant && !isOperators && !options.token)
    headers['X-Gateway-Tenant'] = tenant
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      headers,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new Problem('The gateway did not answer. Is this computer online?')
  }
  if (answer.ok) return answer
  // ADMIN_TOKEN opens a tenant's path only together with the tenant's name. It is good all the same.
  const isOfNobody = session.value?.kind === 'operator' && !tenant && !isOperators
  if (answer.status === 401 && isOfNobody && !options.token)
    throw new Problem('This is of one tenant. Choose it at the top of the page.')
  const problem = await toProblem(answer)
  if (answer.status === 401 && !options.token && problem.code === 'unauthorized') signOut()
  throw problem
}

/** The JSON of the answer. Undefined where the answer has no body. */
export async function ask<T>(method: string, path: string, options?: CallOptions): Promise<T> {
  const answer = await call(method, path, options)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

/** Path with query. A value that is undefined or empty is left out. */
export function withQuery(
  path: string,
  query: Record<string, string | number | undefined>
): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  if (kept.length === 0) return path
  return `${path}?${new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString()}`
}

async function toProblem(answer: Response): Promise<Problem> {
  const text = await answer.text().catch(() => '')
  const { sentence, field } = readError(text)
  return new Problem(sentence || `The gateway answered with ${String(answer.status)}.`, {
    field,
    status: answer.status,
    code: answer.headers.get('x-gateway-error') ?? '',
    requestId: answer.headers.get('x-request-id') ?? '',
  })
}

interface ErrorBody {
  error?: string | { message?: unknown; param?: unknown } | null
  message?: unknown
}

/** The text in an error body of any of the gateway's forms, and the field in those that name it (docs/errors.md). */
function readError(text: string): { sentence: string; field: string } {
  try {
    const { error, message } = JSON.parse(text) as ErrorBody
    const inner = typeof error === 'object' ? error : null
    const isText = (one: unknown): one is string => typeof one === 'string'
    const sentence = [error, inner?.message, message].find(isText) ?? ''
    return { sentence, field: isText(inner?.param) ? inner.param : '' }
  } catch {
    return { sentence: text.length < 300 ? text : '', field: '' }
  }
}
