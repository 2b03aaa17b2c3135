/** A request to HeyGen: which host and row are meant, who calls, the record of the call, and its fault if there is one. */
import { Refusal } from '../../answers/refusal.ts'
import { withFault } from '../../faults/effects.ts'
import { type FaultTarget, takeFault } from '../../faults/faults.ts'
import { pause } from '../../state/clock.ts'
import { recordRequest } from '../../state/requests.ts'
import type { State } from '../../state/state.ts'
import type { Account, Recorded } from '../../state/types.ts'
import { authenticate } from '../accounts/authenticate.ts'
import { login, LOGIN_PATH } from '../accounts/login.ts'
import { answerOauth, isOauthPath } from '../accounts/oauth.ts'
import { type Envelope, envelopeOfPath, refuse } from '../answers/errors.ts'
import { type HeygenMatch, matchRow } from '../catalogue/catalogue.ts'
import { matchUnlisted } from '../creations/unlisted.ts'
import { serve, unauthorizedFor } from './serve.ts'
import { goneAnswer, goneManner, sunsetOf } from '../accounts/sunset.ts'

type Called = {
  host: string
  path: string
  url: URL
  match: HeygenMatch | undefined
  /** What the web host answers itself. */
  web: 'login' | 'oauth' | undefined
}

export async function handleHeygen(state: State, request: Request, url: URL): Promise<Response> {
  if (state.settings.latencyMs > 0) await pause(state.settings.latencyMs)
  const called = readCall(request, url)
  const text = await readText(request, called)
  const account = findAccount(state, request, called)
  const { host, path } = called
  const email = account?.email ?? null
  const recorded = recordRequest(state, request, { host, path, account: email, text })
  const target = toTarget(request, called, account)
  const fault = takeFault(state, target)
  if (fault) recorded.fault = fault.key
  const response = await withFault(fault, { path }, () =>
    answer(state, request, called, account, text, recorded)
  )
  recorded.status ??= response.status
  return response
}

const HOSTS: [string, string][] = [
  ['/api.heygen.com', 'api'],
  ['/upload.heygen.com', 'upload'],
  ['/api2.heygen.com', 'web'],
]

function readCall(request: Request, url: URL): Called {
  const [prefix = '', host = 'root'] =
    HOSTS.find(([each]) => url.pathname.startsWith(`${each}/`)) ?? []
  const path = url.pathname.slice(prefix.length)
  const isWeb = request.method === 'POST' && (host === 'web' || host === 'root')
  const match = matchRow(request.method, path) ?? matchUnlisted(request.method, path)
  return {
    host,
    path,
    url,
    match: match && isServed(match, host) ? match : undefined,
    web: isWeb ? webPath(path) : undefined,
  }
}

function webPath(path: string): Called['web'] {
  if (path === LOGIN_PATH) return 'login'
  return isOauthPath(path) ? 'oauth' : undefined
}

function isServed(match: HeygenMatch, host: string): boolean {
  if (host === 'root') return true
  const isUpload = match.row.host === 'upload.heygen.com'
  return host === 'upload' ? isUpload : host === 'api' && !isUpload
}

/** undefined: not read, since uploads are streamed. */
async function readText(request: Request, called: Called): Promise<string | undefined> {
  const isJson = called.match?.row.requestContentType === 'application/json'
  return isJson ? request.text() : undefined
}

function findAccount(state: State, request: Request, called: Called): Account | undefined {
  return called.match && authenticate(state, request, called.url, called.match.row)
}

function toTarget(request: Request, called: Called, account: Account | undefined): FaultTarget {
  return {
    method: request.method,
    path: called.path,
    template: called.match?.row.path ?? '',
    kind: called.match?.row.kind ?? '',
    account: account?.email ?? null,
    host: called.host,
  }
}

async function answer(
  state: State,
  request: Request,
  called: Called,
  account: Account | undefined,
  text: string | undefined,
  recorded: Recorded
): Promise<Response> {
  let response: Response
  try {
    if (called.web === 'oauth') response = await answerOauth(state, request, called.path)
    else if (called.web === 'login') {
      const answered = await login(state, request)
      recorded.account = answered.account
      response = answered.response
    } else {
      const gone = goneManner(sunsetOf(state.settings, account), called)
      const { match, path, url } = called
      if (match && !account) throw unauthorizedFor(match.row)
      if (gone) response = goneAnswer(path, gone)
      else if (!match || !account) throw unknownPath(called)
      else response = await serve({ state, request, recorded, url, match, text }, account)
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    response = Response.json(error.body, { status: error.status, headers: error.headers })
  }
  recorded.status = response.status
  if (response.webSocket) return response
  response.headers.set('x-request-id', `sim-${recorded.n}`)
  return response
}

function unknownPath({ path }: Called): Refusal {
  const envelope: Envelope = envelopeOfPath(path)
  const facts = {
    status: 404,
    number: 101,
    code: 'not_found',
    message: 'not found',
  }
  return refuse(envelope, facts)
}
