/** Sends one call of useapi.net's surface as a call of the provider, and turns a refusal into useapi.net's form. */
import { parseJson } from '#domain/text/json-text.ts'
import type { Context } from 'hono'
import { emailToHeader } from '#domain/accounts/account.ts'
import { shareOf } from '#domain/access/token.ts'
import { AppError, NO_CONFIGURATION } from '#domain/runtime/errors.ts'
import { headerText, idsToHeader } from '#domain/text/headers.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { notForOperator } from '#http/request/authenticate.ts'
import { ownCallOf } from '#http/calls/drop-in.ts'
import { joiningOf } from '#http/calls/join-header.ts'
import { noteWaiting, preferencesOf, preferredWait, queueWish } from '#http/calls/prefer-wait.ts'
import { waitHeaders } from '#http/calls/wait-headers.ts'
import { ownError } from '#http/request/route.ts'

/** Error answers that every such call may give. */
export const useapiErrors = {
  404: ownError,
  412: ownError,
  422: ownError,
  424: ownError,
  502: ownError,
  503: ownError,
  596: ownError,
}

export interface Wanted {
  method: 'GET' | 'POST'
  path: string
  email: string | undefined
  body?: unknown
  limit?: number | undefined
  reply?: ProxyCall['reply'] | undefined
}

export interface Sent {
  json: unknown
  email?: string
  jobIds?: string[]
  providerJobIds?: string[]
  joined?: string
  waits?: NonNullable<ProxyAnswer['waits']>
  /** The creation was queued by this call, as its client asked: 202. */
  isQueued?: true
}

export function accountHeader(email: string | undefined): Record<string, string> {
  return email === undefined ? {} : { 'X-Gateway-Account': headerText(emailToHeader(email)) }
}

/** The headers of an answer about jobs. */
export function sentHeaders(sent: Sent): Record<string, string> {
  const { email, jobIds, providerJobIds, joined, waits } = sent
  const jobs = idsToHeader(jobIds ?? [])
  const real = idsToHeader(providerJobIds ?? [])
  return {
    ...accountHeader(email),
    ...(jobs === undefined ? {} : { 'X-Gateway-Job': jobs }),
    ...(real === undefined ? {} : { 'X-Gateway-Provider-Job': real }),
    ...(joined === undefined ? {} : { 'X-Gateway-Joined': headerText(joined) }),
    ...waitHeaders(waits),
  }
}

export async function sendUseapi(
  c: Context<AppEnv>,
  provider: Provider,
  wanted: Wanted
): Promise<Sent> {
  if (c.get('caller').isOperator && c.req.method === 'POST') throw notForOperator()
  const waitSeconds = preferredWait(c.req.header('prefer'))
  const share = shareOf(c.get('caller'))
  const url = new URL(wanted.path, 'http://path')
  const call: ProxyCall = {
    requestId: c.get('requestId'),
    origin: new URL(c.req.url).origin,
    tenant: c.get('caller').tenant,
    provider,
    match: provider.routes.match(wanted.method, url.pathname),
    method: wanted.method,
    path: url.pathname,
    search: url.search,
    headers: headersOf(c),
    body: wanted.body === undefined ? null : toBytes(wanted.body),
    signal: c.req.raw.signal,
    ...joiningOf(c),
    // No kinds: that of the client's own call was checked, and this one may be a part of it.
    ...(share === undefined ? {} : { share }),
    ...(c.get('caller').hash === undefined ? {} : { tokenHash: c.get('caller').hash }),
    mayChange: c.get('caller').scope === 'full',
    ...ownCallOf(c.get('caller'), wanted.email),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...queueWish(c),
    ...(wanted.email === undefined ? {} : { email: wanted.email }),
    ...(wanted.limit === undefined ? {} : { limit: wanted.limit }),
    ...(wanted.reply === undefined ? {} : { reply: wanted.reply }),
  }
  noteWaiting(c, call)
  const answer = await dispatchRequest(c.get('ports'), call).catch(asUseapi)
  const applied = preferencesOf(call, answer)
  const sent = await readAnswer(provider, answer)
  if (applied !== undefined) c.header('Preference-Applied', applied)
  const [name] = sent.jobIds ?? []
  if (sent.isQueued && name !== undefined) c.header('Location', `/v1/${provider.name}/jobs/${name}`)
  return sent
}

function headersOf(c: Context<AppEnv>): Headers {
  const headers = new Headers({ accept: 'application/json', 'content-type': 'application/json' })
  const key = c.req.header('idempotency-key')
  if (key !== undefined) headers.set('idempotency-key', key)
  return headers
}

/** Throws the error again. If the tenant has no accounts, the error has useapi.net's own sentence. */
function asUseapi(error: unknown): never {
  if (error instanceof AppError && error.code === 'no_accounts') {
    throw new AppError('no_accounts', NO_CONFIGURATION, { plainText: true })
  }
  throw error
}

function toBytes(body: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(body)))
}

async function readAnswer(
  provider: Provider,
  { response, email, jobIds, providerJobIds, joined, waits, isQueued }: ProxyAnswer
): Promise<Sent> {
  const json = parseJson(await response.text().catch(() => ''))
  if (response.ok && json !== undefined) {
    return {
      json,
      ...(email === undefined ? {} : { email }),
      ...(jobIds ? { jobIds } : {}),
      ...(providerJobIds ? { providerJobIds } : {}),
      ...(joined === undefined ? {} : { joined }),
      ...(waits === undefined ? {} : { waits }),
      ...(isQueued && response.status === 202 ? { isQueued } : {}),
    }
  }
  const isModerated = codeIn(json) === 'content_policy_violation'
  const status = provider.useapi?.tasks?.statusOf(json) ?? (isModerated ? 422 : response.status)
  throw refusalOf(status, messageIn(json), email)
}

/** A provider's refusal in useapi.net's form (reference/useapi.md 3.2). */
function refusalOf(status: number, message: string, email: string | undefined): AppError {
  const details = email === undefined ? {} : { accountEmail: email }
  if (status === 402 || status === 412)
    return new AppError('account_unavailable', message, { ...details, useapiStatus: 412 })
  if (status === 596)
    return new AppError('account_unavailable', message, { ...details, useapiStatus: 596 })
  if (status === 422) return new AppError('bad_request', message, { ...details, useapiStatus: 422 })
  if (status === 404) return new AppError('not_found', message, details)
  if (status === 429)
    return new AppError('slots_full', message, { ...details, retryAfterSeconds: 10 })
  if (status >= 400 && status < 500) return new AppError('bad_request', message, details)
  return new AppError('upstream_unreachable', message, details)
}

function codeIn(json: unknown): unknown {
  return (json as { error?: { code?: unknown } } | undefined)?.error?.code
}

function messageIn(json: unknown): string {
  const body = json as { error?: { message?: unknown }; message?: unknown } | undefined
  const message = body?.error?.message ?? body?.message
  return typeof message === 'string' ? message : 'The provider refused the call.'
}
