/**
 * Sends a creation that asks the provider to check it and to start nothing (`validate_only`). It takes no slot and may be sent
 * again if it fails. Only for rows whose reference has a member for this (`Route.checks`).
 */
import { valueAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { asOwn, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import { withAssetsBrought } from '#flows/uploads/copy-needed-assets.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'
import { sendPlain } from '#flows/calls/send-plain.ts'
import { leaseAskOf } from './creation.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

export function isValidateOnly(call: ProxyCall & { json?: unknown }): boolean {
  const at = call.match?.route.checks
  return at !== undefined && valueAt(call.json, at) === true
}

export async function validateOnly(ports: Ports, call: ReadCall): Promise<ProxyAnswer> {
  // The key is not sent: the gateway keeps the answer under it, and at the provider it would protect nothing.
  const headers = new Headers(call.headers)
  headers.delete('idempotency-key')
  // Uploads of other accounts are copied, as for the creation itself. That costs nothing.
  const placed = await withAssetsBrought(ports, { ...call, headers })
  const answer = await sendPlain(ports, placed, placed.json)
  const starts = answer.response.ok ? await startsIn(call, answer) : []
  if (starts.length === 0) return answer
  await countStarted(ports, call, answer, starts)
  return { ...answer, jobIds: starts.map((start) => start.jobId) }
}

async function startsIn(
  { provider, match, json }: ReadCall,
  { response }: ProxyAnswer
): Promise<JobStart[]> {
  const bytes = await readBytes(response.clone().body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!match || !bytes) return []
  return provider.jobs.read(match, json, parseJson(bytes))
}

/** Counts a job that the provider started although it was asked only to check. */
async function countStarted(
  ports: Ports,
  call: ReadCall,
  { email }: ProxyAnswer,
  starts: JobStart[]
): Promise<void> {
  const { requestId, tenant, provider } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const account = accounts.find((one) => one.email === email)
  if (!account) return
  ports.log('check_started_jobs', { email, requestId })
  const owners = asOwn(call, jobOwners(starts, account, requestId))
  const bind = ports.slots(account.key).bind(requestId, starts, leaseAskOf(ports, call))
  await Promise.allSettled([bind, learnIds(ports, call, owners)])
}
