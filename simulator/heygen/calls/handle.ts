/** The front door: which host was meant, what was asked, what goes wrong on purpose, and a record of it all. */
import { control } from '../../control/calls.ts'
import { type FaultTarget, takeFault, withFault } from '../../faults/faults.ts'
import { serveFile } from '../../files/serve-file.ts'
import { type Match, matchRow } from '../catalogue/catalogue.ts'
import { type Envelope, envelopeOfPath, Refusal, refuse } from '../answers/errors.ts'
import { settleDue } from '../../jobs/jobs.ts'
import { login, LOGIN_PATH } from '../accounts/login.ts'
import { authenticate, serve, unauthorizedFor } from './serve.ts'
import { matchUnlisted } from '../creations/unlisted.ts'
import { handleKling } from '../../kling/calls/handle.ts'
import type { State } from '../../state/state.ts'
import type { Account, Recorded } from '../../state/types.ts'

const JSON_MAX_BYTES = 64 * 1024

type Asked = { host: string; path: string; url: URL; match: Match | undefined; isLogin: boolean }

export async function handleRequest(state: State, request: Request): Promise<Response> {
  const url = new URL(request.url)
  settleDue(state)
  if (url.pathname.startsWith('/__sim/')) return control(state, request, url)
  if (url.pathname.startsWith('/files/')) return answerFile(state, request, url)
  const answered = await handleKling(state, request, url)
  if (answered) return answered
  if (state.settings.latencyMs > 0) await scheduler.wait(state.settings.latencyMs)
  const asked = readAsked(state, request, url)
  const text = await readText(request, asked)
  const account = findAccount(state, request, asked)
  const recorded = record(state, request, asked, account, text)
  const target = toTarget(request, asked, account)
  const fault = takeFault(state, target)
  if (fault) recorded.fault = fault.key
  const response = await withFault(fault, { path: asked.path }, () =>
    answer(state, request, asked, account, text, recorded)
  )
  recorded.status ??= response.status
  return response
}

function answerFile(state: State, request: Request, url: URL): Promise<Response> {
  const path = url.pathname
  const target = {
    method: request.method,
    path,
    template: '',
    kind: '',
    account: null,
    host: 'files',
  }
  return withFault(takeFault(state, target), { path }, () => serveFile(state, request, url))
}

const HOSTS: [string, string][] = [
  ['/api.heygen.com', 'api'],
  ['/upload.heygen.com', 'upload'],
  ['/api2.heygen.com', 'web'],
]

function readAsked(state: State, request: Request, url: URL): Asked {
  const [prefix = '', host = 'root'] =
    HOSTS.find(([each]) => url.pathname.startsWith(`${each}/`)) ?? []
  const path = url.pathname.slice(prefix.length)
  const isLogin =
    path === LOGIN_PATH && request.method === 'POST' && (host === 'web' || host === 'root')
  const known = matchRow(request.method, path) ?? matchUnlisted(request.method, path)
  const match = isGone(state, host, path) ? undefined : known
  return { host, path, url, match: match && isServed(match, host) ? match : undefined, isLogin }
}

/** The web host keeps its paths, whatever their version. */
function isGone(state: State, host: string, path: string): boolean {
  return state.settings.sunset && host !== 'web' && /^\/v[12]\//.test(path)
}

function isServed(match: Match, host: string): boolean {
  if (host === 'root') return true
  const isUpload = match.row.host === 'upload.heygen.com'
  return host === 'upload' ? isUpload : host === 'api' && !isUpload
}

/** Bodies of JSON calls are read; uploads are left to stream. */
async function readText(request: Request, asked: Asked): Promise<string | undefined> {
  const isJson = asked.match?.row.requestContentType === 'application/json'
  return isJson ? request.text() : undefined
}

function findAccount(state: State, request: Request, asked: Asked): Account | undefined {
  return asked.match && authenticate(state, request, asked.url, asked.match.row)
}

function record(
  state: State,
  request: Request,
  asked: Asked,
  account: Account | undefined,
  text: string | undefined
): Recorded {
  const declared = Number(request.headers.get('content-length') ?? 0)
  return state.record({
    at: state.now(),
    method: request.method,
    host: asked.host,
    path: asked.path,
    query: asked.url.search,
    headers: Object.fromEntries(request.headers),
    account: account?.email ?? null,
    status: null,
    bodyBytes: text === undefined ? declared : new TextEncoder().encode(text).length,
    ...(text ? { body: text.slice(0, JSON_MAX_BYTES) } : {}),
  })
}

function toTarget(request: Request, asked: Asked, account: Account | undefined): FaultTarget {
  return {
    method: request.method,
    path: asked.path,
    template: asked.match?.row.path ?? '',
    kind: asked.match?.row.kind ?? '',
    account: account?.email ?? null,
    host: asked.host,
  }
}

async function answer(
  state: State,
  request: Request,
  asked: Asked,
  account: Account | undefined,
  text: string | undefined,
  recorded: Recorded
): Promise<Response> {
  let response: Response
  try {
    if (asked.isLogin) {
      const answered = await login(state, request)
      recorded.account = answered.account
      response = answered.response
    } else {
      if (!asked.match) throw unknownPath(asked)
      if (!account) throw unauthorizedFor(asked.match.row)
      response = await serve(
        { state, request, recorded, url: asked.url, match: asked.match, text },
        account
      )
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

function unknownPath({ path }: Asked): Refusal {
  const envelope: Envelope = envelopeOfPath(path)
  const facts = {
    status: 404,
    number: 101,
    code: 'not_found',
    message: 'not found',
  }
  return refuse(envelope, facts)
}
