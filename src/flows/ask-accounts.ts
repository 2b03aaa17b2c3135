/** Asks several accounts the same thing, a few at a time, and reads their whole answers. */
import { parseJson } from '#domain/json-text.ts'
import type { Account } from '#domain/account.ts'
import { headersUp } from '#domain/headers.ts'
import { findParking, type ParkOrder } from '#domain/parking.ts'
import type { Ports } from '#domain/ports.ts'
import type { IdSearch, Provider } from '#providers/provider.ts'
import { parkAccount } from './park-account.ts'
import type { ProxyCall } from './proxy-call.ts'
import { sendOn } from './send-on.ts'
import { readBytes } from './upstream.ts'

/** Six connections are what one invocation may hold. */
const AT_ONCE = 6
const PLAIN = { isJob: false }
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const WITHIN_MS = 30_000

export interface Asked {
  account: Account
  /** Undefined: it could not be reached, took too long, or answered more than can be looked at. */
  answer?: { response: Response; text: string; json: unknown }
  /** It refused the call in a way that parks it. */
  order?: ParkOrder
}

/** `callOf` says what each account is asked. */
export async function askAccounts(
  ports: Ports,
  accounts: readonly Account[],
  callOf: (account: Account) => ProxyCall
): Promise<Asked[]> {
  const asked: Asked[] = []
  for (let at = 0; at < accounts.length; at += AT_ONCE) {
    const some = accounts.slice(at, at + AT_ONCE)
    asked.push(...(await Promise.all(some.map((account) => ask(ports, account, callOf(account))))))
  }
  await parkOne(ports, asked)
  return asked
}

/** Of the accounts that refuse, the first is parked: one request parks at most one. */
async function parkOne(ports: Ports, asked: readonly Asked[]): Promise<void> {
  for (const { account, order } of asked) {
    if (order) return void (await parkAccount(ports, account, order).catch(() => {}))
  }
}

/** What it made of the call; `order`: its refusal parks it. */
function judged(
  ports: Ports,
  call: ProxyCall,
  response: Response,
  json: unknown
): ParkOrder | undefined {
  const { status, headers } = response
  const verdict = call.provider.judge({
    status,
    headers,
    body: json,
    isJobCall: false,
    now: ports.now(),
  })
  return verdict.kind === 'park' ? verdict.order : undefined
}

/** A parked account is not asked: it counts as one that cannot answer. */
async function ask(ports: Ports, account: Account, call: ProxyCall): Promise<Asked> {
  const now = ports.now()
  if (findParking(ports.hints.parkings(account.key, now), PLAIN, now)) return { account }
  const timeout = AbortSignal.timeout(WITHIN_MS)
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout
  try {
    const response = await sendOn(ports, call, account, signal)
    const bytes = await readBytes(response.body, ANSWER_BYTES_MAX)
    if (!bytes) return { account }
    const text = new TextDecoder().decode(bytes)
    const json = parseJson(text)
    // An answer that cannot be read is none: the account counts as missing.
    if (response.ok && json === undefined) return { account }
    const order = judged(ports, call, response, json)
    return { account, answer: { response, text, json }, ...(order ? { order } : {}) }
  } catch {
    return { account }
  }
}

/** A read of our own on behalf of a call. */
export function readCall(provider: Provider, call: ProxyCall, { path, body }: IdSearch): ProxyCall {
  const method = body === undefined ? 'GET' : 'POST'
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const [pathname, search] = path.split('?') as [string, string | undefined]
  return {
    origin: call.origin,
    requestId: call.requestId,
    tenant: call.tenant,
    provider,
    match: provider.match(method, pathname),
    method,
    path: pathname,
    search: search === undefined ? '' : `?${search}`,
    headers: headersUp(headers),
    body: body === undefined ? null : new Uint8Array(new TextEncoder().encode(body)),
    ...(call.signal ? { signal: call.signal } : {}),
  }
}
