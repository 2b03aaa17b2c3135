/** Makes one answer for all accounts: sums the named numbers and takes everything else from the first account. */
import type { Account } from '#domain/accounts/account.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { sliceAt, splice } from '#domain/text/json-slices.ts'
import { totalOf } from '#domain/text/add-numbers.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { askAccounts } from '#flows/routing/ask-accounts.ts'
import { answersOf, noneAnswered, partialAnswer } from './combine-answers.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'

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
    const sum = totalOf(answered.map((answer) => valueAt(answer.json, pointer)))
    if (!slice || sum === undefined) return []
    // Some answers write numbers as text. The sum has the form of the first answer.
    const isText = first.text[slice.start] === '"'
    return [{ ...slice, text: isText ? `"${sum}"` : String(sum) }]
  })
  return partialAnswer(first, splice(first.text, edits), asked)
}
