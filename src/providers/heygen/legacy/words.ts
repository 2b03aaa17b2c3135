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

/** The older envelope of success, v2. */
export function v2(data: unknown): unknown {
  return { error: null, data }
}

/** Whether refusals on this path have a number as code, as v1 has. The video agent of v1 speaks like v2. */
export function isNumbered(path: string): boolean {
  return path.startsWith('/v1/') && !path.startsWith('/v1/video_agent/')
}

/** A refusal of our own, in HeyGen's older words, which clients look for. */
export function invalid(call: LegacyCall, field: string, why: string): AppError {
  const providerCode = isNumbered(call.path) ? 400175 : 'invalid_parameter'
  return new AppError('bad_request', `${field} ${why}`, { providerCode, field })
}

/** The id as one segment of a path. Throws when it is missing or cannot be an id: it must not change the path. */
export function segment(call: LegacyCall, field: string, id: unknown): string {
  const text = typeof id === 'number' ? String(id) : id
  if (typeof text !== 'string' || text === '') throw invalid(call, field, 'is required.')
  if (text.length > 256 || /^\.+$/.test(text)) throw invalid(call, field, 'is not an id.')
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

/** `true`, `"true"`, `"1"` and 1 are true. Old clients send all of them. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1' || value === 1
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
