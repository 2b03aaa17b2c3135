/** Makes the answer of a creation whose own answer was lost, from the job that was found later. */
import type { Account } from '#domain/accounts/account.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { asOwn, createdOwners, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'

/** `requestId`: the creation's, also if a repeat of it is answered. `body`: the provider's own answer. */
interface KnownJob {
  requestId: string
  /** Undefined: the job's account was removed. */
  account: Account | undefined
  starts: JobStart[]
  body?: string
}

/** Returns the provider's own answer if the provider gave it again, else one in the same form with the members that clients read. */
export async function answerFromJob(
  ports: Ports,
  call: ReadCall,
  job: KnownJob
): Promise<ProxyAnswer> {
  const { provider, match, tenant, json } = call
  const { account, starts, requestId, body } = job
  if (!match) throw new Error('a job that was found without a row')
  // The provider gave an older call's answer to the newer call that was made for it, so its form is another.
  const own = provider.legacy?.rowOf(match.route) ? undefined : body
  const repeated = own === undefined ? undefined : (provider.names?.toClient(own, tenant) ?? own)
  const text =
    repeated ?? JSON.stringify(provider.jobs.buildAnswer(match, starts, json, ports.now()))
  if (account) {
    const owners = asOwn(call, jobOwners(starts, account, requestId))
    await learnIds(ports, call, [...owners, ...createdOwners(call, account, parseJson(text))])
  }
  const headers = { 'content-type': 'application/json' }
  return {
    response: new Response(text, { headers }),
    ...(account ? { email: account.email } : {}),
    jobIds: starts.map((start) => start.jobId),
  }
}
