/**
 * Says what Kling's refusals mean for the account. A 401 parks it (reference/kling.md section 4). Five different refusals share
 * HTTP 429. So the code in the body decides, and the status only if there is no code.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import { retryAfterAt } from '#domain/text/retry-after.ts'
import type { JudgedAnswer, ProviderAnswers, Verdict } from '#providers/contract/provider.ts'
import { doubted, meterOf, throttled } from '#providers/shared/verdicts.ts'
import { errorBody } from './answers/error-body.ts'
import { ABNORMAL, CLOCK, NOT_LISTED, REFUSED } from './answers/reasons.ts'

export const answers: ProviderAnswers = { judge, saysUnknown, errorBody }

function judge(answer: JudgedAnswer): Verdict {
  const code = textAt(answer.body, '/code')
  const byCode = code === undefined ? undefined : verdictOf(code, answer)
  return byCode ?? byStatus(answer, code)
}

function verdictOf(code: string, { match, isJobCall }: JudgedAnswer): Verdict | undefined {
  const meter = meterOf(match)
  switch (code) {
    case '0':
      return { kind: 'ok' }
    case '1000':
    case '1001':
    case '1002':
      return doubted('key', 'all', 'credential', REFUSED)
    // Tokens are renewed long before their end, so a new one would be refused as well.
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
    // The account may not use the model, or has too many jobs. Nothing was started, and another account may do it.
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

function packUsedUp(meter: string | undefined): string {
  return `its ${meter ? `${meter.replace('_', '-')} ` : ''}pack is used up or has ended`
}

/** The verdict for other codes, and for answers that do not come from the API itself. */
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

/** An unknown task is a 400 on v1 paths, and an empty list on the newer one. */
function saysUnknown({ status, body }: { status: number; body: unknown }): boolean {
  const isRefused = status === 400 && textAt(body, '/code') === '1201'
  if (isRefused) return /not found/i.test(textAt(body, '/message') ?? '')
  if (textAt(body, '/code') !== '0') return false
  const data = (body as { data?: unknown } | undefined)?.data
  return status === 200 && Array.isArray(data) && data.length === 0
}
