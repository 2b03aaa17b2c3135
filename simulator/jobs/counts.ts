/** How many of an account's jobs are in flight. The simulator counts for itself, so tests compare the gateway's count with it. */
import type { State } from '../state/state.ts'
import type { Account, Job } from '../state/types.ts'

/** Slots in use, synchronous calls included. */
export function inFlight(state: State, account: Account): number {
  const slots = activeJobs(state, account).reduce((sum, job) => sum + (job.slots ?? 1), 0)
  return slots + (state.syncCalls.get(account.key) ?? 0)
}

/** Slots that count against the concurrency. Interactive sessions have a limit of their own. */
export function countedSlots(state: State, account: Account): number {
  return inFlight(state, account) - countSessions(state, account)
}

export function countSessions(state: State, account: Account): number {
  return activeJobs(state, account).filter((job) => job.type === 'streaming-session').length
}

export function activeJobs(state: State, account: Account): Job[] {
  return [...(state.active.get(account.key) ?? [])]
}

/** Called after the new job is counted, so that the maximum includes it. */
export function countStart(state: State, account: Account, type: string): void {
  account.jobsStarted += 1
  account.maxInFlight = Math.max(account.maxInFlight, inFlight(state, account))
  account.startedToday = {
    day: today(state),
    count: videosToday(state, account) + (type === 'video' ? 1 : 0),
  }
  state.accounts.put(account)
}

export function countRunning(state: State, account: Account): number {
  return activeJobs(state, account).filter((job) => job.status === 'running').length
}

/** Videos that the account started on this day (UTC). */
export function videosToday(state: State, { startedToday }: Account): number {
  return startedToday.day === today(state) ? startedToday.count : 0
}

function today(state: State): string {
  return new Date(state.now()).toISOString().slice(0, 10)
}

export function endsAt(job: Job): number | null {
  if (job.endedAt !== null) return job.endedAt
  if (job.startedAt === null || job.durationMs === null) return null
  return job.startedAt + job.durationMs
}
