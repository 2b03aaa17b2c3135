/**
 * What an account's object knows of queued creations from its own tables: which are under way, and what became of one that is handed
 * over again. Pure. The tables outlive a restart, so an item that was sent is never sent under a second lease because of one.
 */
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { EndedJob, JobStart, Lease } from '#domain/slots/lease.ts'
import { goesBack, partOf } from '#domain/slots/queued-lease.ts'

/** An item that ended as `absent` so often is over. */
const ABSENTS_MAX = 2

/** The items of this tenant that are being sent or searched for: those of leases that are not bound to a job. */
export function underWayOf(leases: readonly Lease[], tenant: string): string[] {
  const open = leases.filter((lease) => lease.tenant === tenant && isLost(lease))
  return open.flatMap(({ item }) => item?.id ?? [])
}

/**
 * `none`: nothing runs, and nothing is searched for; `absents`: how many leases have ended so. `under way`: a lease is searched for, or
 * being sent under. `begun`: under that lease. `over`: that lease has ended without a job that is known, and the client was told.
 */
export type Evidence =
  | { kind: 'none'; absents: number }
  | { kind: 'under way' }
  | { kind: 'begun'; leaseId: string; starts: JobStart[]; parts: number[] }
  | { kind: 'over'; leaseId: string; reason: string; detail?: string }

/** `leaseIds`: those under which this account had the item. `leases` and `endedOf`: all of the account's. */
export function evidenceOf(
  leaseIds: readonly string[],
  leases: readonly Lease[],
  endedOf: (leaseId: string) => readonly EndedJob[]
): Evidence {
  const tries = leaseIds.map((leaseId) => {
    const live = leases.filter(({ requestId }) => requestId === leaseId)
    return { leaseId, live, ended: endedOf(leaseId) }
  })
  for (const { leaseId, live, ended } of tries) {
    if (live.some(isLost)) continue
    const own = [...live, ...ended.filter(isOfItsOwn).map(({ lease }) => lease)]
    const started = own
      .toSorted((one, other) => partOf(one) - partOf(other))
      .flatMap((lease) => startOf(lease).map((start) => ({ start, part: partOf(lease) })))
    if (started.length === 0) continue
    const starts = started.map(({ start }) => start)
    return { kind: 'begun', leaseId, starts, parts: started.map(({ part }) => part) }
  }
  if (tries.some(({ live }) => live.length > 0)) return { kind: 'under way' }
  const ends = tries.filter(({ ended }) => ended.length > 0)
  const all = ends.flatMap(({ ended }) => ended)
  const told = all.find((end) => !goesBack(end))
  const over = told ?? all.at(-1)
  if (!over || (!told && ends.length < ABSENTS_MAX)) return { kind: 'none', absents: ends.length }
  const { status, detail, isUnstarted } = over.outcome
  return {
    kind: 'over',
    leaseId: over.lease.requestId,
    reason: isUnstarted ? 'refused' : status,
    ...(detail === undefined ? {} : { detail }),
  }
}

/** Whether the job of the end was certainly the creation's own. */
function isOfItsOwn({ lease, outcome: { status } }: EndedJob): boolean {
  return !isLost(lease) && status !== 'absent' && status !== 'outcome_unknown'
}

function startOf({ jobId, watch, ask, askElse, isReused }: Lease): JobStart[] {
  if (jobId === undefined) return []
  const start: JobStart = { jobId, watch }
  if (ask !== undefined) start.ask = ask
  if (askElse !== undefined) start.askElse = askElse
  if (isReused) start.isReused = true
  return [start]
}
