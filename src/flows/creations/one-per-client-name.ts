/**
 * Creations under one name that their client gave, where the provider wants names unique in an account
 * (`Provider.names`): one after the other, so that the second goes to the account of the first and is refused there.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { hexHash } from '#domain/text/hash.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import { unknownOutcome } from '#flows/jobs/unknown-outcome-errors.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { neverArrived } from './read-outcome.ts'

export async function onceByName(
  ports: Ports,
  call: ReadCall,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const [name] = namesOf(call)
  if (name === undefined) return run()
  const { tenant, provider, requestId } = call
  const desk = ports.desk(tenant, provider.name)
  // Read first: once the name is held, nothing may fail before the creation that gives it back.
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const pool = poolOf(tenant, provider.name, accounts)
  // Of a name only its hash: it may be long, and no Idempotency-Key looks like it.
  const key = `named/${await hexHash(name)}`
  const turn = await desk.beginKey(key, requestId)
  if (turn.kind === 'running') {
    throw new AppError('request_in_progress', 'A creation under this name is still in progress.')
  }
  // Nobody knew it a moment ago: meanwhile another isolate may have used it.
  ports.owners.forgetMisses(pool, [name])
  if (turn.kind === 'fresh') {
    return run().finally(() =>
      desk
        .endKey(key, requestId, { kind: 'forget' })
        .catch(() => ports.log('name_not_freed', { requestId }))
    )
  }
  // The Worker of the one before ended in the middle. Whoever has the name refuses a second one.
  const [owner] = await ports.owners.find(pool, [name])
  if (owner || turn.kind !== 'unknown') return run()
  if (!(await neverArrived(ports, { tenant, provider, requestId: turn.requestId }))) {
    throw unknownOutcome(provider.name, turn.requestId)
  }
  await desk.endKey(key, turn.requestId, { kind: 'forget' })
  return onceByName(ports, call, run)
}

/** What the client called its job. */
export function namesOf(call: ReadCall): string[] {
  const { resource } = call.provider.names ?? {}
  if (resource === undefined) return []
  return idsOf(call, call.json).flatMap(({ ref, id }) => (ref.resource === resource ? [id] : []))
}
