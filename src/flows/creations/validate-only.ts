/**
 * A creation that asks the provider to check it and to start nothing (`validate_only`). It takes no slot, so it is answered
 * in a full pool, and nothing of it can be lost: what fails may be sent again. Only on rows whose reference has such a member.
 */
import { valueAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { withAssetsBrought } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { leaseAskOf } from './start-job.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

export function asksToBeChecked(call: ProxyCall & { json?: unknown }): boolean {
  const at = call.match?.route.checks
  return at !== undefined && valueAt(call.json, at) === true
}

export async function checkOnly(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  // Its key is kept here. Upstream there is nothing that it could protect.
  const headers = new Headers(call.headers)
  headers.delete('idempotency-key')
  // Answered as its creation would be: uploads cost nothing.
  const brought = await withAssetsBrought(ports, { ...call, headers })
  const answer = await sendPlain(ports, brought, brought.json)
  const starts = answer.response.ok ? await startsOf(call, answer) : []
  if (starts.length === 0) return answer
  await count(ports, call, answer, starts)
  return { ...answer, jobIds: starts.map((start) => start.jobId) }
}

async function startsOf({ provider, match, json }: ReadCall, { response }: ProxyAnswer) {
  const bytes = await readBytes(response.clone().body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!match || !bytes) return []
  return provider.jobs.read(match, json, parseJson(bytes))
}

/** The provider has started it all the same: it is counted from now on, as any job. */
async function count(
  ports: Ports,
  call: ReadCall,
  { email }: ProxyAnswer,
  starts: Awaited<ReturnType<typeof startsOf>>
): Promise<void> {
  const { requestId, tenant, provider } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const account = accounts.find((one) => one.email === email)
  if (!account) return
  ports.log('check_started_jobs', { email, requestId })
  const owners = jobOwners(starts, account, requestId)
  const bind = ports.slots(account.key).bind(requestId, starts, leaseAskOf(ports, call))
  await Promise.allSettled([bind, learnIds(ports, call, owners)])
}
