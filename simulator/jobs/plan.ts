/** How a new job is going to end, and when. */
import type { State } from '../state/state.ts'
import type { Account, Plan } from '../state/types.ts'
import type { Doc } from '../text/json.ts'
import { isFailed, NO_CREDIT, NO_CREDIT_LATER, toFailure } from './outcomes.ts'

/** A plan of the control API comes first, then marks in the text of the creation, then the settings. */
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

/** A negative duration means that the job ends only by hand. */
function toDuration(ms: number | null): number | null {
  return ms === null || ms < 0 ? null : ms
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

/** The duration of a job from outside: `durationMs` of the control call, else the setting. */
export function outsideDuration(state: State, { durationMs }: Doc): number | null {
  return toDuration(durationMs === undefined ? state.settings.jobMs : (durationMs as number | null))
}
