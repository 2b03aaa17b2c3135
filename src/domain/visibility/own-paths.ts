/**
 * Which of the gateway's own paths an own token may call. Closed: a path that is not here does not exist for it, also one that a
 * later release adds (docs/rfc/0010-sees-own.md, "Own paths, one by one").
 */

/** `{p}` is a provider's name. */
const OPEN = [
  'GET /',
  'POST /mcp',
  'GET /mcp',
  'GET /v1/{p}/scheduler',
  'DELETE /v1/{p}/scheduler/{id}',
  'GET /v1/{p}/jobs',
  'GET /v1/{p}/jobs/{id}',
  'GET /v1/{p}/jobs/{id}/file',
  // Each creation in it passes the gate by itself.
  'POST /v1/{p}/queue',
  'GET /v1/{p}/queue',
  'DELETE /v1/{p}/queue/{id}',
  'GET /v1/usage',
  'GET /v1/{p}/tasks',
  'GET /v1/{p}/tasks/{id}',
  'GET /v1/deliveries',
  'GET /v1/deliveries/{id}',
  'POST /v1/deliveries/{id}/retry',
  'POST /v1/callback-secret',
  'GET /v2/account',
  'POST /v2/account',
  // useapi.net's calls, each of which becomes a call of the provider.
  'POST /v1/{p}/assets',
  'POST /v1/{p}/avatars/video',
  'POST /v1/{p}/images/(kolors|kolors-elements|omni|virtual-try-on)',
  'POST /v1/{p}/tts/create',
  'GET /v1/{p}/tts/(voices|languages)',
  'POST /v1/{p}/videos/(add-sound|extend|image2video-effects|image2video-elements|image2video-frames)',
  'POST /v1/{p}/videos/(lipsync|motion-create|omni|text2video)',
].map(formOf)

/** About whole accounts, or about the tenant: refused with a sentence, whatever the method. */
const WHOLE = [
  '/v1/{p}/(accounts|settings|throughput)',
  '/v1/{p}/scheduler/available',
  '/v1/{p}/queue/(pause|resume)',
  '/v1/(alerts|audit|live|pool)',
].map((text) => new RegExp(`^${source(text)}(/|$)`))

export function ownPathOf(method: string, path: string): 'open' | 'whole' | 'absent' {
  const bare = path.replace(/(.)\/$/, '$1')
  if (WHOLE.some((form) => form.test(bare))) return 'whole'
  const call = `${method === 'HEAD' ? 'GET' : method} ${bare}`
  return OPEN.some((form) => form.test(call)) ? 'open' : 'absent'
}

function formOf(text: string): RegExp {
  return new RegExp(`^${source(text)}$`)
}

function source(text: string): string {
  return text.replaceAll('{p}', '[a-z]+').replaceAll(/\{\w+\}/g, '[^/]+')
}
