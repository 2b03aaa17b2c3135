/**
 * Jobs, and the witness: how many of an account's jobs are in flight, counted here and by nobody else. A job ends by
 * the clock even when nobody looks; whoever looks next brings the books up to date first (`settleDue`).
 */
import { endKlingTask } from '../kling/events/task-end.ts'
import { emitJobEvents } from '../heygen/events/events.ts'
import { canPay } from './prices.ts'
import type { State } from '../state/state.ts'
import type { Account, Doc, Failure, Job, Plan } from '../state/types.ts'

export type NewJob = {
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
  /** In credits; 1 unless told. */
  price?: number
}

export function inFlight(state: State, account: Account): number {
  const slots = activeJobs(state, account).reduce((sum, job) => sum + (job.slots ?? 1), 0)
  return slots + (state.syncCalls.get(account.key) ?? 0)
}

/** Jobs that count against the concurrency; an interactive session has a limit of its own. */
export function countedJobs(state: State, account: Account): number {
  const sessions = activeJobs(state, account).filter((job) => job.type === 'streaming-session')
  return inFlight(state, account) - sessions.length
}

export function activeJobs(state: State, account: Account): Job[] {
  return [...(state.active.get(account.key) ?? [])]
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

/** Call after the newcomer is in the books: the maximum is of real overlap. */
export function countStart(state: State, account: Account, type: string): void {
  const day = new Date(state.now()).toISOString().slice(0, 10)
  const today = account.startedToday.day === day ? account.startedToday.count : 0
  account.jobsStarted += 1
  account.maxInFlight = Math.max(account.maxInFlight, inFlight(state, account))
  account.startedToday = { day, count: today + (type === 'video' ? 1 : 0) }
  state.accounts.put(account)
}

function countRunning(state: State, account: Account): number {
  return activeJobs(state, account).filter((job) => job.status === 'running').length
}

export function endsAt(job: Job): number | null {
  if (job.endedAt !== null) return job.endedAt
  if (job.startedAt === null || job.durationMs === null) return null
  return job.startedAt + job.durationMs
}

function schedule(state: State, job: Job): void {
  const at = endsAt(job)
  if (at === null) return
  state.nextDueAt = Math.min(state.nextDueAt, at)
  state.wakeAt(at)
}

/** Ends what is over, oldest end first, so that queued jobs start when a place became free and not later. */
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

export type JobEnd = { at?: number; outcome?: string; failure?: Failure | null }

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
    failure: isFailed(outcome)
      ? (failure ?? { code: 'generation_failed', message: 'Generation failed' })
      : failure,
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

export function isFailed(outcome: string): boolean {
  return outcome !== 'completed'
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

/** How a new job will go: a plan of the control API, else marks in its text, else the settings. */
export function planJob(
  state: State,
  account: Account,
  job: { type: string; path: string; text: string }
) {
  const plan = takePlan(state, account, job)
  const marked = /\[ms=(\d+)\]/.exec(job.text)?.[1]
  const held = job.text.includes('[hold]')
  const durationMs = held ? null : marked ? Number(marked) : toDuration(state.settings.jobMs)
  if (plan) {
    const outcome = plan.outcome ?? 'completed'
    return {
      durationMs: plan.durationMs === undefined ? durationMs : plan.durationMs,
      outcome,
      failure: isFailed(outcome) ? toFailure(plan.code, plan.message) : null,
    }
  }
  if (job.text.includes('[nocredit]')) {
    const failure = job.type === 'image-generation' ? NO_CREDIT_LATER : NO_CREDIT
    return { durationMs, outcome: 'failed', failure }
  }
  if (job.text.includes('[fail]')) return { durationMs, outcome: 'failed', failure: toFailure() }
  return { durationMs, outcome: 'completed', failure: null }
}

export const NO_CREDIT: Failure = {
  code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT',
  message: 'Insufficient credit',
}

/** Images tell it in the words of v3, and only when they are polled. */
const NO_CREDIT_LATER: Failure = { code: 'insufficient_credit', message: 'Insufficient credits.' }

export function toFailure(code?: string, message?: string): Failure {
  return { code: code ?? 'generation_failed', message: message ?? 'Generation failed' }
}

/** A negative duration means: until told otherwise. */
function toDuration(ms: number): number | null {
  return ms < 0 ? null : ms
}

function takePlan(
  state: State,
  account: Account,
  job: { type: string; path: string }
): Plan | undefined {
  const plan = state.plans
    .values()
    .find(
      (each) =>
        (!each.account || each.account.toLowerCase() === account.email) &&
        (!each.type || each.type === job.type) &&
        (!each.path || each.path === job.path)
    )
  if (!plan) return undefined
  if (plan.times <= 1) state.plans.delete(plan.key)
  else state.plans.put(Object.assign(plan, { times: plan.times - 1 }))
  return plan
}
