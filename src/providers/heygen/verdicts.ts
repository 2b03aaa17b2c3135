/** What HeyGen's refusals mean (reference/heygen.md sections 3 and 4; contract section 4). */
import { textAt, valueAt } from '#domain/json-pointer.ts'
import type { JobReport } from '#domain/lease.ts'
import type { ParkOrder } from '#domain/parking.ts'
import { retryAfterAt } from '#domain/retry-after.ts'
import type { Verdict } from '#providers/provider.ts'
import { parked } from '#providers/verdict.ts'

interface Answer {
  status: number
  headers: Headers
  body: unknown
  isJobCall: boolean
  now: number
}

const RATE_LIMITED = new Set(['400123', 'rate_limit_exceeded'])
const TRIAL_LIMIT = new Set(['trial_video_limit_exceeded', 'trial_limit_exceeded', '400664'])
const BLOCKED = new Set(['400631'])
/** The account lacks room or a plan; another one may have it. Nothing was started. */
const NOT_HERE = new Set(['resource_limit_reached', '401028', '400599'])

export function judge(answer: Answer): Verdict {
  const { status } = answer
  const code = codeOf(answer.body)
  if (status >= 500 || status === 408) return { kind: 'unsure' }
  if (status < 300) return isErrorBody(answer.body) ? { kind: 'caller' } : { kind: 'ok' }
  if (status === 429 || RATE_LIMITED.has(code)) return limited(answer, code)
  if (BLOCKED.has(code)) return parked('all', 'blocked', 'the provider has blocked this account')
  if (status === 401) return parked('all', 'credential', 'the provider refused its credential')
  if (status === 402) return unpaid(code)
  if (status === 403) return forbidden(answer, code)
  const message = textAt(answer.body, '/message') ?? ''
  const isFull = status === 400 && /concurrent limit/i.test(message)
  return isFull || NOT_HERE.has(code)
    ? { kind: 'refused', reason: code || message }
    : { kind: 'caller' }
}

function limited(answer: Answer, code: string): Verdict {
  if (TRIAL_LIMIT.has(code))
    return parked('meter:video', 'limit', 'its daily trial limit is reached')
  if (code === 'quota_exceeded') return parked('jobs', 'credit', 'its quota is used up')
  const until = retryAfterAt(answer.headers.get('retry-after'), answer.now)
  const detail = 'the provider answered 429: too many requests'
  return parked(answer.isJobCall ? 'jobs' : 'plain', 'busy', detail, until)
}

function unpaid(code: string): Verdict {
  if (code === 'insufficient_credit') return parked('jobs', 'credit', 'it has no credit left')
  if (TRIAL_LIMIT.has(code))
    return parked('meter:video', 'limit', 'its daily trial limit is reached')
  return { kind: 'refused', reason: code }
}

function forbidden(answer: Answer, code: string): Verdict {
  if (code !== 'insufficient_api_key_scope') return { kind: 'refused', reason: code }
  const detail = 'its API key lacks the scope for this'
  return parked(answer.isJobCall ? 'jobs' : 'plain', 'blocked', detail)
}

/** In the words of the older paths, and of v3, whose images tell it only when they are polled. */
const NO_CREDIT = new Set(['MOVIO_PAYMENT_INSUFFICIENT_CREDIT', 'insufficient_credit'])

/** On the older paths an account without credit accepts the job and fails it later (heygen.md 4.3). */
export function parkingOf(report: JobReport): ParkOrder | undefined {
  if (report.detail === 'usage_limit_reached')
    return { scope: 'meter:image', reason: 'limit', detail: 'its limit of images is reached' }
  if (!NO_CREDIT.has(report.detail ?? '')) return undefined
  return { scope: 'jobs', reason: 'credit', detail: 'a job failed for want of credit' }
}

/**
 * Whether HeyGen itself says that it does not know a job: in its own envelope, with a code or words for it. Its edge
 * answers 404 with a page of its own when it is ill.
 */
export function saysUnknown({ status, body }: { status: number; body: unknown }): boolean {
  if (status !== 404 && status !== 410) return false
  const code = codeOf(body)
  const message = textAt(body, '/message') ?? textAt(body, '/error/message') ?? ''
  if (/^\d+$/.test(code)) return /not found|not exist|deleted/i.test(message)
  return /(^|_)(not_found|gone|deleted)$/.test(code)
}

export function saysInProgress({ body }: { body: unknown }): boolean {
  return codeOf(body) === 'request_in_progress'
}

/** v3 and v2 name errors by text, v1 by number. */
function codeOf(body: unknown): string {
  return textAt(body, '/error/code') ?? textAt(body, '/code') ?? ''
}

const FINE = new Set(['0', '100', '200'])

/** An error inside an HTTP 200: v1 has another code than 100, v2 and v3 a filled `error`; some say only that it failed. */
function isErrorBody(body: unknown): boolean {
  const number = textAt(body, '/code')
  if (isFilled(valueAt(body, '/error')) || valueAt(body, '/success') === false) return true
  return number !== undefined && !FINE.has(number)
}

function isFilled(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return error !== null && Boolean(error)
  return Object.values(error).some((value) => value !== null && value !== '')
}
