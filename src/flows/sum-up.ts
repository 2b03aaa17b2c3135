/** One account out of many: the numbers that add up are summed, the rest is the first account's. */
import type { Account } from '#domain/account.ts'
import { valueAt } from '#domain/json-pointer.ts'
import { sliceAt, splice } from '#domain/json-slices.ts'
import type { Ports } from '#domain/ports.ts'
import { askAccounts } from './ask-accounts.ts'
import { answersOf, noneAnswered, partialAnswer } from './gather.ts'
import type { ProxyAnswer, ProxyCall } from './proxy-call.ts'

export async function sumUp(
  ports: Ports,
  call: ProxyCall,
  pointers: readonly string[],
  accounts: readonly Account[]
): Promise<ProxyAnswer> {
  const asked = await askAccounts(ports, accounts, () => call)
  const answered = answersOf(asked)
  const [first] = answered
  if (!first) return noneAnswered(ports, asked)
  const edits = pointers.flatMap((pointer) => {
    const slice = sliceAt(first.text, pointer)
    const numbers = answered.map((answer) => valueAt(answer.json, pointer))
    if (!slice || !numbers.some((number) => typeof number === 'number')) return []
    return [{ ...slice, text: String(total(numbers)) }]
  })
  return partialAnswer(first, splice(first.text, edits), asked)
}

/** Money and credits have a few decimals; what binary adds behind them is cut. */
function total(numbers: readonly unknown[]): number {
  const sum = numbers.reduce<number>(
    (so, number) => so + (typeof number === 'number' ? number : 0),
    0
  )
  return Number(sum.toFixed(6))
}
