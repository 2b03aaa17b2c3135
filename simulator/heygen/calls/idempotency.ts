/**
 * Idempotency-Key on v3. Documented: for a day the same key on the same path gets the first answer again, even with
 * another body; while the first call runs it gets 409. Not documented: whether the key is checked before the body, and
 * whether refusals are kept. The setting `keyMode` chooses.
 */
import { Refusal } from '../../answers/refusal.ts'
import type { Call } from '../answers/call.ts'
import { invalid, refuse } from '../answers/errors.ts'

const KEPT_MS = 86_400_000

/** Rows that take a key, by the flags of HeyGen's CLI or by its documentation. */
const TAKE_KEYS = new Set([
  'POST /v3/ai-clipping',
  'POST /v3/assets/complete/batches',
  'POST /v3/assets/direct-uploads/batches',
  'POST /v3/avatars',
  'POST /v3/avatars/looks',
  'POST /v3/avatars/{group_id}/consent',
  'POST /v3/filler-word-removals',
  'POST /v3/folders',
  'POST /v3/hyperframes/renders',
  'POST /v3/lipsyncs',
  'POST /v3/lipsyncs/batches',
  'POST /v3/models/audio/voices',
  'POST /v3/models/images',
  'POST /v3/models/videos',
  'POST /v3/templates',
  'POST /v3/templates/{template_id}',
  'POST /v3/video-translations',
  'POST /v3/video-translations/batches',
  'POST /v3/video-translations/proofreads',
  'POST /v3/video-translations/proofreads/{proofread_id}/generate',
  'POST /v3/videos',
  'POST /v3/videos/batches',
  'POST /v3/webhooks/endpoints',
  'POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret',
])

/** `check` refuses a call that is not valid. `run` checks in the same way and then makes the call. */
export async function withIdempotencyKey(
  call: Call,
  check: () => void,
  run: () => Promise<Response>
): Promise<Response> {
  const given = call.request.headers.get('idempotency-key')
  const { state, account } = call
  const mode = state.settings.keyMode
  if (given === null || !TAKE_KEYS.has(call.name) || mode === 'ignores') return run()
  if (!/^[A-Za-z0-9_:.-]{1,255}$/.test(given))
    throw invalid('v3', 'Idempotency-Key is invalid.', 'Idempotency-Key')
  if (mode === 'validates-first') check()
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
  const keep = (status: number, body: string) =>
    state.replays.put({ key, status, body, expiresAt: state.now() + KEPT_MS })
  state.runningReplays.add(key)
  try {
    const response = await run()
    const isJson = response.headers.get('content-type')?.includes('json')
    if (response.ok && isJson) keep(response.status, await response.clone().text())
    return response
  } catch (error) {
    const isKept = mode === 'stores-refusals' && error instanceof Refusal && error.status < 500
    if (isKept) keep(error.status, JSON.stringify(error.body))
    throw error
  } finally {
    state.runningReplays.delete(key)
  }
}
