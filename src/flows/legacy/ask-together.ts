/** Asks all accounts the same question and returns every answer, for numbers that a row of the older calls adds up. */
import type { Ports } from '#domain/ports/ports.ts'
import { answersOf, noneAnswered, partialAnswer } from '#flows/lists/combine-answers.ts'
import { askAccounts } from '#flows/routing/ask-accounts.ts'
import { ableAccounts } from '#flows/routing/choose-accounts.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'

/** `first`: the first account's answer, with the names of the accounts that are missing; if none answered, the refusal. */
export interface Together {
  first: ProxyAnswer
  bodies: unknown[]
}

/** Undefined: one account must answer, because the call names it or because there is only one. */
export async function askTogether(ports: Ports, call: ProxyCall): Promise<Together | undefined> {
  if (call.email !== undefined) return undefined
  const { accounts } = await ports.accounts.list(call.tenant, call.provider.name)
  if (accounts.length < 2) return undefined
  const asked = await askAccounts(ports, ableAccounts(call, accounts), () => call)
  const answered = answersOf(asked)
  const [first] = answered
  return {
    first: first ? partialAnswer(first, first.text, asked) : noneAnswered(ports, asked),
    bodies: answered.map(({ json }) => json),
  }
}
