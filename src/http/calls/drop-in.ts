/** The drop-in proxy: sends a client's call to the provider, for clients that changed only their base URL. Unknown paths are sent too. */
import type { Context } from 'hono'
import { emailFromHeader, emailToHeader } from '#domain/accounts/account.ts'
import type { Caller } from '#domain/access/token.ts'
import { noAccount } from '#domain/visibility/nameless.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { headersUp, idsToHeader, setHeader } from '#domain/text/headers.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'
import { addressOf, matchOf } from '#http/request/address.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { preferenceApplied, preferredWait, queueWish } from './prefer-wait.ts'
import { callLimitsOf } from './caller-limits.ts'
import { joiningOf } from './join-header.ts'
import { replyOfHeaders } from './reply-url.ts'
import type { Surface } from '#http/request/surface.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export async function dropIn(c: Context<AppEnv>): Promise<Response> {
  const { surface } = addressOf(c)
  if (surface.kind !== 'drop-in' || !METHODS.has(c.req.method)) {
    throw new AppError('not_found', 'There is no such path.')
  }
  refuseDoubled(surface)
  if (isKeptChange(matchOf(c)) && c.get('caller').scope !== 'full') {
    throw new AppError('forbidden', 'This token may not change webhook endpoints.')
  }
  const call = toCall(c, surface, c.get('caller').tenant)
  const applied = preferenceApplied(call)
  // What is to be queued does not wait, so a refusal of it says nothing of waiting.
  if (applied !== undefined && !call.wish) c.header('Preference-Applied', applied)
  const answer = await dispatchRequest(c.get('ports'), call)
  const response = toResponse(answer)
  if (answer.isQueued) noteQueued(response.headers, surface.provider.name, answer)
  else if (applied !== undefined) setHeader(response.headers, 'Preference-Applied', applied)
  return response
}

/** A creation that was queued has not waited, whatever else its client preferred. */
function noteQueued(headers: Headers, provider: string, { jobIds = [] }: ProxyAnswer): void {
  setHeader(headers, 'Preference-Applied', 'respond-async')
  const [name] = jobIds
  if (name === undefined) return
  setHeader(headers, 'Location', `/v1/${provider}/jobs/${encodeURIComponent(name)}`)
}

const NAMES = PROVIDERS.map(({ name }) => name).join('|')
const OWN_PREFIX = new RegExp(`^/((?:v1/)?(?:${NAMES}))(?:/|$)`)

/** Throws when the path starts with the gateway's own prefix. That happens when a client joins the base URL twice. */
function refuseDoubled({ provider, path }: DropIn): void {
  const [, doubled] = OWN_PREFIX.exec(path) ?? []
  if (doubled === undefined) return
  const message = `The base URL stands twice in this path: /${provider.name}/${doubled}. Leave one of them out.`
  throw new AppError('not_found', message)
}

/** Webhook endpoints belong to the tenant: any token may read them, only a `full` token may change them. */
function isKeptChange(match: RouteMatch | undefined): boolean {
  return match?.route.pool === 'gateway' && match.route.method !== 'GET'
}

export type DropIn = Extract<Surface, { kind: 'drop-in' }>

export function toCall(c: Context<AppEnv>, { provider, path }: DropIn, tenant: string): ProxyCall {
  const waitSeconds = preferredWait(c.req.header('prefer'))
  const named = c.req.header('x-gateway-account')
  const reply = replyOfHeaders(c)
  const { origin, pathname, search } = addressOf(c)
  return {
    requestId: c.get('requestId'),
    origin,
    // The provider's path is the end of the gateway's path.
    prefix: pathname.slice(0, pathname.length - path.length),
    tenant,
    provider,
    match: matchOf(c),
    method: c.req.method,
    path,
    search,
    headers: headersUp(c.req.raw.headers),
    body: isBodiless(c.req.method) ? null : c.req.raw.body,
    ...lengthOf(c),
    signal: c.req.raw.signal,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...(named === undefined ? {} : { email: emailFromHeader(named) }),
    ...(reply === undefined ? {} : { reply }),
    by: actorOf(c),
    mayChange: c.get('caller')?.scope === 'full',
    ...(c.get('caller') ? { tokenHash: c.get('caller').hash } : {}),
    ...ownCallOf(c.get('caller'), named),
    ...joiningOf(c),
    ...queueWish(c),
    ...callLimitsOf(c.get('caller')),
  }
}

/** For a token that sees only its own. It knows no account, so whichever it names is not found. */
export function ownCallOf(
  caller: Caller | undefined,
  named: string | undefined
): Pick<ProxyCall, 'own'> {
  const own = ownScopeOf(caller)
  if (own && named !== undefined) throw noAccount(emailFromHeader(named))
  return own ? { own } : {}
}

function lengthOf(c: Context<AppEnv>): Pick<ProxyCall, 'bodyBytes'> {
  const length = c.req.header('content-length') ?? ''
  return /^\d{1,15}$/.test(length) ? { bodyBytes: Number(length) } : {}
}

function isBodiless(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

export function toResponse(answer: ProxyAnswer): Response {
  const { response, email, jobIds, providerJobIds, waits, joined, parking, carried } = answer
  const jobs = idsToHeader(jobIds ?? [])
  const real = idsToHeader(providerJobIds ?? [])
  const { headers } = response
  if (email !== undefined) setHeader(headers, 'X-Gateway-Account', emailToHeader(email))
  if (jobs !== undefined) setHeader(headers, 'X-Gateway-Job', jobs)
  if (real !== undefined) setHeader(headers, 'X-Gateway-Provider-Job', real)
  if (waits?.place !== undefined) setHeader(headers, 'X-Gateway-Queue-Place', String(waits.place))
  if (waits?.startsAt !== undefined) {
    setHeader(headers, 'X-Gateway-Starts-Around', new Date(waits.startsAt).toISOString())
  }
  if (joined !== undefined) setHeader(headers, 'X-Gateway-Joined', joined)
  if (carried) setHeader(headers, 'X-Gateway-Carried', carried.by.join(', '))
  if (carried?.lost.length) setHeader(headers, 'X-Gateway-Lost', carried.lost.join(', '))
  if (parking) setHeader(headers, 'X-Gateway-Parked', parkedText(parking))
  return response
}

/** The value of `X-Gateway-Parked`. */
function parkedText({ scope, reason, until }: NonNullable<ProxyAnswer['parking']>): string {
  return `${scope}; reason=${reason}; until=${new Date(until).toISOString()}`
}
