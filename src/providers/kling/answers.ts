/**
 * What Kling's refusals mean (reference/kling.md section 4). Five different things share HTTP 429, so the number in the
 * body decides and the status only where there is none.
 */
import type { Standing } from '#domain/accounts/park-after-refusal.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import type { JudgedAnswer, Verdict } from '#providers/contract/provider.ts'
import { doubted, throttled } from '#providers/contract/verdict.ts'

export function judge(answer: JudgedAnswer): Verdict {
  const code = textAt(answer.body, '/code')
  const byCode = code === undefined ? undefined : verdictOf(code, answer)
  return byCode ?? byStatus(answer, code)
}

const REFUSED = 'the provider refused its credential'

function verdictOf(code: string, { match, isJobCall }: JudgedAnswer): Verdict | undefined {
  const meter = meterOf(match)
  switch (code) {
    case '0':
      return { kind: 'ok' }
    case '1000':
    case '1001':
    case '1002':
      return doubted('key', 'all', 'credential', REFUSED)
    // Tokens are signed afresh long before their end, so one more would fare no better.
    case '1003':
    case '1004':
      return doubted('key', 'all', 'credential', CLOCK)
    case '1100':
      return doubted('key', 'all', 'blocked', ABNORMAL)
    case '1101':
      return doubted('funds', 'jobs', 'credit', 'it is in arrears')
    case '1102':
      return doubted('funds', meter ? `meter:${meter}` : 'jobs', 'credit', packUsedUp(meter))
    case '1304':
      return doubted('key', 'all', 'blocked', NOT_LISTED)
    // A model it was not granted, too many jobs at once: nothing was made, another account may do.
    case '1103':
    case '1303':
      return { kind: 'refused', reason: code }
    case '1302':
      return throttled({
        isJobCall,
        match,
        detail: 'the provider answered 1302: too many requests',
      })
    default:
      return undefined
  }
}

const CLOCK = 'its signed token is out of its time: a clock is wrong'
const ABNORMAL = 'the provider calls it abnormal'
const NOT_LISTED = 'its IP allow list does not have this gateway'

/** What the answer to a question about the account itself says of it. Only Kling's own envelope counts. */
export function standingIn(status: number, body: unknown): Pick<Standing, 'key' | 'detail'> {
  const code = textAt(body, '/code')
  if (status === 200 && code === '0') return { key: 'good' }
  if (code === '1100') return { key: 'blocked', detail: ABNORMAL }
  if (code === '1304') return { key: 'blocked', detail: NOT_LISTED }
  if (status !== 401 || code === undefined) return { key: code === '1103' ? 'good' : 'unknown' }
  return { key: 'refused', detail: code === '1003' || code === '1004' ? CLOCK : REFUSED }
}

function meterOf(match: JudgedAnswer['match']): string | undefined {
  return match?.route.meter ?? match?.route.job?.meter
}

function packUsedUp(meter: string | undefined): string {
  return `its ${meter ? `${meter.replace('_', '-')} ` : ''}pack is used up or has ended`
}

/** Numbers that are not told apart, and answers of what stands before the API. */
function byStatus(answer: JudgedAnswer, code: string | undefined): Verdict {
  const { status } = answer
  if (status >= 500 || status === 408) return { kind: 'unsure' }
  if (code !== undefined) return { kind: 'caller' }
  if (status === 401) return doubted('key', 'all', 'credential', REFUSED)
  if (status === 429) {
    const { isJobCall, match } = answer
    const until = retryAfterAt(answer.headers.get('retry-after'), answer.now)
    return throttled({ isJobCall, match, until })
  }
  return status < 300 ? { kind: 'ok' } : { kind: 'caller' }
}

/** An unknown task is 400 on v1 paths, and a row that is missing on the newer one. */
export function saysUnknown({ status, body }: { status: number; body: unknown }): boolean {
  const isRefused = status === 400 && textAt(body, '/code') === '1201'
  if (isRefused) return /not found/i.test(textAt(body, '/message') ?? '')
  if (textAt(body, '/code') !== '0') return false
  const data = (body as { data?: unknown } | undefined)?.data
  return status === 200 && Array.isArray(data) && data.length === 0
}
