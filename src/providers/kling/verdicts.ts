/**
 * What Kling's refusals mean (reference/kling.md section 4). Five different things share HTTP 429, so the number in the
 * body decides and the status only where there is none.
 */
import { textAt } from '#domain/json-pointer.ts'
import { retryAfterAt } from '#domain/retry-after.ts'
import type { JudgedAnswer, Verdict } from '#providers/provider.ts'
import { parked } from '#providers/verdict.ts'

export function judge(answer: JudgedAnswer): Verdict {
  const code = textAt(answer.body, '/code')
  const byCode = code === undefined ? undefined : verdictOf(code, answer)
  return byCode ?? byStatus(answer, code)
}

function verdictOf(code: string, { match }: JudgedAnswer): Verdict | undefined {
  const meter = meterOf(match)
  switch (code) {
    case '0':
      return { kind: 'ok' }
    case '1000':
    case '1001':
    case '1002':
      return parked('all', 'credential', 'the provider refused its credential')
    // Tokens are signed afresh long before their end, so one more would fare no better.
    case '1003':
    case '1004':
      return parked('all', 'credential', 'its signed token is out of its time: a clock is wrong')
    case '1100':
      return parked('all', 'blocked', 'the provider calls it abnormal')
    case '1101':
      return parked('jobs', 'credit', 'it is in arrears')
    case '1102':
      return parked(meter ? `meter:${meter}` : 'jobs', 'credit', packUsedUp(meter))
    case '1304':
      return parked('all', 'blocked', 'its IP allow list does not have this gateway')
    // A model it was not granted, too many at once: nothing was made, another account may do.
    case '1103':
    case '1302':
    case '1303':
      return { kind: 'refused', reason: code }
    default:
      return undefined
  }
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
  if (status === 401) return parked('all', 'credential', 'the provider refused its credential')
  if (status === 429) {
    const until = retryAfterAt(answer.headers.get('retry-after'), answer.now)
    const detail = 'the provider answered 429: too many requests'
    return parked(answer.isJobCall ? 'jobs' : 'plain', 'busy', detail, until)
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
