/** Words and shapes that many rows of the older calls share. */
import { AppError } from '#domain/runtime/errors.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerCall } from '#providers/contract/provider.ts'

/** `isUpload`: the body is a file. */
export type Row = { carry(call: LegacyCall): Promise<unknown>; isUpload?: true } | { gone: string }

/** Members that are null, absent or empty are not sent up: v3 refuses some of them. */
export type Body = NonNullable<NewerCall['body']>

/** The older envelope of success, v1. */
export function v1(data: unknown, message: string | null = 'Success'): unknown {
  return { code: 100, data, message }
}

/** The same with the empty members that account calls have. */
export function v1Plain(data: unknown): unknown {
  return { code: 100, data, msg: null, message: null }
}

/** The pictures of the older API are public there, by their image key (seen in clients). */
export const PICTURES = 'https://resource2.heygen.ai/'

/** The older envelope of success, v2. */
export function v2(data: unknown): unknown {
  return { error: null, data }
}

/** Whether refusals on this path have a number as code, as v1 has. The video agent and the speech of v1 speak like v2. */
export function isNumbered(path: string): boolean {
  return path.startsWith('/v1/') && !/^\/v1\/(video_agent|audio)\//.test(path)
}

/** A refusal of our own, in HeyGen's older words, which clients look for. */
export function invalid(call: LegacyCall, field: string, why: string): AppError {
  // The gateway's own errors have one form on all paths of v1 (contract section 2).
  const providerCode = call.path.startsWith('/v1/') ? 400175 : 'invalid_parameter'
  return new AppError('bad_request', `${field} ${why}`, { providerCode, field })
}

/** The id as one segment of a path. Throws when it is missing or cannot be an id: it must not change the path. */
export function segment(call: LegacyCall, field: string, id: unknown): string {
  const text = typeof id === 'number' ? String(id) : id
  if (typeof text !== 'string' || text === '') throw invalid(call, field, 'is required.')
  if (text.length > 256 || /^\.+$/.test(text) || !text.isWellFormed())
    throw invalid(call, field, 'is not an id.')
  return encodeURIComponent(text)
}

/** The value, or null: older answers have a null where v3 has nothing. */
export function orNull(document: unknown, pointer: string): unknown {
  return valueAt(document, pointer) ?? null
}

/** A text that is not empty. Undefined: there is none. */
export function textOf(document: unknown, pointer: string): string | undefined {
  return textAt(document, pointer)
}

/** `true`, `"true"`, `"True"`, `"1"` and 1 are true. Old clients send all of them. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === 'string' && /^(true|1)$/i.test(value))
}

const SAYS_NO = /^\s*(false|f|no|n|off|none|null|0)?\s*$/i

/** For members without which a call costs money: what does not clearly say no may have meant yes. */
export function mayBeTrue(value: unknown): boolean {
  if (typeof value === 'string') return !SAYS_NO.test(value)
  return value !== undefined && value !== null && value !== false && value !== 0
}

/** The same for a member that may be left out, which is not the same as false. */
export function flag(value: unknown): boolean | undefined {
  return value === undefined || value === null || value === '' ? undefined : isTrue(value)
}

/** A number, also from a text. Undefined: it is none. */
export function num(value: unknown): number | undefined {
  return clamped(value, -Infinity, Infinity)
}

/** A number within limits, also from a text. Undefined: it is none. */
export function clamped(value: unknown, least: number, most: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return Math.min(most, Math.max(least, number))
}

/** Without members that are undefined, null or empty. */
export function present(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([, value]) => value !== undefined && value !== null && value !== ''
    )
  )
}

const RATIOS: Readonly<Record<string, number>> = {
  '16:9': 16 / 9,
  '9:16': 9 / 16,
  '1:1': 1,
  '4:5': 4 / 5,
  '5:4': 5 / 4,
}
/** Sizes that v3 makes exactly. */
const EXACT_SIZES = new Set(
  `1920x1080 1280x720 1080x1920 720x1280 1080x1080 720x720 1080x1350 1350x1080`.split(' ')
)
const EXACT_4K = new Set(['3840x2160', '2160x3840'])

/** The nearest of v3's ratios and resolutions. Without `dimension` it is v2's default. */
export function canvasOf(call: LegacyCall): { aspect_ratio: string; resolution: string } {
  const given = call.body['dimension']
  if (given === undefined || given === null) return { aspect_ratio: '16:9', resolution: '1080p' }
  const width = clamped(valueAt(given, '/width'), 1, 100_000)
  const height = clamped(valueAt(given, '/height'), 1, 100_000)
  if (width === undefined || height === undefined) {
    throw invalid(call, 'dimension', 'must have width and height in pixels.')
  }
  const size = `${width}x${height}`
  const may4k = call.settings.legacy4k === 'allow'
  if (!EXACT_SIZES.has(size) && !(may4k && EXACT_4K.has(size))) call.lose('dimension')
  const edge = Math.min(width, height)
  const tall = may4k ? '4k' : '1080p'
  return {
    aspect_ratio: nearestRatio(width / height),
    resolution: edge <= 720 ? '720p' : edge <= 1080 ? '1080p' : tall,
  }
}

function nearestRatio(ratio: number): string {
  const far = ([, one]: [string, number]) => Math.abs(Math.log(ratio / one))
  const sorted = Object.entries(RATIOS).toSorted((a, b) => far(a) - far(b))
  return sorted[0]?.[0] ?? '16:9'
}

/** Undefined for what v3 does not know. */
export function knownRatio(text: string | undefined): string | undefined {
  return text !== undefined && Object.hasOwn(RATIOS, text) ? text : undefined
}

/** `#RRGGBB`, also from `#RGB` and from forms with an alpha channel. */
export function hexOf(call: LegacyCall, value: string, at: string): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?$/i.exec(value)
  if (short)
    return `#${short
      .slice(1, 4)
      .map((digit) => digit + digit)
      .join('')}`
  const long = /^(#[0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(value)?.[1]
  if (long === undefined) throw invalid(call, `${at}.value`, 'must be a color such as #FAFAFA.')
  return long
}
