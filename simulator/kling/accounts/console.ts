/**
 * Kling's console: a log-in with a password, and the device binding of Kling's own client. Path, members and codes of
 * the log-in are a [guess], and its session opens no call of the API.
 */
import { openWebSession } from '../../state/accounts.ts'
import { newHex } from '../../state/random.ts'
import type { State } from '../../state/state.ts'
import type { KlingAccount } from '../../state/types.ts'
import { toBase64Url } from '../../text/bytes.ts'
import type { Doc } from '../../text/json.ts'
import { asDoc } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { findByEmail, getKling, userNumber } from './accounts.ts'

type Opened = { response: Response; account: string | null }
type Visit = { path: string; request: Request; url: URL; text: string }

const LOGIN_PATH = '/pass/ksi18n/web/login/emailPassword'
const INIT_PATH = '/console/api/auth/skill/init-sessions'
const EXCHANGE_PATH = '/console/api/auth/skill/exchange'
const CONFIRM_PATH = '/dev/skill/authorize'
const BIND_SECONDS = 180

export async function openConsole(state: State, visit: Visit): Promise<Opened> {
  const { path, request, url } = visit
  const called = `${request.method} ${path}`
  if (called === `POST ${LOGIN_PATH}`) return login(state, readFields(visit))
  if (called === `POST ${INIT_PATH}`) return init(state, readFields(visit))
  if (called === `POST ${EXCHANGE_PATH}`) return exchange(state, readFields(visit))
  if (called === `GET ${CONFIRM_PATH}`) return confirm(state, url)
  throw refused(1203)
}

/** JSON or a form. */
function readFields({ text, request }: Visit): Doc {
  const type = request.headers.get('content-type') ?? ''
  if (type.includes('form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return asDoc(JSON.parse(text))
  } catch {
    throw refused(1200)
  }
}

/** [guess] `edgeBlock` asks for a captcha, which real log-ins show at times; `mfa` asks for a code. */
function login(state: State, fields: Doc): Opened {
  const account = findByEmail(state, String(fields.email))
  const email = account?.email ?? null
  const answer = (body: Doc): Opened => ({ response: Response.json(body), account: email })
  if (!account || account.password !== fields.password)
    return answer({
      result: 100110024,
      error_msg: 'Account does not exist or password is incorrect',
    })
  if (account.edgeBlock) return answer({ result: 400002, error_msg: 'captcha required' })
  if (account.mfa) return answer({ result: 100110031, error_msg: 'verification code required' })
  const { token, expiresAt } = openWebSession(state, account)
  const expires = new Date(expiresAt).toUTCString()
  const cookie = `ksi18n.ai.portal_st=${token}; Path=/; HttpOnly; Secure; Expires=${expires}`
  const body = { result: 1, userId: userNumber(account), 'ksi18n.ai.portal_st': token }
  return { response: Response.json(body, { headers: { 'set-cookie': cookie } }), account: email }
}

type Binding = { sessionId: string; deviceCode: string; challenge: string; endsAt: number }

function bindingKey(sessionId: string): string {
  return `kling-binding ${sessionId}`
}

function init(state: State, fields: Doc): Opened {
  if (typeof fields.codeChallenge !== 'string' || fields.codeChallengeMethod !== 'S256')
    throw refused(1201, 'codeChallenge is required')
  const [sessionId, deviceCode, code] = [newHex(8), newHex(16), newHex(4).toUpperCase()]
  const endsAt = state.now() + BIND_SECONDS * 1000
  putBinding(state, { sessionId, deviceCode, challenge: fields.codeChallenge, endsAt }, { code })
  const data = {
    sessionId,
    deviceCode,
    verificationUriComplete: `${CONFIRM_PATH}?code=${code}`,
    interval: 5,
    expiresIn: BIND_SECONDS,
  }
  return { response: toAnswer(data), account: null }
}

export function putBinding(state: State, binding: Binding, more: Doc = {}): void {
  const { sessionId } = binding
  state.putResource({
    key: bindingKey(sessionId),
    account: '',
    type: 'kling-binding',
    id: sessionId,
    form: '',
    seq: state.nextSeq(),
    createdAt: state.now(),
    doc: { ...binding, ...more },
  })
}

/** The page that a person confirms on. `&account=<email>` stands for the log-in and the click [guess]. */
function confirm(state: State, url: URL): Opened {
  const code = url.searchParams.get('code')
  const account = findByEmail(state, url.searchParams.get('account') ?? '')
  const binding = state.resources
    .values()
    .find(({ type, doc }) => type === 'kling-binding' && doc.code === code)
  if (!binding || !account) throw refused(1203)
  binding.doc.email = account.email
  state.putResource(binding)
  return { response: new Response('Confirmed'), account: account.email }
}

async function exchange(state: State, fields: Doc): Promise<Opened> {
  const binding = state.resources.get(bindingKey(String(fields.sessionId)))
  const doc = binding?.doc as (Binding & { email?: string; used?: boolean }) | undefined
  if (!binding || !doc || doc.deviceCode !== fields.deviceCode)
    return { response: toAnswer({ status: 'INVALID' }), account: null }
  const left = Math.ceil((doc.endsAt - state.now()) / 1000)
  if (doc.used) return { response: toAnswer({ status: 'ALREADY_EXCHANGED' }), account: null }
  if (left <= 0) return { response: toAnswer({ status: 'EXPIRED' }), account: null }
  const account = doc.email ? getKling(state, doc.email) : undefined
  if (!account) {
    const data = { status: 'PENDING', pollAfterSeconds: 5, expiresIn: left }
    return { response: toAnswer(data), account: null }
  }
  if (doc.challenge !== '' && (await challengeOf(fields.codeVerifier)) !== doc.challenge)
    throw refused(1201, 'codeVerifier is wrong')
  binding.doc.used = true
  state.putResource(binding)
  const credential = toCredential(account)
  return { response: toAnswer({ status: 'ISSUED', credential }), account: account.email }
}

function toCredential(account: KlingAccount): Doc {
  const pair = account.kling.accessKeys[0]
  return { ...pair, credentialId: newHex(8), accountId: userNumber(account) }
}

async function challengeOf(verifier: unknown): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(String(verifier)))
  return toBase64Url(new Uint8Array(hash))
}

function toAnswer(data: Doc): Response {
  return Response.json({ code: 0, message: 'SUCCEED', data })
}
