/** Decides the outcome of an earlier creation from the records of its jobs. Pure. */
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { JobStart } from '#domain/slots/lease.ts'

/**
 * `open`: at least one of its jobs is still searched for. `found`: its own jobs. `absent`: it never reached the provider.
 * `over`: the search has ended, and the outcome stays unknown.
 */
export type RecordedOutcome =
  | { kind: 'found'; starts: JobStart[] }
  | { kind: 'open' }
  | { kind: 'absent' | 'over' }

/** `records`: one for each job of the creation. The outcome is `found` only if all jobs are found. */
export function outcomeOf(records: readonly JobRecord[]): RecordedOutcome {
  if (records.some(({ lease, ended }) => !ended && isLost(lease))) return { kind: 'open' }
  const starts = records.flatMap(startOf)
  if (starts.length > 0) return { kind: 'found', starts }
  const isAbsent = records.every(({ ended }) => ended?.outcome.status === 'absent')
  return { kind: isAbsent ? 'absent' : 'over' }
}

/** The job of a record. A suspected job is left out, because it may belong to another creation. */
function startOf({ lease, ended }: JobRecord): JobStart[] {
  const { jobId, state, watch, ask, askElse } = lease
  const isItsOwn = state === 'running' || state === 'waiting'
  const isKnown = ended?.outcome.status !== 'absent' && ended?.outcome.status !== 'outcome_unknown'
  if (jobId === undefined || !isItsOwn || !isKnown) return []
  return [
    {
      jobId,
      watch,
      ...(ask === undefined ? {} : { ask }),
      ...(askElse === undefined ? {} : { askElse }),
    },
  ]
}
