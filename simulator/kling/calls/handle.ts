/** Kling's front door: which region or console was meant, who asks, what goes wrong on purpose, and a record of it. */
import { takeFault, withFault } from '../../faults/faults.ts'
import { Refusal } from '../../heygen/answers/errors.ts'
import type { State } from '../../state/state.ts'
import type { Recorded } from '../../state/types.ts'
import type { KlingAccount } from '../accounts/accounts.ts'
import { authenticate, type Region } from '../accounts/authenticate.ts'
import { type Match, matchRow } from '../catalogue/catalogue.ts'
import { openConsole } from '../accounts/console.ts'
import { refused } from '../answers/errors.ts'
import { matchUnlisted } from '../creations/unlisted.ts'
import { toWire } from '../answers/big-integers.ts'
import { serve } from './serve.ts'

const KEPT_CHARACTERS = 64 * 1024

type Host = { name: string; region: Region | null }

/** Without a region it is the console. `api.klingai.com` is the old name of the Singapore host. */
const HOSTS: Record<string, Host> = {
  'api-singapore.klingai.com': { name: 'kling', region: 'singapore' },
  'api.klingai.com': { name: 'kling-old', region: 'singapore' },
  'api-beijing.klingai.com': { name: 'kling-beijing', region: 'beijing' },
  'klingai.com': { name: 'kling-web', region: null },
  'id.klingai.com': { name: 'kling-web', region: null },
  'kling.ai': { name: 'kling-web', region: null },
}

type Asked = { host: Host; path: string; url: URL; request: Request; text: string }
type Who = { account: KlingAccount } | { refusal: Refusal } | undefined

/** undefined: the path has none of Kling's prefixes. */
export async function handleKling(
  state: State,
  request: Request,
  url: URL
): Promise<Response | undefined> {
  const [, prefix = ''] = url.pathname.split('/')
  const host = HOSTS[prefix]
  if (!host) return undefined
  if (state.settings.latencyMs > 0) await scheduler.wait(state.settings.latencyMs)
  const path = url.pathname.slice(prefix.length + 1) || '/'
  const text = ['GET', 'HEAD'].includes(request.method) ? '' : await request.text()
  const asked = { host, path, url, request, text }
  const match = host.region ? matchApi(request.method, path) : undefined
  const who = match && host.region ? await identify(state, asked, match, host.region) : undefined
  const email = who && 'account' in who ? who.account.email : null
  const recorded = record(state, asked, email)
  const fault = takeFault(state, {
    method: request.method,
    path,
    template: match?.row.path ?? '',
    kind: match?.row.kind ?? '',
    account: email,
    host: host.name,
  })
  if (fault) recorded.fault = fault.key
  const response = await withFault(fault, { path, isKling: true }, () =>
    answer(state, asked, match, who, recorded)
  )
  recorded.status ??= response.status
  return response
}

function matchApi(method: string, path: string): Match | undefined {
  const match = matchRow(method, path) ?? matchUnlisted(method, path)
  return match?.row.keys === 'none' ? undefined : match
}

async function identify(state: State, asked: Asked, match: Match, region: Region): Promise<Who> {
  try {
    return { account: await authenticate(state, asked.request, match.row, region) }
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error }
    throw error
  }
}

function record(
  state: State,
  { host, path, url, request, text }: Asked,
  account: string | null
): Recorded {
  return state.record({
    at: state.now(),
    method: request.method,
    host: host.name,
    path,
    query: url.search,
    headers: Object.fromEntries(request.headers),
    account,
    status: null,
    bodyBytes: new TextEncoder().encode(text).length,
    ...(text ? { body: text.slice(0, KEPT_CHARACTERS) } : {}),
  })
}

async function answer(
  state: State,
  asked: Asked,
  match: Match | undefined,
  who: Who,
  recorded: Recorded
): Promise<Response> {
  const response = await respond(state, asked, match, who, recorded).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    return Response.json(error.body, { status: error.status })
  })
  recorded.status = response.status
  response.headers.set('x-request-id', `sim-${recorded.n}`)
  return response
}

async function respond(
  state: State,
  asked: Asked,
  match: Match | undefined,
  who: Who,
  recorded: Recorded
): Promise<Response> {
  const { url, text } = asked
  if (!asked.host.region) {
    const opened = await openConsole(state, asked)
    recorded.account = opened.account
    return opened.response
  }
  if (!match || !who) throw refused(knows(asked.path) ? 1202 : 1203)
  if ('refusal' in who) throw who.refusal
  const body = await serve({ state, url, match, text }, who.account)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return new Response(toWire(body), { status: match.row.successStatus, headers })
}

/** A path that another method has. */
function knows(path: string): boolean {
  return ['GET', 'POST'].some((method) => matchApi(method, path) !== undefined)
}
