/** The answer of a creation whose own answer was lost, once its job is known. */
import type { Account } from '#domain/accounts/account.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { createdOwners, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'

/** `requestId`: of the creation itself, also where a repeat of it is answered. `body`: the provider's own answer. */
interface KnownJob {
  requestId: string
  /** Undefined: its account was removed. */
  account: Account | undefined
  starts: JobStart[]
  body?: string
}

/** The provider's own answer where it gave it again; else one in its shape, with what clients read of it. */
export async function answerFromJob(
  ports: Ports,
  call: ReadCall,
  job: KnownJob
): Promise<ProxyAnswer> {
  const { provider, match, tenant, json } = call
  const { account, starts, requestId, body } = job
  if (!match) throw new Error('a job that was found without a row')
  const repeated = body === undefined ? undefined : (provider.names?.toClient(body, tenant) ?? body)
  const text =
    repeated ?? JSON.stringify(provider.jobs.buildAnswer(match, starts, json, ports.now()))
  if (account) {
    const owners = jobOwners(starts, account, requestId)
    await learnIds(ports, call, [...owners, ...createdOwners(call, account, parseJson(text))])
  }
  const headers = { 'content-type': 'application/json' }
  return {
    response: new Response(text, { headers }),
    ...(account ? { email: account.email } : {}),
    jobIds: starts.map((start) => start.jobId),
  }
}
