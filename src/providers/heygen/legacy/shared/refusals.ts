/**
 * A refusal of v3 in the words of the older calls (reference/heygen-legacy-bridge.md section 4.1). Old clients look for these codes.
 * Most pairs are inferred; the numbers of v1 were seen.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import { isNumbered } from './words.ts'

/** Status, number or code, and a text instead of v3's own. Undefined: as v3 says it. `v2Creation`: when a video is made. */
interface Words {
  v1: readonly [number, number, string?]
  v2: readonly [number, (string | undefined)?, string?]
  v2Creation?: readonly [number, (string | undefined)?, string?]
}

const UNAUTHORIZED: Words = {
  v1: [401, 400112, 'Unauthorized'],
  v2: [401, 'internal_error', 'Unauthorized'],
}
const FORBIDDEN: Words = { v1: [403, 400562], v2: [403, 'internal_error', 'forbidden'] }
const NO_RIGHT: Words = { v1: [403, 400562], v2: [403] }
const NO_PLAN: Words = { v1: [403, 400599], v2: [403] }
const NO_VOICE = 'Voice not found'
const NO_VIDEO = 'Video not found'
const NO_WEBHOOK = 'Webhook endpoint not found'

const WORDS: Readonly<Record<string, Words>> = {
  unauthorized: UNAUTHORIZED,
  authentication_failed: UNAUTHORIZED,
  invalid_parameter: { v1: [400, 400175], v2: [400] },
  download_failed: { v1: [400, 400175], v2: [400] },
  content_policy_violation: { v1: [400, 400168], v2: [400] },
  avatar_not_usable: { v1: [403, 400562], v2: [400] },
  avatar_consent_required: { v1: [403, 400573], v2: [400] },
  resource_limit_reached: { v1: [400, 401028], v2: [400, '401028'] },
  insufficient_credit: { v1: [402, 402], v2: [402] },
  trial_limit_exceeded: { v1: [429, 400664], v2: [429, 'trial_video_limit_exceeded'] },
  subscription_required: NO_PLAN,
  plan_upgrade_required: NO_PLAN,
  forbidden: FORBIDDEN,
  resource_access_denied: FORBIDDEN,
  insufficient_api_key_scope: { v1: [403, 400573], v2: [403] },
  phone_verification_required: NO_RIGHT,
  voice_not_usable: NO_RIGHT,
  ai_vendor_access_restricted: NO_RIGHT,
  not_found: { v1: [404, 400569, 'not found'], v2: [404] },
  video_not_found: {
    v1: [404, 40104, NO_VIDEO],
    v2: [404, undefined, NO_VIDEO],
  },
  avatar_not_found: { v1: [404, 400144], v2: [404], v2Creation: [400] },
  avatar_group_not_found: {
    v1: [404, 400569],
    v2: [404, 'not_found', 'avatar group not found'],
  },
  voice_not_found: {
    v1: [404, 400116],
    v2: [404, undefined, NO_VOICE],
    v2Creation: [400, undefined, NO_VOICE],
  },
  asset_not_found: { v1: [404, 400569], v2: [404] },
  webhook_not_found: {
    v1: [404, 400131, NO_WEBHOOK],
    v2: [404, undefined, NO_WEBHOOK],
  },
  resource_not_ready: { v1: [400, 400], v2: [400] },
  rate_limit_exceeded: { v1: [429, 400123, 'Exceed rate limit'], v2: [429] },
  quota_exceeded: { v1: [429, 400664], v2: [429] },
}

const LATE_V2 = /^\/v2\/videos(\/|$)/
const VIDEO_CREATION = /^\/v2\/(video|template)\/.*generate$|^\/v1\/video_agent\//

export function refusal(
  path: string,
  { status, body }: { status: number; body: unknown }
): { status: number; body: unknown } {
  const code = textAt(body, '/error/code') ?? ''
  const words = WORDS[code]
  const param = textAt(body, '/error/param')
  const own = textAt(body, '/error/message') ?? 'HeyGen refused this call.'
  const say = (text = own) => text + (param === undefined ? '' : ` [${param}]`)
  // The singular path of templates is an older call, and speaks like v2.
  if (path.startsWith('/v3/') && !path.startsWith('/v3/template/')) return { status, body }
  // This late family had the error object of v3.
  if (LATE_V2.test(path)) return { status, body: { data: null, ...objectOf(body) } }
  if (isNumbered(path)) {
    const [as, number, text] = words?.v1 ?? [status, status]
    return { status: as, body: { code: number, message: say(text) } }
  }
  const ofCreation = VIDEO_CREATION.test(path) ? words?.v2Creation : undefined
  const [as, name = code, text] = ofCreation ?? words?.v2 ?? [status]
  const error = { code: name || String(status), message: say(text) }
  return { status: as, body: { data: null, error } }
}

function objectOf(body: unknown): object {
  return typeof body === 'object' && body !== null ? body : {}
}
