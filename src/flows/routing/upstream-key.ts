/**
 * Makes the Idempotency-Key that goes to the provider. It is never the client's text: it is derived from the tenant, the
 * request, the account and the attempt, so each attempt on each account has its own. The account's object keeps it, to
 * ask for the creation's answer later.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** Undefined: no key is sent. On a path that no row matches, a key is sent only if the client gave one. */
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
    ...(call.own ? [call.own.token] : []),
    path,
    given,
    account.key,
    requestId,
    ...again,
  ])
  return ports.vault.name(text)
}
