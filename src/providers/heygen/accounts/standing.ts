/** Reads what HeyGen says about an account when it is asked (`users/me`; reference/heygen.md 3.4). */
import type { AccountStatus } from '#domain/accounts/park-after-refusal.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'

const BLOCKED = '400631'

/**
 * Only HeyGen's own envelope counts, because its edge answers with pages of its own. A key without the scope for this read is
 * good.
 */
export function standingIn({ status, body }: { status: number; body: unknown }): AccountStatus {
  if (status === 200) {
    const isRead = typeof valueAt(body, '/data') === 'object' && valueAt(body, '/data') !== null
    return isRead
      ? { key: 'good', spent: hasNothing(valueAt(body, '/data')) ? ['jobs'] : [] }
      : UNKNOWN
  }
  const code = textAt(body, '/error/code') ?? textAt(body, '/code')
  if (code === undefined) return UNKNOWN
  if (status === 403 && code === BLOCKED)
    return { key: 'blocked', detail: 'the provider has blocked this account' }
  if (status === 401) return { key: 'refused' }
  return status === 403 ? { key: 'good' } : UNKNOWN
}

const UNKNOWN: AccountStatus = { key: 'unknown' }

/** Whether every balance is zero, and nothing is bought automatically. */
function hasNothing(me: unknown): boolean {
  const left = [...leftIn(me)]
  return left.length > 0 && left.every((amount) => amount <= 0) && !isReloaded(me)
}

const LEFT = /remaining|balance|plan_credit/
const DEEP = 5

function* leftIn(value: unknown, name = '', depth = 0): Generator<number> {
  if (value === null || depth > DEEP) return
  if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value))
      yield* leftIn(member, typeof member === 'object' && LEFT.test(name) ? name : key, depth + 1)
    return
  }
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (LEFT.test(name) && typeof amount === 'number' && Number.isFinite(amount)) yield amount
}

function isReloaded(me: unknown): boolean {
  const reload = valueAt(me, '/wallet/auto_reload')
  return reload === true || valueAt(reload, '/enabled') === true
}
