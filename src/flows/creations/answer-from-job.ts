/**
 * A creation whose answer was lost, looked for at once in its client's own request; and the answer that it gets when its
 * job is found: the provider's own where it gave it again, else one in its shape with what a client reads of it.
 */
import type { Account } from '#domain/accounts/account.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { JobStart, Lease } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { createdOwners, jobOwners, learnIds } from '#flows/routing/learn-ids.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { lookNow } from './read-outcome.ts'

/** How a lost creation of a row can be found: `exactly`, at once and for certain; or on a list, later. */
export function soughtBy({
  provider,
  match,
  json,
  ...call
}: ReadCall): 'exactly' | 'list' | undefined {
  const route = match?.route
  if (!route?.job) return undefined
  if (provider.takesIdempotencyKey(call.path, match) && route.keyProbe) return 'exactly'
  const fingerprint = provider.clueOf(json, { ...call, match })
  const lease = { route: `${route.method} ${route.path}`, fingerprint } as Lease
  const finder = provider.finderOf(lease)
  if (finder === undefined) return undefined
  const isNamed = finder.isExact || (finder.callbackId ?? finder.details) !== undefined
  return isNamed && fingerprint.callbackId !== undefined ? 'exactly' : 'list'
}

/**
 * Undefined: not found in the time that a client waits for it. Where its job can be looked for at all, the object is told by
 * this that the call is over; else it learns so by its alarm.
 */
export async function lookAtOnce(
  ports: Ports,
  call: ReadCall,
  account: Account
): Promise<ProxyAnswer | undefined> {
  const sought = soughtBy(call)
  if (sought === undefined) return undefined
  for (const pauseMs of sought === 'exactly' ? [0, ...ports.durations.lookPausesMs] : [0]) {
    if (pauseMs > 0) await ports.after(pauseMs)
    const looked = await lookNow(ports, account, call.requestId)
    if (looked.kind === 'found') {
      ports.log('found_at_once', { email: account.email, requestId: call.requestId })
      return foundAnswer(ports, call, { ...looked, account, requestId: call.requestId })
    }
    if (looked.kind === 'absent') return undefined
  }
  return undefined
}

/** `requestId`: the creation's own, which a repeat of it is not. */
export async function foundAnswer(
  ports: Ports,
  call: ReadCall,
  found: {
    account: Account | undefined
    starts: JobStart[]
    body?: string
    requestId: string
  }
): Promise<ProxyAnswer> {
  const { provider, match, tenant, json } = call
  const { account, starts, requestId } = found
  if (!match) throw new Error('a job that was found without a row')
  const built = () => JSON.stringify(provider.creationAnswer(match, starts, json, ports.now()))
  const told = found.body === undefined ? undefined : provider.names?.down(found.body, tenant)
  const text = told ?? found.body ?? built()
  if (account) {
    const jobs = jobOwners(starts, account, requestId)
    await learnIds(ports, call, [...jobs, ...createdOwners(call, account, parseJson(text))])
  }
  const headers = { 'content-type': 'application/json' }
  return {
    response: new Response(text, { headers }),
    ...(account ? { email: account.email } : {}),
    jobIds: starts.map((start) => start.jobId),
  }
}
