/** Says what HeyGen's refusals mean for the account. A 401 parks it (reference/heygen.md sections 3 and 4; decision 0028). */
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import type {
  AccountFault,
  JudgedAnswer,
  ProviderAnswers,
  Verdict,
} from '#providers/contract/provider.ts'
import { doubted, meterOf, parked, throttled } from '#providers/shared/verdicts.ts'
import { errorBody } from './answers/error-body.ts'

export const answers: ProviderAnswers = {
  judge,
  saysUnknown,
  saysInProgress: ({ body }) => codeOf(body) === 'request_in_progress',
  saysNotReady: ({ status, body }) => status >= 400 && status < 500 && NOT_READY.has(codeOf(body)),
  suspectedFaultOf,
  errorBody,
}

/** Something that the call names is still being made: by a job, or a brand kit. */
const NOT_READY = new Set(['resource_not_ready', 'brand_kit_not_ready'])

const RATE_LIMITED = new Set(['400123', 'rate_limit_exceeded'])
const VIDEO_TRIAL = new Set(['trial_video_limit_exceeded', '400664'])
const TRIAL = 'trial_limit_exceeded'
const BLOCKED = new Set(['400631'])
/**
 * Codes for an account without room or without the plan. Another account may have it. Nothing was started, and the key is good,
 * whatever the status.
 */
const NOT_HERE = new Set(['resource_limit_reached', '401028', '400599'])
/** Codes for a call that is not allowed, whatever the status. */
const NOT_ALLOWED = new Set(['400562', '400573'])
const SPENT = 'it has no credit left'

function judge(answer: JudgedAnswer): Verdict {
  const { status } = answer
  const code = codeOf(answer.body)
  if (status >= 500 || status === 408) return { kind: 'unsure' }
  if (status < 300) return isErrorBody(answer.body) ? { kind: 'caller' } : { kind: 'ok' }
  if (NOT_HERE.has(code)) return { kind: 'refused', reason: code }
  if (VIDEO_TRIAL.has(code) || code === TRIAL) return tried(answer, code)
  if (status === 429 || RATE_LIMITED.has(code)) return limited(answer, code)
  if (BLOCKED.has(code))
    return doubted('key', 'all', 'blocked', 'the provider has blocked this account')
  if (NOT_ALLOWED.has(code)) return forbidden(answer, code)
  if (status === 401) return unauthorized(answer, code)
  if (status === 402) return unpaid(code)
  if (status === 403) return forbidden(answer, code)
  const message = textAt(answer.body, '/message') ?? ''
  const isFull = status === 400 && /concurrent limit/i.test(message)
  return isFull ? { kind: 'refused', reason: message } : { kind: 'caller' }
}

/** `streaming.new` answers 401 even to a good key, if the avatar is not made for streaming. */
function unauthorized({ match }: JudgedAnswer, code: string): Verdict {
  if (code === '400112' && match?.route.path.startsWith('/v1/streaming.')) return { kind: 'caller' }
  return doubted('key', 'all', 'credential', 'the provider refused its credential')
}

/** The verdict for a daily limit of a trial. It parks only the calls that the limit counts. */
function tried({ match }: JudgedAnswer, code: string): Verdict {
  const meter = meterOf(match)
  const isVideo = VIDEO_TRIAL.has(code)
  const scope = isVideo ? 'meter:video' : meter === undefined ? 'row' : (`meter:${meter}` as const)
  return parked(scope, 'limit', 'its daily trial limit is reached')
}

function limited(answer: JudgedAnswer, code: string): Verdict {
  const { isJobCall, match } = answer
  const until = retryAfterAt(answer.headers.get('retry-after'), answer.now)
  if (code === 'quota_exceeded')
    return throttled({ isJobCall, match, until, isWide: true, detail: 'its quota is used up' })
  // Jobs share the account's concurrency, so another job would be refused as well.
  const isWide = isJobCall && match?.route.job !== undefined
  return throttled({ isJobCall, match, until, isWide })
}

function unpaid(code: string): Verdict {
  if (code === 'insufficient_credit') return doubted('funds', 'jobs', 'credit', SPENT)
  return { kind: 'refused', reason: code }
}

/** The verdict for a 403. A read is tried on another account. A creation is tried there only if the key lacks a scope. */
function forbidden(answer: JudgedAnswer, code: string): Verdict {
  if (code === 'insufficient_api_key_scope')
    return parked('row', 'scope', 'its API key lacks the scope for this')
  return answer.isJobCall ? { kind: 'caller' } : { kind: 'refused', reason: code }
}

/** The code of the older paths, and that of v3, whose images show it only in a status answer. */
const NO_CREDIT = new Set(['MOVIO_PAYMENT_INSUFFICIENT_CREDIT', 'insufficient_credit'])

/** On the older paths, an account without credit accepts the job, and the job fails later (heygen.md 4.3). */
function suspectedFaultOf(report: JobReport): AccountFault | undefined {
  if (report.detail === 'usage_limit_reached')
    return {
      order: { scope: 'meter:image', reason: 'limit', detail: 'its limit of images is reached' },
    }
  if (!NO_CREDIT.has(report.detail ?? '')) return undefined
  return { doubt: 'funds', order: { scope: 'jobs', reason: 'credit', detail: SPENT } }
}

/**
 * Only HeyGen's own envelope counts, with a code or words for it. During an outage HeyGen's edge answers 404 with a page of its
 * own.
 */
function saysUnknown({ status, body }: { status: number; body: unknown }): boolean {
  if (status !== 404 && status !== 410) return false
  const code = codeOf(body)
  const message = textAt(body, '/message') ?? textAt(body, '/error/message') ?? ''
  if (/^\d+$/.test(code)) return /not found|not exist|deleted/i.test(message)
  return /(^|_)(not_found|gone|deleted)$/.test(code)
}

/** The error code, as text. v3 and v2 write a text, v1 a number. */
function codeOf(body: unknown): string {
  return textAt(body, '/error/code') ?? textAt(body, '/code') ?? ''
}

const FINE = new Set(['0', '100', '200'])

/**
 * Whether a body with HTTP 200 is an error: a code other than 100 on v1, a filled `error` on v2 and v3, or only `success: false`.
 */
function isErrorBody(body: unknown): boolean {
  const number = textAt(body, '/code')
  if (isFilled(valueAt(body, '/error')) || valueAt(body, '/success') === false) return true
  return number !== undefined && !FINE.has(number)
}

function isFilled(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return error !== null && Boolean(error)
  return Object.values(error).some((value) => value !== null && value !== '')
}
