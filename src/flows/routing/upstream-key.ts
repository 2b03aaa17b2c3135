/**
 * The Idempotency-Key under which a call goes up: never the client's text but a name of ours, the same for one attempt on
 * one account and another for any other. The account's object is given it too, so that it can ask under it later.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** Undefined: none goes up. Paths that no row knows carry one only where their client gave one. */
export async function upstreamKey(
  ports: Ports,
  call: ProxyCall,
  account: Account
): Promise<string | undefined> {
  const { provider, match, method, path, tenant, requestId, attempt } = call
  if (method !== 'POST' || !provider.routes.takesIdempotencyKey(path, match)) return undefined
  const given = call.headers.get('idempotency-key')
  if (!match && given === null) return undefined
  const again = attempt === undefined ? [] : [attempt]
  const text = JSON.stringify([
    'idempotency',
    tenant,
    path,
    given,
    account.key,
    requestId,
    ...again,
  ])
  return ports.vault.name(text)
}
