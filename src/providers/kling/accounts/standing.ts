/** Reads what Kling says about an account when it is asked for the costs of its packs (reference/kling.md section 4). */
import type { AccountStatus } from '#domain/accounts/park-after-refusal.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { ABNORMAL, CLOCK, NOT_LISTED, REFUSED } from '#providers/kling/answers/reasons.ts'

/** Only Kling's own envelope counts. */
export function standingIn(status: number, body: unknown): Pick<AccountStatus, 'key' | 'detail'> {
  const code = textAt(body, '/code')
  if (status === 200 && code === '0') return { key: 'good' }
  if (code === '1100') return { key: 'blocked', detail: ABNORMAL }
  if (code === '1304') return { key: 'blocked', detail: NOT_LISTED }
  if (status !== 401 || code === undefined) return { key: code === '1103' ? 'good' : 'unknown' }
  return { key: 'refused', detail: code === '1003' || code === '1004' ? CLOCK : REFUSED }
}
