/** What the lease of a queued creation knows of its item in the line (RFC 0009). Pure. */
import { leaseIdOf, newLease, type EndedJob, type Lease, type LeaseAsk } from './lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** What clients call the lease's job. Undefined: the creation was not queued, so the provider's id is the only name. */
export function jobNameOf({ id, requestId, item }: Lease): string | undefined {
  return item?.names[partOf({ id, requestId })]
}

/** What the lease's job is called in its token's share. An item may have had several leases, and is counted once. */
export function shareNameOf({ id, requestId, item }: Lease): string {
  return item ? leaseIdOf(item.id, partOf({ id, requestId })) : id
}

/** What the jobs of an item are called there. */
export function shareNamesOf(item: string, jobs: number): string[] {
  return Array.from({ length: jobs }, (_, part) => leaseIdOf(item, part))
}

function partOf({ id, requestId }: Pick<Lease, 'id' | 'requestId'>): number {
  return id === requestId ? 0 : Number(id.slice(requestId.length + 1))
}

/**
 * Whether the lease's item goes back into the line, so that nobody is told of this end (decision 0059): nothing that could be its job
 * was found, and it is the first time. Of several jobs of one creation another one may have run, so such an item never goes back.
 */
export function goesBack({ lease: { item }, outcome }: EndedJob): boolean {
  if (!item || outcome.status !== 'absent') return false
  return item.absents === 0 && item.names.length === 1
}

/** The ends of a queued creation that never started: one for each job that it would have had. `ask`: for the lease that it never got. */
export function unstartedEnds(
  ask: LeaseAsk,
  detail: string,
  endedAt: number,
  durations: Durations
): EndedJob[] {
  const outcome = { status: 'failed', detail, isUnstarted: true } as const
  return (ask.item?.names ?? []).map((_, part) => {
    return { lease: newLease(ask, part, endedAt, durations), endedAt, outcome }
  })
}
