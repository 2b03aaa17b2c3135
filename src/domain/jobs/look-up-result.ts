/** The result of a search for a creation's job, as an account's object answers it. Pure. */
import type { EndedJob, JobStart, Lease } from '#domain/slots/lease.ts'
import { isLost } from './match-lost-creations.ts'

/**
 * `found`: the creation's jobs are certain; `body`: the provider's own answer, if the provider gave it again. `later`: the provider
 * still works on the creation. `absent`: the creation never reached the provider. `unknown`: nothing is known (yet).
 */
export type LookUpResult =
  | { kind: 'found'; starts: JobStart[]; body?: string }
  | { kind: 'later' | 'absent' | 'unknown' }

/** `leases`, `ended`: the creation's leases and ended jobs. `last`: the result of the search. */
export function lookUpResultOf(
  leases: readonly Lease[],
  ended: readonly EndedJob[],
  last: LookUpResult
): LookUpResult {
  // The result is `found` only if all jobs of the creation are found.
  if (leases.some(isLost)) return last.kind === 'found' ? { kind: 'unknown' } : last
  const starts = [...leases, ...ended.map(({ lease }) => lease)].flatMap(startOf)
  if (starts.length > 0) {
    const body = last.kind === 'found' ? last.body : undefined
    return { kind: 'found', starts, ...(body === undefined ? {} : { body }) }
  }
  const isAbsent = ended.length > 0 && ended.every(({ outcome }) => outcome.status === 'absent')
  return isAbsent && leases.length === 0 ? { kind: 'absent' } : { kind: 'unknown' }
}

/** The job of a lease. A suspected job is left out, because it may belong to another creation. */
function startOf({ jobId, state, watch, ask }: Lease): JobStart[] {
  if (jobId === undefined || state === 'suspect' || state === 'unbound') return []
  return [{ jobId, watch, ...(ask === undefined ? {} : { ask }) }]
}
