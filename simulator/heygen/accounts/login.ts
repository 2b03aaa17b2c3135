/**
 * Log-in with a password. There is no reliable public description: the request is known from old third-party code, and
 * the members of the answer are a [guess] from the fields that clients of useapi.net saw.
 */
import { Refusal } from '../../answers/refusal.ts'
import { openWebSession } from '../../state/accounts.ts'
import { stableHex } from '../../state/ids.ts'
import type { State } from '../../state/state.ts'
import { findByEmail } from './accounts.ts'

const EDGE_PAGE =
  '<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1010</h1></body></html>'

export const LOGIN_PATH = '/v1/pacific/login'

type LoginAnswer = { response: Response; account: string | null }

export async function login(state: State, request: Request): Promise<LoginAnswer> {
  const body = (await request.json().catch(() => undefined)) as Record<string, unknown> | undefined
  if (
    !body ||
    body.login_type !== 'email' ||
    typeof body.account !== 'string' ||
    typeof body.password !== 'string'
  ) {
    throw new Refusal(400, { code: 400, message: 'Invlid parameters' })
  }
  const account = findByEmail(state, body.account)
  if (account?.edgeBlock) {
    const headers = { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' }
    return { response: new Response(EDGE_PAGE, { status: 403, headers }), account: account.email }
  }
  if (!account || account.password !== body.password) {
    throw new Refusal(401, { code: 40009, message: 'Invalid credentials' })
  }
  const space = stableHex(`space ${account.email}`)
  const flags = { space_id: space, need_mfa: account.mfa, ack_agreement: true, internal: false }
  if (account.mfa) {
    const data = { session_token: null, access_token: null, ...flags }
    return { response: Response.json(toEnvelope(data)), account: account.email }
  }
  const { token, expiresAt } = openWebSession(state, account)
  const session = stableHex(token)
  const expires = new Date(expiresAt).toUTCString()
  const cookie = `heygen_session=${session}; Path=/; HttpOnly; Secure; Expires=${expires}`
  const data = { session_token: session, access_token: token, ...flags }
  const response = Response.json(toEnvelope(data), { headers: { 'set-cookie': cookie } })
  return { response, account: account.email }
}

function toEnvelope(data: unknown): unknown {
  return { code: 100, data, msg: null, message: 'success' }
}
