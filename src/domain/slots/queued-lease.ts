/** What the lease of a queued creation knows of its item in the line (RFC 0009). Pure. */
import type { EndedJob, Lease } from './lease.ts'

/** What clients call the lease's job. Undefined: the creation was not queued, so the provider's id is the only name. */
export function jobNameOf({ id, requestId, item }: Lease): string | undefined {
  const part = id === requestId ? 0 : Number(id.slice(requestId.length + 1))
  return item?.names[part]
}

/**
 * Whether the lease's item goes back into the line, so that nobody is told of this end (decision 0059): nothing that could be its job
 * was found, and it is the first time. Of several jobs of one creation another one may have run, so such an item never goes back.
 */
export function goesBack({ lease: { item }, outcome }: EndedJob): boolean {
  if (!item || outcome.status !== 'absent') return false
  return item.absents === 0 && item.names.length === 1
}
