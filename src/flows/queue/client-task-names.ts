/**
 * The names that clients give to their jobs themselves (`Provider.names`), for queued creations. The provider learns such a name with
 * the start. Until then the name leads to the item, and no second creation may have it.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { isUnstarted } from '#domain/line/shown.ts'
import { shortId } from '#domain/jobs/fingerprint.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { hasQueued } from './translate-list.ts'
import { clientNamesIn } from '#flows/repeats/one-per-client-name.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall, ReadCall } from '#flows/upstream/proxy-call.ts'

/** The name under which the desk keeps the item of a creation. */
export function taskNameOf(call: ReadCall): string | undefined {
  const [name] = clientNamesIn(call)
  return name === undefined ? undefined : shortId(name)
}

/** The texts of a call that may be such names. A creation names its own job, which is no job of another creation. */
export function taskNamesIn(call: ProxyCall): string[] {
  const { names } = call.provider
  if (!names || !call.match) return []
  return idsOf(call, undefined).flatMap(({ ref, id }) => (names.mayBeName(ref, id) ? [id] : []))
}

/** By what the desk and the store of items find it. */
export function asTask(name: string): string {
  return `task:${shortId(name)}`
}

/**
 * The provider's refusal, if another creation has the client's name for its job: one that waits, or, where `isQueued`, one of which an
 * account is known. Without that, the provider refuses by itself. A tenant that never queued pays nothing for it, so a creation that
 * is not queued may miss a name for a minute after the tenant's first item.
 */
export async function refusalOfName(
  ports: Ports,
  call: ReadCall,
  isQueued: boolean
): Promise<ProxyAnswer | undefined> {
  const [name] = clientNamesIn(call)
  if (name === undefined || (!isQueued && !(await hasQueued(ports, call)))) return undefined
  const { tenant, provider } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const items = await itemsNamed(ports, call, name)
  const isTaken = items.some((item) => !isUnstarted(item) && (isQueued || !item.jobIds))
  if (isTaken) return alreadyExists(call, name)
  if (!isQueued) return undefined
  const [owner] = await ports.owners.find(poolOf(tenant, provider.name, accounts), [name])
  return owner && alreadyExists(call, name)
}

/** Not from the cache of this isolate, which may not know yet what another one has queued. */
async function itemsNamed(
  ports: Ports,
  { tenant, provider }: ReadCall,
  name: string
): Promise<ItemShown[]> {
  const asked = ports.desk(tenant, provider.name).itemsOf([asTask(name)])
  return asked.catch((error: unknown) => {
    if (lacksMethod(error)) return []
    throw error
  })
}

export function alreadyExists({ provider, requestId }: ReadCall, name: string): ProxyAnswer {
  const { status, body } = provider.names?.refusal(name, requestId) ?? { status: 409, body: {} }
  return { response: Response.json(body, { status }) }
}
