/**
 * Opens the chat socket of a session on the session's account and joins both ends. Messages are not read. A refusal of the
 * provider is passed on unchanged.
 */
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { refuseEnded } from '#flows/legacy/serve-legacy.ts'
import { chooseAccounts } from '#flows/routing/choose-accounts.ts'
import { startDeadline } from '#flows/upstream/deadline.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { passOn, sendOn } from '#flows/routing/send-on.ts'

const OPENS_WITHIN_MS = 30_000

export async function openSocket(ports: Ports, call: ProxyCall): Promise<ProxyAnswer> {
  await refuseEnded(ports, call)
  const { accounts } = await chooseAccounts(ports, call, undefined)
  const [account] = accounts
  if (!account) throw new AppError('no_accounts', 'No account has been added yet.')
  const headers = new Headers(call.headers)
  headers.set('upgrade', 'websocket')
  // The limit is only for opening the socket. An open socket may last for hours.
  const deadline = startDeadline(ports, OPENS_WITHIN_MS)
  const sent = await sendOn(ports, { ...call, headers }, account, deadline.signal).finally(
    deadline.lift
  )
  return {
    response: sent.webSocket ? joined(sent, sent.webSocket) : passOn(sent),
    email: account.email,
  }
}

function joined(sent: Response, webSocket: WebSocket): Response {
  const headers = new Headers()
  const protocol = sent.headers.get('sec-websocket-protocol')
  if (protocol !== null) headers.set('sec-websocket-protocol', protocol)
  return new Response(null, { status: 101, webSocket, headers })
}
