/**
 * Runs creations under the same client's name one after the other, if the provider accepts each name once in an account
 * (`Provider.names`). So a second creation goes to the account of the first and is refused there.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { hexHash } from '#domain/text/hash.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { hasNeverArrived } from './read-outcome.ts'

export async function runOnePerName(
  ports: Ports,
  call: ReadCall,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const [name] = clientNamesIn(call)
  if (name === undefined) return run()
  const { tenant, provider, requestId } = call
  const desk = ports.desk(tenant, provider.name)
  // The accounts are read before the name is taken, because after that nothing may fail before the creation, which frees the name.
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const pool = poolOf(tenant, provider.name, accounts)
  // The key contains a hash, because a name may be long. No client's Idempotency-Key has this form.
  const key = `named/${await hexHash(name)}`
  const turn = await desk.beginKey(key, requestId)
  if (turn.kind === 'running') {
    throw new AppError('request_in_progress', 'A creation under this name is still in progress.')
  }
  // Another isolate may have used the name since this isolate found no owner of it.
  ports.owners.forgetMisses(pool, [name])
  if (turn.kind === 'fresh') {
    return run().finally(() =>
      desk
        .endKey(key, requestId, { kind: 'forget' })
        .catch(() => ports.log('name_not_freed', { requestId }))
    )
  }
  // The earlier creation's Worker crashed. If that creation reached the provider, its account has the name and refuses this one.
  const [owner] = await ports.owners.find(pool, [name])
  if (owner || turn.kind !== 'unknown') return run()
  const earlier = { tenant, provider, requestId: turn.requestId }
  if (!(await hasNeverArrived(ports, earlier))) throw unknownOutcome(provider.name, turn.requestId)
  await desk.endKey(key, turn.requestId, { kind: 'forget' })
  return runOnePerName(ports, call, run)
}

/** The names that the client gave its job. */
export function clientNamesIn(call: ReadCall): string[] {
  const { resource } = call.provider.names ?? {}
  if (resource === undefined) return []
  return idsOf(call, call.json).flatMap(({ ref, id }) => (ref.resource === resource ? [id] : []))
}
