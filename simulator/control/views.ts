/** What /__sim/state shows. */
import { countSessions, endsAt, inFlight } from '../jobs/counts.ts'
import type { State } from '../state/state.ts'
import type { Account, Job } from '../state/types.ts'
import { toKlingView } from './kling.ts'

/** `?jobs=active` leaves out ended jobs, `?jobs=none` all jobs. */
export function toStateView(state: State, url: URL): unknown {
  const wanted = url.searchParams.get('jobs') ?? 'all'
  const account = url.searchParams.get('account')?.toLowerCase()
  const provider = url.searchParams.get('provider')
  const isShown = (key: string): boolean =>
    (!account || emailOf(key) === account) && (!provider || providerOf(key) === provider)
  const jobs = [...state.jobs.values()]
    .filter((job) => wanted !== 'none' && (wanted !== 'active' || job.status !== 'ended'))
    .filter((job) => isShown(job.account))
  return {
    now: state.now(),
    accounts: [...state.accounts.values()]
      .filter((each) => isShown(each.key))
      .map((each) => toAccountView(state, each)),
    jobs: jobs.map(toJobView),
    duplicates: listDuplicates(state),
    settings: state.settings,
    faults: [...state.faults.values()],
    plans: [...state.plans.values()],
    requests: state.requestCount,
  }
}

function toAccountView(state: State, account: Account) {
  if (account.kling) return toKlingView(state, account)
  const { key: _, startedToday, ...view } = account
  return {
    provider: 'heygen',
    ...view,
    inFlight: inFlight(state, account),
    sessions: countSessions(state, account),
    startedToday: startedToday.count,
  }
}

export function toJobView(job: Job) {
  const status = job.status === 'ended' ? job.outcome : job.status
  return {
    id: job.id,
    entityId: job.doc.entityId ?? job.id,
    type: job.type,
    provider: providerOf(job.account),
    account: emailOf(job.account),
    status,
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endsAt: endsAt(job),
    callbackId: job.callbackId,
    callbackUrl: job.callbackUrl,
    title: job.doc.title ?? null,
    row: job.row,
  }
}

/** `unknown` are the members that no schema lists, each once. */
export function toBodiesView({ bodies }: State, url: URL): unknown {
  const account = url.searchParams.get('account')?.toLowerCase()
  const bad = bodies.bad.filter((each) => !account || each.account === account)
  const unknown = bad.flatMap(({ row, faults }) =>
    faults.filter((each) => each.isUnknown).map(({ param }) => `${row} ${param}`)
  )
  const { checked, refused } = bodies
  return { checked, refused, unknown: [...new Set(unknown)], bad }
}

/** The key of an account is its email. At Kling it begins with `kling:`. */
function providerOf(key: string): string {
  return key.includes(':') ? (key.split(':')[0] ?? '') : 'heygen'
}

function emailOf(key: string): string {
  return key.slice(key.indexOf(':') + 1)
}

/** Several creations with one callback_id: a job that was started twice. */
function listDuplicates(state: State): { callbackId: string; count: number; jobs: string[] }[] {
  const byCallbackId = new Map<string, Job[]>()
  for (const job of state.jobs.values()) {
    if (job.callbackId === null) continue
    const key = `${providerOf(job.account)} ${job.callbackId}`
    byCallbackId.set(key, [...(byCallbackId.get(key) ?? []), job])
  }
  return [...byCallbackId]
    .map(([key, jobs]) => ({
      callbackId: key.slice(key.indexOf(' ') + 1),
      count: new Set(jobs.map((job) => job.creation)).size,
      jobs: jobs.map((job) => job.id),
    }))
    .filter(({ count }) => count > 1)
}
