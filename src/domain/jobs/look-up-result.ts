/** What an account's object knows of a creation after it searched for the job. Pure. */
import type { EndedJob, JobStart, Lease } from '#domain/slots/lease.ts'
import { isLost } from './match-lost-creations.ts'

/**
 * `found`: the creation's own jobs, for certain; `body`: the provider's own answer, where it gave that again. `later`: the
 * provider still works on it. `absent`: it never reached the provider. `unknown`: not known (yet).
 */
export type LookUpResult =
  | { kind: 'found'; starts: JobStart[]; body?: string }
  | { kind: 'later' | 'absent' | 'unknown' }

/** `leases`, `ended`: those of this creation. `last`: the result of the search itself. */
export function lookUpResultOf(
  leases: readonly Lease[],
  ended: readonly EndedJob[],
  last: LookUpResult
): LookUpResult {
  // All jobs of a creation are answered together, or none.
  if (leases.some(isLost)) return last.kind === 'found' ? { kind: 'unknown' } : last
  const starts = [...leases, ...ended.map(({ lease }) => lease)].flatMap(startOf)
  if (starts.length > 0) {
    const body = last.kind === 'found' ? last.body : undefined
    return { kind: 'found', starts, ...(body === undefined ? {} : { body }) }
  }
  const isAbsent = ended.length > 0 && ended.every(({ outcome }) => outcome.status === 'absent')
  return isAbsent && leases.length === 0 ? { kind: 'absent' } : { kind: 'unknown' }
}

/** Not the job of a suspect, which may be another creation's. */
function startOf({ jobId, state, watch, ask }: Lease): JobStart[] {
  if (jobId === undefined || state === 'suspect' || state === 'unbound') return []
  return [{ jobId, watch, ...(ask === undefined ? {} : { ask }) }]
}
