/** The limits of a token as the operator sets and sees them (docs/token-limits.md). */
import * as z from 'zod/mini'
import {
  CALL_KINDS,
  LIMIT_FIELDS,
  REQUESTS_PER_MINUTE,
  WHEN_FULL,
  type TokenLimits,
} from '#domain/access/token.ts'

const whole = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most))
const kinds = z
  .array(z.enum(CALL_KINDS, `must be of ${CALL_KINDS.join(', ')}`))
  .check(z.minLength(1), z.maxLength(CALL_KINDS.length))

const whenFull = z.enum(WHEN_FULL)
const weight = whole(1, 100)
const maxPriority = whole(1, 5)
const maxQueued = whole(0, 10_000)
const maxConcurrent = whole(1, 500)
const jobsPerDay = whole(1, 100_000)
const requestsPerMinute = z.literal(REQUESTS_PER_MINUTE)

/** What the operator may send. Null takes a limit away. */
export const limitsForm = {
  whenFull: z.optional(z.nullable(whenFull)),
  weight: z.optional(z.nullable(weight)),
  maxPriority: z.optional(z.nullable(maxPriority)),
  maxQueued: z.optional(z.nullable(maxQueued)),
  maxConcurrent: z.optional(z.nullable(maxConcurrent)),
  jobsPerDay: z.optional(z.nullable(jobsPerDay)),
  requestsPerMinute: z.optional(z.nullable(requestsPerMinute)),
  routes: z.optional(z.nullable(kinds)),
}

/** What a token shows: every limit, null where none is set. */
export const limitsView = {
  whenFull: z.nullable(whenFull),
  weight: z.nullable(weight),
  maxPriority: z.nullable(maxPriority),
  maxQueued: z.nullable(maxQueued),
  maxConcurrent: z.nullable(maxConcurrent),
  jobsPerDay: z.nullable(jobsPerDay),
  requestsPerMinute: z.nullable(z.int()),
  routes: z.nullable(z.array(z.enum(CALL_KINDS))),
}

type Form = z.infer<z.ZodMiniObject<typeof limitsForm>>

/** The limits that the form names. Undefined: taken away. */
export function limitsIn(form: Form): {
  [Limit in keyof TokenLimits]?: TokenLimits[Limit] | undefined
} {
  const named = LIMIT_FIELDS.filter((field) => form[field] !== undefined)
  return Object.fromEntries(named.map((field) => [field, plain(form[field])]))
}

function plain(value: Form[keyof Form]): unknown {
  if (value === null) return undefined
  return Array.isArray(value) ? CALL_KINDS.filter((kind) => value.includes(kind)) : value
}

export function limitsShown(token: TokenLimits) {
  const shown = LIMIT_FIELDS.map((field) => [field, token[field] ?? null])
  return Object.fromEntries(shown) as z.infer<z.ZodMiniObject<typeof limitsView>>
}
