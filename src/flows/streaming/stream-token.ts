/**
 * Gives browsers a sealed stream token instead of the provider's, and opens it again. Opening needs no lookup. The caller must
 * check that the gateway token with which it was made is still valid.
 */
import { parseJson } from '#domain/text/json-text.ts'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import {
  parseStreamToken,
  replaceString,
  toSealed,
  toStreamToken,
  type StreamToken,
} from '#domain/streaming/stream-token.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { chooseAccounts } from '#flows/routing/choose-accounts.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { unavailable } from '#flows/accounts/unavailable.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

/** Makes a stream token. The token names one account, so an account is chosen that has a free slot for a session now. */
export async function giveStreamToken(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  const account = await accountWithRoom(ports, call)
  const answer = await sendPlain(ports, { ...call, email: account.email }, undefined)
  if (!answer.response.ok) return answer
  return { ...answer, response: await withOwnToken(ports, call, account, answer.response) }
}

async function accountWithRoom(ports: Ports, call: ProxyCall): Promise<Account> {
  const { accounts } = await chooseAccounts(ports, call, undefined)
  const wish = { isJob: true }
  const choice = pickAccounts(accounts, wish, ports.hints, ports.now(), ports.random)
  for (const account of choice.candidates) if (await hasRoom(ports, call, account)) return account
  const any = choice.candidates[0] ?? accounts[0]
  const [first] = choice.parked.toSorted((a, b) => a.parking.until - b.parking.until)
  if (choice.candidates.length === 0 && first)
    throw unavailable(first.account, first.parking, ports.now())
  if (!any) throw new AppError('no_accounts', 'No account has been added yet.')
  return any
}

/** Whether the account has a free slot. False also when its object cannot be asked; then it is only tried last. */
async function hasRoom(ports: Ports, call: ProxyCall, account: Account): Promise<boolean> {
  const view = await ports
    .slots(account.key)
    .view(call.tenant)
    .catch(() => undefined)
  if (!view) return false
  const isFull = view.held >= view.maxJobs
  if (isFull) ports.hints.markFull(account.key, ports.now())
  return !isFull && view.parkings.every(({ scope }) => scope !== 'all' && scope !== 'jobs')
}

async function withOwnToken(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  response: Response
): Promise<Response> {
  const bytes = await readBytes(response.body, ANSWER_BYTES_MAX).catch(() => undefined)
  const text = new TextDecoder().decode(bytes)
  const body = parseJson(text)
  // An answer that is not JSON may contain the provider's token, so it is not passed on.
  if (body === undefined) {
    throw new AppError('upstream_unreachable', 'The answer of the provider could not be read.')
  }
  const upstream = textAt(body, call.provider.streaming?.token.at ?? '')
  const own =
    upstream === undefined
      ? text
      : replaceString(text, upstream, await seal(ports, call, account, upstream))
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  headers.delete('etag')
  headers.delete('cache-control')
  headers.delete('vary')
  return new Response(own, { status: response.status, headers })
}

async function seal(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  upstream: string
): Promise<string> {
  const record: StreamToken = {
    provider: call.provider.name,
    tenant: call.tenant,
    email: account.email,
    ...(call.tokenHash === undefined ? {} : { tokenHash: call.tokenHash }),
    token: upstream,
    endsAt: ports.now() + ports.durations.streamTokenMs,
  }
  return toStreamToken(await ports.vault.seal(identityOf(call.provider), JSON.stringify(record)))
}

function identityOf(provider: Provider): string {
  return `stream-token/${provider.name}`
}

/** Undefined: the token is not one of the gateway's, was changed, has expired, or belongs to another provider. */
export async function openStreamToken(
  ports: Ports,
  provider: Provider,
  text: string
): Promise<StreamToken | undefined> {
  const sealed = toSealed(text)
  if (sealed === undefined) return undefined
  try {
    const stream = parseStreamToken(await ports.vault.open(identityOf(provider), sealed))
    return stream.endsAt > ports.now() ? stream : undefined
  } catch (error) {
    logMissingKey(ports, 'browser token', error, sealed)
    return undefined
  }
}
