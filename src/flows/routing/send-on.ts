/** Sends a client's call on one account. Throws AppError when the provider cannot be reached or takes too long. */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { headersDown } from '#domain/text/headers.ts'
import { hasNoBody, withOwnAddresses, withoutSecrets } from '#flows/upstream/rewrite-addresses.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { sendNamed } from './client-names.ts'
import type { JudgedAnswer, Verdict } from '#providers/contract/provider.ts'
import { openAccountFor, renewSession, unseal, usesSession } from '#flows/accounts/open-account.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { upstreamKey } from './upstream-key.ts'

export async function sendOn(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  signal: AbortSignal | undefined,
  how: SendHow = {}
): Promise<Response> {
  const send = (on: Account) =>
    sendNamed(call, (form) => sendOnce(ports, { ...call, ...form }, on, signal, how))
  const answer = await send(account)
  const isOwn = call.bearer === undefined && usesSession(call.provider, account, call.path)
  if (answer.status !== 401 || !account.session || !isOwn || call.body instanceof ReadableStream)
    return answer
  const renewed = await renewSession(ports, account, account.session.expiresAt)
  if (renewed.session?.sealed === account.session.sealed) return answer
  await answer.body?.cancel()
  return send(renewed)
}

async function sendOnce(
  ports: Ports,
  call: ProxyCall,
  account: Account,
  signal: AbortSignal | undefined,
  { cleanLater, onBodySent }: SendHow
): Promise<Response> {
  const { provider, match, method, path, body } = call
  // A client's own call is sent as it is.
  const ours = call.madeOf && provider.accounts.queryOf?.(account, call)
  const search = ours ?? call.search
  const opened =
    call.bearer === undefined
      ? await openAccountFor(ports, provider, account, path)
      : await unseal(ports, account)
  const headers = new Headers(call.headers)
  const key = call.upstreamKey ?? (await upstreamKey(ports, call, account))
  if (key === undefined) headers.delete('idempotency-key')
  else headers.set('idempotency-key', key)
  if (call.bearer !== undefined) headers.set('authorization', `Bearer ${call.bearer}`)
  else {
    const at = { path, now: ports.now(), settings: ports.settings }
    await provider.accounts.authorize(headers, opened.credential, opened.session, at)
  }
  const origin = provider.routes.origin(match, ports.settings, opened.credential)
  const url = origin + path + search
  const answer = await reach(ports, account, url, {
    method,
    headers,
    ...(signal ? { signal } : {}),
    ...(body ? { body } : {}),
    ...streamedBody(ports, call, signal, onBodySent),
  })
  if (answer.status === 101) return answer
  const clean = (sent: Response) => {
    const secrets = [
      ...Object.values(opened.credential.secrets),
      ...Object.values(opened.session?.secrets ?? {}),
      ...SECRET_HEADERS.map((name) => headers.get(name)?.replace(/^Bearer /i, '') ?? ''),
    ]
    const origins = provider.routes.allOrigins?.(ports.settings, opened.credential) ?? [origin]
    const ours = call.origin + (call.prefix ?? '')
    return withOwnAddresses(withoutSecrets(sent, secrets), url, { origins, ours })
  }
  if (!cleanLater) return clean(answer)
  cleanLater(clean)
  return answer
}

/** The body and signal to send, if the body is a stream. `onBodySent` is called when it was read to its end. */
function streamedBody(
  ports: Ports,
  { body, bodyBytes, isFramed, bodySent }: ProxyCall,
  signal: AbortSignal | undefined,
  onBodySent: SendHow['onBodySent']
): Pick<RequestInit, 'body' | 'signal'> {
  if (!(body instanceof ReadableStream)) return {}
  if (isFramed) {
    bodySent?.then(onBodySent, () => {})
    return {}
  }
  // Without a length the provider could take a part of the body for the whole.
  if (bodyBytes === undefined) return signal ? wholeOrAborted(body, signal, onBodySent) : {}
  if (!onBodySent) return {}
  const { readable, writable } = ports.fixedLength(bodyBytes)
  body.pipeTo(writable).then(onBodySent, () => {})
  return { body: readable }
}

/**
 * The same body and signal, but when the client breaks the body off, the call is aborted first. By itself workerd may end such a
 * request as if it were whole, and the provider would take a part of a file for the file.
 */
function wholeOrAborted(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onBodySent: SendHow['onBodySent']
): Pick<RequestInit, 'body' | 'signal'> {
  const broken = new AbortController()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  body.pipeTo(writable, { preventAbort: true }).then(onBodySent, async () => {
    let isUnread = false
    const { closed } = writable.getWriter()
    closed.catch(() => (isUnread = true))
    await Promise.resolve()
    // A provider that answers early does not read the rest. Its answer is passed on.
    if (!isUnread) broken.abort()
  })
  return { body: readable, signal: AbortSignal.any([signal, broken.signal]) }
}

/** What a caller may want beside the answer. */
interface SendHow {
  /** A streamed body was sent to its end. */
  onBodySent?: () => void
  cleanLater?: CleanLater
}

/**
 * For a caller that reads the answer and may never pass on its headers: it gets the answer as the provider sent it, and what
 * removes credentials and the provider's addresses from its headers, which must be done before they go down.
 */
type CleanLater = (clean: (answer: Response) => Response) => void

/** Request headers that carry a credential. Their values are removed from the answer, should the provider repeat them. */
const SECRET_HEADERS = ['authorization', 'x-api-key']

async function reach(
  ports: Ports,
  account: Account,
  url: string,
  init: RequestInit
): Promise<Response> {
  try {
    return await ports.fetch(url, init)
  } catch (error) {
    const who = { accountEmail: account.email }
    if ((error as Error | null)?.name === 'TimeoutError') {
      throw new AppError('upstream_timeout', 'The provider did not answer in time.', who)
    }
    throw new AppError('upstream_unreachable', 'The provider could not be reached.', who)
  }
}

/** The provider's answer for the client: status, bytes and the headers that may go down; no cookies. */
export function passOn(answer: Response, body: BodyInit | null = answer.body): Response {
  const { status } = answer
  const passed = new Response(hasNoBody(status) ? null : body, { status })
  headersDown(answer.headers, passed.headers)
  return passed
}

/** What an answer means for the account. A refused streaming token (`call.bearer`) is the browser's fault, so it parks nothing. */
export function judgeFor(call: ProxyCall, answer: JudgedAnswer): Verdict {
  const verdict = call.provider.answers.judge(answer)
  const isOfKey = verdict.kind === 'doubt' && verdict.doubt === 'key'
  return isOfKey && call.bearer !== undefined ? { kind: 'caller' } : verdict
}
