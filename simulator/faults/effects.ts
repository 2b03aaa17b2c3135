/** What a fault does to a call. */
import { envelopeOfPath, errorBody } from '../heygen/answers/errors.ts'
import { answerOfStatus, errorAnswer } from '../kling/answers/errors.ts'
import { pause } from '../state/clock.ts'
import type { Fault, FaultEffect } from '../state/types.ts'

const HANG_MS = 600_000

type Called = { path: string; isKling?: boolean }

export async function withFault(
  fault: Fault | undefined,
  called: Called,
  run: () => Promise<Response>
): Promise<Response> {
  const effect = fault?.effect
  if (!effect) return run()
  if (effect.latencyMs) await pause(effect.latencyMs)
  if (effect.reset === 'before') return brokenResponse()
  if (effect.hang) {
    await pause(HANG_MS)
    return brokenResponse()
  }
  if (effect.redirect)
    return new Response(null, { status: 302, headers: { location: effect.redirect } })
  if (effect.status || effect.code) return cannedResponse(effect, called)
  return spoil(effect, await run())
}

/** The connection breaks after the headers, or before them. */
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

/** An answer in place of the provider's. Without a body it has the shape of the family's errors. */
function cannedResponse(effect: FaultEffect, { path, isKling }: Called): Response {
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

/** Spoils the answer of a call that has been handled. */
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
