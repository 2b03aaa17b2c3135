/**
 * Decides which rows of a provider's list may be the jobs of lost creations, and how a search changes their leases. Pure.
 *
 * Only a callback id or a name that no other creation has proves that a row is the creation's own job. Any other possible row
 * makes the lease a suspect: the slot stays taken until that row's job ends, and the job is never shown as the client's.
 */
import { boundTo, withoutReports } from './bind-jobs.ts'
import { WHOLE_SEARCHES } from './apply-reports.ts'
import { type Change, type JobStart, type Lease } from '#domain/slots/lease.ts'
import { bindFound, countSearch, endWith, nextSearchAt } from './reconcile.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** One row of a provider's list of recent jobs. */
export interface Candidate {
  id: string
  title?: string
  /** When the job was made, epoch ms: by the provider's clock, and converted to ours. Absent: the row has no time. */
  times?: readonly number[]
  callbackId?: string
  /** Whether the job runs. Absent: the row does not show it. */
  state?: 'running' | 'over'
  /** When this account's object first saw the row; absent: now. */
  seenAt?: number
}

/** How far two clocks may differ; times in rows are also cut to whole seconds. */
const CLOCK_SKEW_MS = 60_000

/**
 * `exact`: the row is the creation's job. `suspect`: the row may be its job. `taken`: every possible row is matched to another
 * creation. `over`: the possible rows are of ended jobs. `none`: no row may be its job.
 */
export type Match =
  | { kind: 'exact' | 'suspect'; row: Candidate }
  | { kind: 'taken' | 'over' | 'none' }

/** Whether the job of a lease is not known for certain. */
export function isLost({ state, kind, jobId }: Pick<Lease, 'state' | 'kind' | 'jobId'>): boolean {
  return kind === 'job' && (state === 'unbound' || (state === 'suspect' && jobId !== undefined))
}

/** Whether a row may be the lease's job: judged by its callback id, when it was first seen, and when it was made. */
export function mayBeJobOf(lease: Lease, row: Candidate, durations: Durations): boolean {
  const { callbackId } = lease.fingerprint
  if (row.callbackId !== undefined && row.callbackId !== callbackId) return false
  if (row.seenAt !== undefined && row.seenAt < lease.acquiredAt) return false
  if (row.times === undefined || row.times.length === 0) return true
  const from = lease.acquiredAt - CLOCK_SKEW_MS
  const to = lease.acquiredAt + durations.createGiveUpMs + CLOCK_SKEW_MS
  return row.times.some((time) => time >= from && time <= to)
}

/** Whether the row was made before this creation was sent, by either clock. */
export function isOlder(lease: Lease, { times = [] }: Candidate): boolean {
  return times.length > 0 && times.every((time) => time < lease.acquiredAt - CLOCK_SKEW_MS)
}

/**
 * Matches leases with rows; the result is by lease id. `lost`: the leases that are searched for, suspects too. `leases`: all leases
 * of the account. `knows`: whether a job is bound for certain.
 */
export function matchRows(
  lost: readonly Lease[],
  leases: readonly Lease[],
  rows: readonly Candidate[],
  knows: (id: string) => boolean,
  durations: Durations
): Map<string, Match> {
  const open = rows.filter((row) => !knows(row.id))
  const matches = new Map<string, Match>()
  const exact = new Set<string>()
  for (const lease of lost) {
    const row = exactRow(lease, lost, leases, open, exact, durations)
    if (!row) continue
    exact.add(row.id)
    matches.set(lease.id, { kind: 'exact', row })
  }
  const others = lost.filter((lease) => !matches.has(lease.id))
  const left = open.filter((row) => !exact.has(row.id))
  const running = left.filter((row) => row.state !== 'over')
  const suspects = assign(others, running, durations)
  for (const lease of others) {
    const row = suspects.get(lease.id)
    matches.set(lease.id, row ? { kind: 'suspect', row } : withoutRow(lease, left, durations))
  }
  return matches
}

function withoutRow(lease: Lease, left: readonly Candidate[], durations: Durations): Match {
  const possible = left.filter((row) => mayBeJobOf(lease, row, durations))
  if (possible.length === 0) return { kind: 'none' }
  return { kind: possible.some((row) => row.state !== 'over') ? 'taken' : 'over' }
}

/**
 * The row with the creation's callback id or name. A callback id proves nothing if another open creation has the same one: some
 * clients send a constant. The jobs of one creation share a callback id.
 */
function exactRow(
  lease: Lease,
  lost: readonly Lease[],
  leases: readonly Lease[],
  open: readonly Candidate[],
  taken: ReadonlySet<string>,
  durations: Durations
): Candidate | undefined {
  const { callbackId } = lease.fingerprint
  if (!callbackId) return undefined
  const isShared = leases.some(
    (other) =>
      other.requestId !== lease.requestId &&
      other.fingerprint.callbackId === callbackId &&
      (other.state === 'unbound' || other.state === 'suspect')
  )
  if (isShared) return undefined
  const rows = open.filter(
    (row) => row.callbackId === callbackId && mayBeJobOf(lease, row, durations)
  )
  const together = lost.filter((other) => other.requestId === lease.requestId)
  return rows.length <= together.length ? rows.find((row) => !taken.has(row.id)) : undefined
}

/**
 * Matches as many creations as possible to one row each (augmenting paths), so that no slot is released while a job may need
 * it. A creation keeps the row to which it was matched before, else gets one with its title, else the oldest.
 */
function assign(
  leases: readonly Lease[],
  rows: readonly Candidate[],
  durations: Durations
): Map<string, Candidate> {
  const preferred = new Map(leases.map((lease) => [lease.id, preferredBy(lease, rows, durations)]))
  const holder = new Map<string, string>()
  const place = (id: string, seen: Set<string>): boolean => {
    for (const row of preferred.get(id) ?? []) {
      if (seen.has(row.id)) continue
      seen.add(row.id)
      const other = holder.get(row.id)
      if (other !== undefined && !place(other, seen)) continue
      holder.set(row.id, id)
      return true
    }
    return false
  }
  for (const lease of leases.toSorted((a, b) => a.acquiredAt - b.acquiredAt)) {
    place(lease.id, new Set())
  }
  const byId = new Map(rows.map((row) => [row.id, row]))
  return new Map([...holder].flatMap(([row, id]) => [[id, byId.get(row)] as [string, Candidate]]))
}

function preferredBy(lease: Lease, rows: readonly Candidate[], durations: Durations): Candidate[] {
  const { title } = lease.fingerprint
  const rank = (row: Candidate) =>
    (row.id === lease.jobId ? 0 : 4) + (row.title === undefined || row.title === title ? 0 : 2)
  return rows
    .filter((row) => mayBeJobOf(lease, row, durations))
    .toSorted((a, b) => rank(a) - rank(b) || (a.times?.[0] ?? 0) - (b.times?.[0] ?? 0))
}

/**
 * The change after a search. `isWhole`: the search saw every row that may be the job. `start`: the job of the matched row. A
 * creation is given up only after two complete searches, the first of them not before `unboundMs`.
 */
export function afterSearch(
  lease: Lease,
  match: Match,
  { isWhole, start }: { isWhole: boolean; start: JobStart | undefined },
  now: number,
  durations: Durations
): Change {
  if (match.kind === 'exact' && start) return bindFound(lease, start, now, durations)
  const counted = isWhole ? countedSearch(lease, now, durations) : lease
  if (match.kind === 'suspect' && start) {
    const isSame = lease.state === 'suspect' && lease.jobId === start.jobId
    const held = isSame ? lease : boundTo(lease, start, 'suspect', now, durations)
    // Only a row that says that its job runs counts as a report. Other rows would hold the slot for ever instead of 48 h.
    const lastReportAt = match.row.state === 'running' ? now : lease.lastReportAt
    return put(countSearch({ ...held, ...missesOf(counted), lastReportAt }), now, durations)
  }
  // A suspected row that is gone from the list proves less than an ended job, so complete searches are counted from zero.
  const isGone = lease.state === 'suspect' && match.kind !== 'over'
  const open = isGone ? countedAnew(lease, isWhole, now, durations) : counted
  const isSure = open.misses >= WHOLE_SEARCHES
  const isNever = match.kind === 'none' && !lease.mayHaveRun && lease.state !== 'suspect'
  if (isSure) return endWith(lease, { status: isNever ? 'absent' : 'outcome_unknown' }, now)
  return put(countSearch({ ...withoutSuspect(lease), ...missesOf(open) }), now, durations)
}

function countedAnew(lease: Lease, isWhole: boolean, now: number, durations: Durations): Lease {
  const { missedAt: _, ...rest } = lease
  return isWhole ? countedSearch({ ...rest, misses: 0 }, now, durations) : { ...rest, misses: 0 }
}

function countedSearch(lease: Lease, now: number, durations: Durations): Lease {
  if (now < lease.acquiredAt + durations.unboundMs) return lease
  if (lease.misses === 0) return { ...lease, misses: 1, missedAt: now }
  const isApart = now - (lease.missedAt ?? now) >= durations.lookAgainMs
  return isApart ? { ...lease, misses: WHOLE_SEARCHES } : lease
}

function missesOf({ misses, missedAt }: Lease): Pick<Lease, 'misses' | 'missedAt'> {
  return { misses, ...(missedAt === undefined ? {} : { missedAt }) }
}

/** The lease without its suspected job, which has ended or belongs to another creation. */
function withoutSuspect(lease: Lease): Lease {
  if (lease.state !== 'suspect') return lease
  const { jobId: _, ask: __, askElse: ___, missedAt: ____, ...rest } = lease
  return { ...withoutReports(rest), state: 'unbound', watch: [], mayHaveRun: true }
}

function put(lease: Lease, now: number, durations: Durations): Change {
  return { put: [{ ...lease, nextAt: nextSearchAt(lease, now, durations) }], drop: [], ended: [] }
}
