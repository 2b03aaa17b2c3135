/**
 * A refusal of v3 in the words of the older calls (reference/heygen-legacy-bridge.md section 4.1). Old clients look for these codes.
 * Most pairs are inferred; the numbers of v1 were seen.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import { isNumbered } from './words.ts'

/** `v1`: status and number. `v2`: status and code; `v2Creation`: when a video is made. `message`: instead of v3's own. */
interface Words {
  v1: readonly [number, number]
  v2: readonly [number, string?]
  v2Creation?: readonly [number, string?]
  message?: string
}

const FORBIDDEN: Words = { v1: [403, 400562], v2: [403] }

const WORDS: Readonly<Record<string, Words>> = {
  unauthorized: { v1: [401, 400112], v2: [401, 'internal_error'], message: 'Unauthorized' },
  authentication_failed: {
    v1: [401, 400112],
    v2: [401, 'internal_error'],
    message: 'Unauthorized',
  },
  invalid_parameter: { v1: [400, 400175], v2: [400] },
  download_failed: { v1: [400, 400175], v2: [400] },
  content_policy_violation: { v1: [400, 400168], v2: [400] },
  avatar_not_usable: { v1: [403, 400562], v2: [400] },
  avatar_consent_required: { v1: [403, 400573], v2: [400] },
  resource_limit_reached: { v1: [400, 401028], v2: [400, '401028'] },
  insufficient_credit: { v1: [402, 402], v2: [402] },
  trial_limit_exceeded: { v1: [429, 400664], v2: [429, 'trial_video_limit_exceeded'] },
  subscription_required: { v1: [403, 400599], v2: [403] },
  plan_upgrade_required: { v1: [403, 400599], v2: [403] },
  forbidden: { ...FORBIDDEN, v2: [403, 'internal_error'], message: 'forbidden' },
  resource_access_denied: { ...FORBIDDEN, v2: [403, 'internal_error'], message: 'forbidden' },
  insufficient_api_key_scope: { v1: [403, 400573], v2: [403] },
  phone_verification_required: FORBIDDEN,
  voice_not_usable: FORBIDDEN,
  ai_vendor_access_restricted: FORBIDDEN,
  not_found: { v1: [404, 400569], v2: [404] },
  video_not_found: { v1: [404, 40104], v2: [404], message: 'Video not found' },
  avatar_not_found: { v1: [404, 400144], v2: [404], v2Creation: [400] },
  avatar_group_not_found: { v1: [404, 400569], v2: [404, 'not_found'] },
  voice_not_found: {
    v1: [404, 400116],
    v2: [404],
    v2Creation: [400],
    message: 'Voice not found',
  },
  asset_not_found: { v1: [404, 400569], v2: [404] },
  webhook_not_found: { v1: [404, 400131], v2: [404], message: 'Webhook endpoint not found' },
  resource_not_ready: { v1: [400, 400], v2: [400] },
  rate_limit_exceeded: { v1: [429, 400123], v2: [429] },
  quota_exceeded: { v1: [429, 400664], v2: [429] },
}

const LATE_V2 = /^\/v2\/videos(\/|$)/
const VIDEO_CREATION = /^\/v2\/(video|template)\/.*generate$/

export function refusal(
  path: string,
  { status, body }: { status: number; body: unknown }
): { status: number; body: unknown } {
  const code = textAt(body, '/error/code') ?? ''
  const words = WORDS[code]
  const param = textAt(body, '/error/param')
  const own = textAt(body, '/error/message') ?? 'HeyGen refused this call.'
  const message = (words?.message ?? own) + (param === undefined ? '' : ` [${param}]`)
  // This late family had the error object of v3.
  if (LATE_V2.test(path)) return { status, body: { data: null, ...objectOf(body) } }
  if (isNumbered(path)) {
    const [as, number] = words?.v1 ?? [status, status]
    return { status: as, body: { code: number, message } }
  }
  const pair = VIDEO_CREATION.test(path) ? words?.v2Creation : undefined
  const [as, name = code] = pair ?? words?.v2 ?? [status]
  const error = { code: name || String(status), message }
  if (path.startsWith('/v3/')) return { status, body }
  return { status: as, body: { data: null, error } }
}

function objectOf(body: unknown): object {
  return typeof body === 'object' && body !== null ? body : {}
}
