/** Idempotency-Key on v3: the first good answer is given again for a day; 409 while the first call runs. */
import type { Call } from './call.ts'
import { invalid, refuse } from './errors.ts'

const KEPT_MS = 86_400_000

export async function replayed(call: Call, run: () => Promise<Response>): Promise<Response> {
  const given = call.request.headers.get('idempotency-key')
  if (given === null || call.row.family !== 'v3' || call.row.method === 'GET') return run()
  if (!/^[A-Za-z0-9_:.-]{1,255}$/.test(given))
    throw invalid('v3', 'Idempotency-Key is invalid.', 'Idempotency-Key')
  const { state, account } = call
  const key = `${account.email}|${call.name}|${JSON.stringify(call.params)}|${given}`
  const kept = state.replays.get(key)
  if (kept && kept.expiresAt > state.now()) {
    return new Response(kept.body, {
      status: kept.status,
      headers: { 'content-type': 'application/json' },
    })
  }
  if (state.runningReplays.has(key)) {
    const message = 'A request with this Idempotency-Key is still in progress.'
    throw refuse('v3', { status: 409, number: 409, code: 'request_in_progress', message })
  }
  state.runningReplays.add(key)
  try {
    const response = await run()
    const isJson = response.headers.get('content-type')?.includes('json')
    // That refusals are not kept is a [guess].
    if (response.ok && isJson) {
      const body = await response.clone().text()
      state.replays.put({ key, status: response.status, body, expiresAt: state.now() + KEPT_MS })
    }
    return response
  } finally {
    state.runningReplays.delete(key)
  }
}
