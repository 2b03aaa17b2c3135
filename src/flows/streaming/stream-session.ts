/**
 * Sends a call about an open session. The session's slot is released at once when the provider accepts the session's end, or
 * when a refusal says that the session is over. The account's alarm finds sessions that ended because they were idle.
 */
import { findAccount } from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { passOn } from '#flows/routing/send-on.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { settleJobs } from '#flows/jobs/settle-job.ts'
import { peek } from '#flows/upstream/read-answer.ts'

export async function followSession(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  const answer = await sendPlain(ports, call, call.json)
  const watch = sessionOf(call)
  const mayBeOver = call.match?.route.ends === true || answer.response.status >= 400
  if (watch === undefined || !mayBeOver) return answer
  const { json, body } = await peek(answer.response)
  const response = passOn(answer.response, body)
  if (isOver(ports, call, response, json)) await settle(ports, call, answer.email ?? '', watch)
  return { ...answer, response }
}

/** The name under which the session's job is watched: `resource:id`. */
function sessionOf({ match, json }: ReadCall): string | undefined {
  const ref = match?.route.ids.find((one) => one.required && one.in !== 'query')
  if (!ref) return undefined
  const id = ref.in === 'path' ? match?.params[ref.at] : textAt(json, ref.at)
  return id === undefined ? undefined : `${ref.resource}:${id}`
}

function isOver(ports: Ports, call: ReadCall, { status, headers }: Response, body: unknown) {
  const { provider, match } = call
  if (status >= 400) return provider.streaming?.saysOver(status, body) === true
  const judged = { status, headers, body, isJobCall: false, now: ports.now() }
  return match?.route.ends === true && provider.answers.judge(judged).kind === 'ok'
}

/** Reports the session's end. Never throws: if the object cannot be asked, its alarm finds the end later. */
async function settle(ports: Ports, call: ReadCall, email: string, watch: string): Promise<void> {
  const snapshot = await ports.accounts.list(call.tenant, call.provider.name)
  const account = findAccount(snapshot, email)
  if (!account) return
  await settleJobs(ports, call.provider, account, [{ watch, state: 'completed' }]).catch(() =>
    ports.log('settle_failed', { email, requestId: call.requestId })
  )
}
