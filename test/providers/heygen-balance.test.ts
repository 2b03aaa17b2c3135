import { expect, test } from 'vitest'
import { balanceIn } from '#providers/heygen/accounts/balance.ts'

const data = (more: object) => ({ data: more })

test('the balance is what the account pays with: its wallet, its plan’s credits, or what is left of its cap', () => {
  const wallet = { billing_type: 'wallet', wallet: { remaining_balance: '12.5', currency: 'USD' } }
  expect(balanceIn(data(wallet))).toEqual({ amount: 12.5, unit: 'usd' })
  const credits = { premium_credits: { remaining: 40 }, add_on_credits: { remaining: 2 } }
  const plan = { billing_type: 'subscription', subscription: { credits } }
  expect(balanceIn(data(plan))).toEqual({ amount: 42, unit: 'credits' })
  const usage = { spending_cap_usd: 100, spending_current_usd: 30 }
  const byUse = { billing_type: 'usage_based', usage_based: usage }
  expect(balanceIn(data(byUse))).toEqual({ amount: 70, unit: 'usd' })
  const left = { billing_type: 'usage_based', usage_based: { ...usage, remaining_credits: 3 } }
  expect(balanceIn(data(left))).toEqual({ amount: 3, unit: 'credits' })
})

test.each([
  ['no answer', undefined],
  [
    'a wallet without a number',
    data({ billing_type: 'wallet', wallet: { remaining_balance: '' } }),
  ],
  ['use without a cap', data({ billing_type: 'usage_based', usage_based: {} })],
  ['a plan without credits', data({ billing_type: 'subscription', subscription: null })],
])('of %s nothing is known, which is not zero', (_, body) => {
  expect(balanceIn(body)).toBeUndefined()
})
