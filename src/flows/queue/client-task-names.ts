/**
 * The names that clients give to their jobs themselves (`Provider.names`), for queued creations. The provider learns such a name with
 * the start. Until then the name leads to the item, and no second creation may have it.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { ItemShown, NewItem } from '#domain/queue/item.ts'
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

/**
 * The texts of a call that may be such names. A creation names its own job, which is no job of another creation. `isUnknown`: the
 * provider does not know what the call names, so texts count, too, that have the form of its own ids.
 */
export function taskNamesIn(call: ProxyCall, isUnknown = false): string[] {
  const { names } = call.provider
  if (!names || !call.match) return []
  const ids = idsOf(call, undefined)
  return ids.flatMap(({ ref, id }) => (names.mayBeName(ref, id, isUnknown) ? [id] : []))
}

/** By what the desk and the store of items find it. */
export function asTask(name: string): string {
  return asKept(shortId(name))
}

function asKept(taskName: string): string {
  return `task:${taskName}`
}

/** All by which an item is found. */
export function namesOf({ item, names, taskName }: Named & Pick<ItemShown, 'item'>): string[] {
  return [item, ...names, ...(taskName === undefined ? [] : [asKept(taskName)])]
}

type Named = Pick<ItemShown, 'names' | 'taskName'>

/** This isolate may remember such a name as free, or as that of an item that has ended. */
export function forgetTaskNames(
  ports: Pick<Ports, 'items'>,
  { tenant, provider }: Pick<ProxyCall, 'tenant' | 'provider'>,
  items: readonly Pick<NewItem, 'record'>[]
): void {
  const names = items.flatMap(({ record: { taskName } }) => taskName ?? []).map(asKept)
  ports.items.forget({ tenant, provider: provider.name }, names)
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
