/** What the lease of a queued creation knows of its item in the line (RFC 0009). Pure. */
import { leaseIdOf, newLease, type EndedJob, type Lease, type LeaseAsk } from './lease.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** Which job of its creation the lease is for, from 0. */
export function partOf({ id, requestId }: Pick<Lease, 'id' | 'requestId'>): number {
  return id === requestId ? 0 : Number(id.slice(requestId.length + 1))
}

/** What clients call the lease's job. Undefined: the creation was not queued, so the provider's id is the only name. */
export function jobNameOf(lease: Pick<Lease, 'id' | 'requestId' | 'item'>): string | undefined {
  return lease.item?.names[partOf(lease)]
}

/** The request in which the client asked for the job. */
export function askedBy({ requestId, item }: Pick<Lease, 'requestId' | 'item'>): string {
  return item?.requestId ?? requestId
}

/** Whether it is the end of an item that ended in the line: the desk had it told under the item's own id. */
export function neverLeftLine({ requestId, item }: Pick<Lease, 'requestId' | 'item'>): boolean {
  return item !== undefined && item.id === requestId
}

/** What the lease's job is called in its token's share. An item may have had several leases, and is counted once. */
export function shareNameOf(lease: Lease): string {
  return lease.item ? leaseIdOf(lease.item.id, partOf(lease)) : lease.id
}

/** Those of a tenant's tokens with limits, which no desk may forget. */
export function limitedShares(leases: readonly Lease[], tenant: string): string[] {
  const mine = leases.filter((lease) => lease.tenant === tenant && lease.isLimited)
  return mine.map((lease) => shareNameOf(lease))
}

/** What the jobs of an item are called there. */
export function shareNamesOf(item: string, jobs: number): string[] {
  return Array.from({ length: jobs }, (_, part) => leaseIdOf(item, part))
}

/**
 * Whether the lease's item goes back into the line, so that nobody is told of this end (decision 0059): nothing that could be its job
 * was found, and it is the first time. Of several jobs of one creation one may have run, so all must have ended so, together.
 */
export function goesBack({ lease: { item }, outcome }: EndedJob): boolean {
  if (!item || outcome.status !== 'absent') return false
  return item.absents === 0 && (item.names.length === 1 || outcome.isOfAll === true)
}

/** Marks the ends of a creation of several jobs of which none ran. Ends that come one after the other are not marked. */
export function withAbsentCreations(ended: readonly EndedJob[]): EndedJob[] {
  return ended.map((end) => {
    const { requestId, item } = end.lease
    if (!item || item.names.length < 2 || end.outcome.status !== 'absent') return end
    const absent = ended.filter(
      ({ lease, outcome }) => lease.requestId === requestId && outcome.status === 'absent'
    )
    const isOfAll = absent.length === item.names.length
    return isOfAll ? { ...end, outcome: { ...end.outcome, isOfAll } } : end
  })
}

/**
 * The ends of a queued creation that never started: one for each job that it would have had. `ask`: for the lease that it never got.
 * `refusal`: what the provider said, sealed. The first of them keeps it.
 */
export function unstartedEnds(
  ask: LeaseAsk,
  detail: string,
  endedAt: number,
  durations: Durations,
  refusal?: string
): EndedJob[] {
  const outcome = { status: 'failed', detail, isUnstarted: true } as const
  return (ask.item?.names ?? []).map((_, part) => {
    const kept = part === 0 && refusal !== undefined ? { refusal } : {}
    return { lease: newLease(ask, part, endedAt, durations), endedAt, outcome, ...kept }
  })
}
