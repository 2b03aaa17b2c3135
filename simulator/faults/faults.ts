/** Faults on demand: what goes wrong between us and a caller. */
import { envelopeOfPath, errorBody } from '../heygen/answers/errors.ts'
import { newHex } from '../state/ids.ts'
import { answerOfStatus, errorAnswer } from '../kling/answers/errors.ts'
import type { State } from '../state/state.ts'
import type { Fault, FaultEffect } from '../state/types.ts'

export type FaultTarget = {
  method: string
  path: string
  template: string
  kind: string
  account: string | null
  host: string
}

const EFFECTS = new Set<string>([
  'code',
  'latencyMs',
  'status',
  'body',
  'headers',
  'reset',
  'badJson',
  'truncate',
  'hang',
  'redirect',
] satisfies (keyof FaultEffect)[])

/** The first name that is no effect: a fault that does nothing would hide what it was to show. */
export function oddEffect(effect: object): string | undefined {
  return Object.keys(effect).find((name) => !EFFECTS.has(name))
}

export function addFault(state: State, given: Partial<Fault>): Fault {
  return state.faults.put({
    key: newHex(4),
    match: given.match ?? {},
    times: given.times ?? null,
    probability: given.probability ?? 1,
    hits: 0,
    effect: given.effect ?? {},
  })
}

export function takeFault(state: State, target: FaultTarget): Fault | undefined {
  const fault = state.faults
    .values()
    .find((each) => matches(each, target) && Math.random() < each.probability)
  if (!fault) return undefined
  fault.hits += 1
  if (fault.times !== null) {
    fault.times -= 1
    if (fault.times <= 0) {
      state.faults.delete(fault.key)
      return fault
    }
  }
  return state.faults.put(fault)
}

function matches({ match }: Fault, target: FaultTarget): boolean {
  // Links to files are left alone unless they are meant.
  if (target.host === 'files' && match.host !== 'files' && !match.path?.startsWith('/files'))
    return false
  if (match.method && match.method.toUpperCase() !== target.method) return false
  if (match.kind && match.kind !== target.kind) return false
  if (match.host && match.host !== target.host) return false
  if (match.account && match.account.toLowerCase() !== target.account) return false
  return !match.path || target.template === match.path || target.path.startsWith(match.path)
}

const HANG_MS = 600_000

export type Asked = { path: string; isKling?: boolean }

export async function withFault(
  fault: Fault | undefined,
  asked: Asked,
  run: () => Promise<Response>
): Promise<Response> {
  const effect = fault?.effect
  if (!effect) return run()
  if (effect.latencyMs) await scheduler.wait(effect.latencyMs)
  if (effect.reset === 'before') return brokenResponse()
  if (effect.hang) {
    await scheduler.wait(HANG_MS)
    return brokenResponse()
  }
  if (effect.redirect)
    return new Response(null, { status: 302, headers: { location: effect.redirect } })
  if (effect.status || effect.code) return cannedResponse(effect, asked)
  return spoil(effect, await run())
}

/** Headers go out, or not even those, and then the connection breaks. */
function brokenResponse(): Response {
  const broken = new ReadableStream({
    start: (controller) => controller.error(new Error('Simulated reset')),
  })
  return new Response(broken, { headers: { 'content-type': 'application/json' } })
}

const WORDS: Record<number, string> = {
  400: 'invalid_parameter',
  401: 'unauthorized',
  402: 'insufficient_credit',
  403: 'insufficient_api_key_scope',
  404: 'not_found',
  409: 'conflict',
  429: 'rate_limit_exceeded',
  502: 'voice_provider_error',
  503: 'service_unavailable',
  504: 'gateway_timeout',
}

/** An answer in place of the provider's; without a body of its own it has the shape of the family. */
function cannedResponse(effect: FaultEffect, { path, isKling }: Asked): Response {
  const status = effect.status ?? 500
  if (isKling) return cannedKling(effect, status)
  const code = WORDS[status] ?? 'internal_error'
  const facts = { status, number: status, code, message: 'Simulated fault' }
  const body = effect.body ?? errorBody(envelopeOfPath(path), facts)
  return toCanned(effect, status, body)
}

function cannedKling(effect: FaultEffect, status: number): Response {
  const known = effect.code ? errorAnswer(effect.code) : answerOfStatus(status)
  return toCanned(effect, effect.status ?? known.status, effect.body ?? known.body)
}

function toCanned(effect: FaultEffect, status: number, body: unknown): Response {
  const headers = { 'content-type': 'application/json', ...effect.headers }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Response([204, 304].includes(status) ? null : text, { status, headers })
}

/** Changes of the answer. The handler has run by now. */
async function spoil(effect: FaultEffect, response: Response): Promise<Response> {
  if (effect.reset === 'after') return brokenResponse()
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(effect.headers ?? {})) headers.set(name, value)
  const { status } = response
  if (effect.badJson) {
    headers.set('content-type', 'application/json')
    return new Response('{"data": {"broken', { status, headers })
  }
  if (effect.truncate) return truncated(response, headers)
  if (!effect.headers || response.webSocket) return response
  return new Response(response.body, { status, headers })
}

async function truncated(response: Response, headers: Headers): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer())
  const { readable, writable } = new FixedLengthStream(whole.length)
  const writer = writable.getWriter()
  const cut = async (): Promise<void> => {
    await writer.write(whole.slice(0, Math.floor(whole.length / 2)))
    await writer.abort(new Error('Simulated truncation'))
  }
  // The reader sees the break as its own error.
  cut().catch(() => undefined)
  return new Response(readable, { status: response.status, headers })
}
