/** Makes one answer out of the answers of several accounts, names the accounts that are missing, or makes the error if all are. */
import { emailToHeader } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { asComposed, setHeader } from '#domain/text/headers.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Asked } from '#flows/routing/ask-accounts.ts'
import type { ProxyAnswer } from '#flows/upstream/proxy-call.ts'
import { passOn } from '#flows/routing/send-on.ts'
import { unavailable } from '#flows/accounts/unavailable.ts'

type Answer = NonNullable<Asked['answer']>

export function answersOf(asked: readonly Asked[]): Answer[] {
  return asked.flatMap(({ answer }) => (answer && answer.status < 300 ? [answer] : []))
}

/** The first account's answer with `text` as its body. `X-Gateway-Partial` names the accounts that did not answer. */
export function partialAnswer(first: Answer, text: string, asked: readonly Asked[]): ProxyAnswer {
  const response = passOn(first.forClient(), text)
  asComposed(response.headers)
  const missing = asked.filter(({ answer }) => !answer || answer.status >= 300)
  const emails = [...new Set(missing.map(({ account }) => emailToHeader(account.email)))]
  if (emails.length > 0) setHeader(response.headers, 'X-Gateway-Partial', emails.join(', '))
  return { response }
}

/** No account answered: passes on the first refusal that is not about an account, else throws why none answered. */
export function noneAnswered(ports: Ports, asked: readonly Asked[]): ProxyAnswer {
  const now = ports.now()
  const parked = asked.flatMap(({ account, parking: met }) => {
    const believed = ports.hints.parkings(account.key, now)
    const parking = met ?? findParking(believed, { isJob: false }, now)
    return parking && (met || parking.reason !== 'busy') ? [{ account, parking }] : []
  })
  const refused = asked.find((one) => one.answer && !isOfAccount(one))
  if (refused?.answer) {
    const passed = passOn(refused.answer.forClient(), refused.answer.text)
    passed.headers.delete('content-length')
    return { response: passed, email: refused.account.email }
  }
  const soonest = parked.toSorted((a, b) => a.parking.until - b.parking.until)[0]
  if (soonest) throw unavailable(soonest.account, soonest.parking, now)
  if (asked.some((one) => one.isLate)) {
    throw new AppError('upstream_timeout', 'The provider did not answer in time.')
  }
  throw new AppError('upstream_unreachable', 'The provider could not be reached.')
}

/** Whether a refusal is about the account (its key, its parking) and not about the client's request. Unchecked faults count too. */
function isOfAccount({ fault, finding }: Asked): boolean {
  if (!fault || fault.order.reason === 'busy' || fault.order.reason === 'scope') return false
  return finding?.kind !== 'good' && finding?.kind !== 'unknown' && finding?.kind !== 'newer'
}
