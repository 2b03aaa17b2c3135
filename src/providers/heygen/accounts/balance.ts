/**
 * Reads what an account can still spend out of `GET /v3/users/me`. Which member counts depends on how the account pays
 * (reference/heygen.md 3.4).
 */
import { valueAt, textAt } from '#domain/text/json-pointer.ts'

/** Undefined: the answer shows no balance, as for an account that pays by use and has no cap. */
export function balanceIn(body: unknown): { amount: number; unit: string } | undefined {
  const type = textAt(body, '/data/billing_type')
  if (type === 'subscription') {
    const left = ['premium', 'add_on'].flatMap(
      (kind) => numberAt(body, `/data/subscription/credits/${kind}_credits/remaining`) ?? []
    )
    return left.length === 0
      ? undefined
      : { amount: left.reduce((sum, one) => sum + one, 0), unit: 'credits' }
  }
  if (type === 'usage_based') return ofUse(body)
  const amount = numberAt(body, '/data/wallet/remaining_balance')
  const unit = textAt(body, '/data/wallet/currency') ?? 'usd'
  return amount === undefined ? undefined : { amount, unit: unit.toLowerCase() }
}

function ofUse(body: unknown): { amount: number; unit: string } | undefined {
  const credits = numberAt(body, '/data/usage_based/remaining_credits')
  if (credits !== undefined) return { amount: credits, unit: 'credits' }
  const cap = numberAt(body, '/data/usage_based/spending_cap_usd')
  const spent = numberAt(body, '/data/usage_based/spending_current_usd') ?? 0
  return cap === undefined ? undefined : { amount: cap - spent, unit: 'usd' }
}

/** Some answers write numbers as text. */
function numberAt(body: unknown, pointer: string): number | undefined {
  const value = valueAt(body, pointer)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}
