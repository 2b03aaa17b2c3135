/**
 * Cancels a queued creation before it is chosen. A token cancels its own; one with the scope `full` those of its tenant, but an own
 * token never another's.
 */
import type { Actor } from '#domain/access/audit.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { namesOf } from './client-task-names.ts'

const RETRY_SECONDS = 5

type Asking = Pick<ProxyCall, 'tenant' | 'provider' | 'tokenId' | 'mayChange' | 'by' | 'own'>

export async function cancelItem(ports: Ports, asking: Asking, name: string): Promise<ItemShown> {
  const { tenant, provider, tokenId = '', mayChange, by, own } = asking
  const desk = ports.desk(tenant, provider.name)
  const missing = unlessMissing
  let cancelled = await desk.cancelItem(name, tokenId, own !== undefined).catch(missing)
  if (cancelled === undefined && mayChange === true && !own && by)
    cancelled = await cancelAnothers(ports, asking, name, by)
  const names = typeof cancelled === 'object' ? namesOf(cancelled) : []
  ports.items.forget({ tenant, provider: provider.name }, [name, ...names])
  if (cancelled === undefined) {
    throw new AppError('not_found', `Unable to locate queued job ${name}`)
  }
  if (cancelled !== 'late') return cancelled
  const [{ state } = { state: 'chosen' }] = (await desk.itemsOf([name]).catch(missing)) ?? []
  if (state === 'begun') {
    // Another try would be late, too.
    const late = `${name} has begun. The provider's own call deletes it.`
    throw new AppError('conflict', late, { jobIds: [name] })
  }
  const message = `${name} is being started. It can be deleted when it has begun.`
  const details = { retryAfterSeconds: RETRY_SECONDS, jobIds: [name] }
  throw new AppError('resource_not_ready', message, details)
}

/** Whether an item was not cancelled because its jobs have begun. */
export function hasBegun(error: unknown): boolean {
  return error instanceof AppError && error.code === 'conflict'
}

/** The desk writes the audit line with the end. */
async function cancelAnothers(
  ports: Ports,
  { tenant, provider }: Asking,
  name: string,
  by: Actor
): Promise<ItemShown | 'late' | undefined> {
  const desk = ports.desk(tenant, provider.name)
  try {
    return await desk.cancelItemBy(name, by)
  } catch (error) {
    if (!lacksMethod(error)) throw error
  }
  // A desk of an older release. The line comes first, so that nobody's item is cancelled by another token without one.
  const [known] = (await desk.itemsOf([name]).catch(unlessMissing)) ?? []
  if (!known) return undefined
  const entry = { action: 'item.cancelled', tenant, provider: provider.name } as const
  await desk.noteAudit({ ...entry, subject: name }, by)
  return desk.cancelItem(name).catch(unlessMissing)
}

function unlessMissing(error: unknown): undefined {
  if (lacksMethod(error)) return undefined
  throw error
}
