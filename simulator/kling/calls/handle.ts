/** A request to Kling: which region or console is meant, who calls, the record of the call, and its fault if there is one. */
import { Refusal } from '../../answers/refusal.ts'
import { withFault } from '../../faults/effects.ts'
import { takeFault } from '../../faults/faults.ts'
import { pause } from '../../state/clock.ts'
import { recordRequest } from '../../state/requests.ts'
import type { State } from '../../state/state.ts'
import type { KlingAccount, Recorded } from '../../state/types.ts'
import { authenticate, type Region } from '../accounts/authenticate.ts'
import { openConsole } from '../accounts/console.ts'
import { toWire } from '../answers/big-integers.ts'
import { refused } from '../answers/errors.ts'
import { type KlingMatch, matchRow } from '../catalogue/catalogue.ts'
import { matchUnlisted } from '../creations/unlisted.ts'
import { serve } from './serve.ts'

type Host = { name: string; region: Region | null }

/** The console has no region. `api.klingai.com` is the old name of the Singapore host. */
const HOSTS: Record<string, Host> = {
  'api-singapore.klingai.com': { name: 'kling', region: 'singapore' },
  'api.klingai.com': { name: 'kling-old', region: 'singapore' },
  'api-beijing.klingai.com': { name: 'kling-beijing', region: 'beijing' },
  'klingai.com': { name: 'kling-web', region: null },
  'id.klingai.com': { name: 'kling-web', region: null },
  'kling.ai': { name: 'kling-web', region: null },
}

type Called = { host: Host; path: string; url: URL; request: Request; text: string }
type Caller = { account: KlingAccount } | { refusal: Refusal } | undefined

/** undefined: the path does not begin with a host of Kling. */
export async function handleKling(
  state: State,
  request: Request,
  url: URL
): Promise<Response | undefined> {
  const [, prefix = ''] = url.pathname.split('/')
  const host = HOSTS[prefix]
  if (!host) return undefined
  if (state.settings.latencyMs > 0) await pause(state.settings.latencyMs)
  const path = url.pathname.slice(prefix.length + 1) || '/'
  const text = ['GET', 'HEAD'].includes(request.method) ? '' : await request.text()
  const called = { host, path, url, request, text }
  const match = host.region ? matchApi(request.method, path) : undefined
  const caller =
    match && host.region ? await identify(state, called, match, host.region) : undefined
  const email = caller && 'account' in caller ? caller.account.email : null
  const recorded = recordRequest(state, request, { host: host.name, path, account: email, text })
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
    answer(state, called, match, caller, recorded)
  )
  recorded.status ??= response.status
  return response
}

function matchApi(method: string, path: string): KlingMatch | undefined {
  const match = matchRow(method, path) ?? matchUnlisted(method, path)
  return match?.row.keys === 'none' ? undefined : match
}

async function identify(
  state: State,
  called: Called,
  match: KlingMatch,
  region: Region
): Promise<Caller> {
  try {
    return { account: await authenticate(state, called.request, match.row, region) }
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error }
    throw error
  }
}

async function answer(
  state: State,
  called: Called,
  match: KlingMatch | undefined,
  caller: Caller,
  recorded: Recorded
): Promise<Response> {
  const response = await respond(state, called, match, caller, recorded).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    return Response.json(error.body, { status: error.status })
  })
  recorded.status = response.status
  response.headers.set('x-request-id', `sim-${recorded.n}`)
  return response
}

async function respond(
  state: State,
  called: Called,
  match: KlingMatch | undefined,
  caller: Caller,
  recorded: Recorded
): Promise<Response> {
  const { url, text } = called
  if (!called.host.region) {
    const opened = await openConsole(state, called)
    recorded.account = opened.account
    return opened.response
  }
  if (!match || !caller) throw refused(isKnownPath(called.path) ? 1202 : 1203)
  if ('refusal' in caller) throw caller.refusal
  const body = await serve({ state, url, match, text }, caller.account)
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return new Response(toWire(body), { status: match.row.successStatus, headers })
}

/** Whether the path exists, for whatever method. */
function isKnownPath(path: string): boolean {
  return ['GET', 'POST'].some((method) => matchApi(method, path) !== undefined)
}
