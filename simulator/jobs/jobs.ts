/**
 * Jobs of both providers: started, queued and ended. The alarm ends jobs when their time is over, and so does
 * `settleDue` at the beginning of every request.
 */
import { emitJobEvents } from '../heygen/events/events.ts'
import { endKlingTask } from '../kling/events/task-end.ts'
import type { State } from '../state/state.ts'
import type { Account, Failure, Job } from '../state/types.ts'
import type { Doc } from '../text/json.ts'
import { activeJobs, countRunning, countStart, endsAt } from './counts.ts'
import { isFailed, toFailure } from './outcomes.ts'
import { canPay } from './prices.ts'

type NewJob = {
  id: string
  creation: string
  type: string
  row: string
  durationMs: number | null
  outcome: string
  failure: Failure | null
  callbackId: string | null
  callbackUrl: string | null
  doc: Doc
  slots?: number
  /** In credits; 1 if absent. */
  price?: number
}

export function startJob(state: State, account: Account, job: NewJob): Job {
  const now = state.now()
  const waits =
    account.overflow === 'queue' &&
    account.concurrency !== null &&
    job.type !== 'streaming-session' &&
    countRunning(state, account) >= account.concurrency
  const { price = 1, ...rest } = job
  const isPaid = job.type !== 'streaming-session' && canPay(account, price)
  const charged = account.credits !== null && isPaid ? price : 0
  const started = state.putJob({
    ...rest,
    key: job.id,
    account: account.key,
    status: waits ? 'queued' : 'running',
    createdAt: now,
    startedAt: waits ? null : now,
    endedAt: null,
    charged,
  })
  if (account.credits !== null) account.credits -= charged
  countStart(state, account, job.type)
  schedule(state, started)
  return started
}

function schedule(state: State, job: Job): void {
  const at = endsAt(job)
  if (at === null) return
  state.nextDueAt = Math.min(state.nextDueAt, at)
  state.wakeAt(at)
}

/** Ends the jobs that are due, in the order of their ends, so that a queued job starts when a slot became free. */
export function settleDue(state: State): void {
  const now = state.now()
  if (now < state.nextDueAt) return
  for (;;) {
    const due = findEarliestDue(state, now)
    if (!due) break
    endJob(state, due.job, { at: due.at })
  }
}

function findEarliestDue(state: State, now: number): { job: Job; at: number } | undefined {
  let earliest: { job: Job; at: number } | undefined
  let next = Infinity
  for (const active of state.active.values()) {
    for (const job of active) {
      const at = endsAt(job)
      if (at === null) continue
      if (at > now) next = Math.min(next, at)
      else if (!earliest || at < earliest.at) earliest = { job, at }
    }
  }
  state.nextDueAt = earliest ? now : next
  if (!earliest) state.wakeAt(next)
  return earliest
}

type JobEnd = { at?: number; outcome?: string; failure?: Failure | null }

export function endJob(state: State, job: Job, end: JobEnd = {}): void {
  if (job.status === 'ended') return
  const at = end.at ?? state.now()
  const outcome = end.outcome ?? job.outcome
  const failure = end.failure ?? job.failure
  Object.assign(job, {
    status: 'ended',
    endedAt: at,
    startedAt: job.startedAt ?? at,
    outcome,
    failure: isFailed(outcome) ? (failure ?? toFailure()) : failure,
  })
  state.putJob(job)
  const account = state.accounts.get(job.account)
  if (!account) return
  // Failed jobs are free.
  if (isFailed(outcome) && account.credits !== null && job.charged) {
    account.credits += job.charged
    state.accounts.put(account)
  }
  startWaiting(state, account, at)
  if (account.kling) endKlingTask(state, account.kling, job)
  else emitJobEvents(state, job)
}

function startWaiting(state: State, account: Account, at: number): void {
  const waiting = activeJobs(state, account).filter((job) => job.status === 'queued')
  const free = (account.concurrency ?? Infinity) - countRunning(state, account)
  for (const job of waiting
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .slice(0, Math.max(0, free))) {
    state.putJob(Object.assign(job, { status: 'running', startedAt: at }))
    schedule(state, job)
  }
}
