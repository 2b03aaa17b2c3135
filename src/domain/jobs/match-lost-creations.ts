/**
 * Which rows of a provider's list the jobs of lost creations may be. Pure. Only what is a creation's own alone (a callback
 * id, a name) names its job. Every other row that nobody knows and that may be its own holds its slot until that row's job
 * has ended, but is never called the client's.
 */
import { bound, withoutReports } from './bind-jobs.ts'
import { WHOLE_SEARCHES } from './apply-reports.ts'
import { type Change, type JobStart, type Lease } from '#domain/slots/lease.ts'
import { ended, found, looked, nextSearchAt } from './reconcile.ts'
import type { Durations } from '#domain/runtime/durations.ts'

/** One row of a provider's list of recent jobs. */
export interface Candidate {
  id: string
  title?: string
  /** When it was made, epoch ms: as the row says, and the same by our own clock. Absent: it cannot be read. */
  times?: readonly number[]
  callbackId?: string
  /** Absent: the row does not say. */
  state?: 'running' | 'over'
  /** When this account's object first saw it; absent: now. */
  seenAt?: number
}

/** The clocks of two parties, and times in whole seconds. */
export const CLOCKS_MS = 60_000

/** What became of one lost creation in a search. `taken`: another one's slot stands for the only row left. */
export type Match =
  | { kind: 'exact' | 'suspect'; row: Candidate }
  | { kind: 'taken' | 'over' | 'none' }

/** Unbound, or taken for a job that is not surely its own. */
export function isLost({ state, kind, jobId }: Pick<Lease, 'state' | 'kind' | 'jobId'>): boolean {
  return kind === 'job' && (state === 'unbound' || (state === 'suspect' && jobId !== undefined))
}

/** Whether the row may be the job of this creation. */
export function mayBe(lease: Lease, row: Candidate, durations: Durations): boolean {
  const { callbackId } = lease.fingerprint
  if (row.callbackId !== undefined && row.callbackId !== callbackId) return false
  if (row.seenAt !== undefined && row.seenAt < lease.acquiredAt) return false
  if (row.times === undefined || row.times.length === 0) return true
  const from = lease.acquiredAt - CLOCKS_MS
  const to = lease.acquiredAt + durations.createGiveUpMs + CLOCKS_MS
  return row.times.some((time) => time >= from && time <= to)
}

/** Made before this creation was sent, by any clock. */
export function isBefore(lease: Lease, { times = [] }: Candidate): boolean {
  return times.length > 0 && times.every((time) => time < lease.acquiredAt - CLOCKS_MS)
}

/**
 * `lost`: the leases that are looked for, suspects among them. `leases`: all of the account. `knows`: whether an id is
 * a job's that was named for certain.
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
  const possible = left.filter((row) => mayBe(lease, row, durations))
  if (possible.length === 0) return { kind: 'none' }
  return { kind: possible.some((row) => row.state !== 'over') ? 'taken' : 'over' }
}

/**
 * A callback id is proof only where no other creation has the same one: some clients give a constant. The jobs of one
 * creation share theirs.
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
  const rows = open.filter((row) => row.callbackId === callbackId && mayBe(lease, row, durations))
  const together = lost.filter((other) => other.requestId === lease.requestId)
  return rows.length <= together.length ? rows.find((row) => !taken.has(row.id)) : undefined
}

/**
 * Each lost creation gets a row of its own, as many as possible (augmenting paths), so that no slot is given back while
 * a job may hold it. What it was taken for before comes first, then its title, then the order of making.
 */
function assign(
  leases: readonly Lease[],
  rows: readonly Candidate[],
  durations: Durations
): Map<string, Candidate> {
  const wishes = new Map(leases.map((lease) => [lease.id, wishesOf(lease, rows, durations)]))
  const holder = new Map<string, string>()
  const place = (id: string, seen: Set<string>): boolean => {
    for (const row of wishes.get(id) ?? []) {
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

function wishesOf(lease: Lease, rows: readonly Candidate[], durations: Durations): Candidate[] {
  const { title } = lease.fingerprint
  const rank = (row: Candidate) =>
    (row.id === lease.jobId ? 0 : 4) + (row.title === undefined || row.title === title ? 0 : 2)
  return rows
    .filter((row) => mayBe(lease, row, durations))
    .toSorted((a, b) => rank(a) - rank(b) || (a.times?.[0] ?? 0) - (b.times?.[0] ?? 0))
}

/**
 * What a search means for one lost creation. `isWhole`: every row was seen that may be its own. `start`: what the row's
 * job is called. Nothing is concluded from fewer than two whole searches, the first of which counts from `unboundMs` on.
 */
export function afterSearch(
  lease: Lease,
  match: Match,
  { isWhole, start }: { isWhole: boolean; start: JobStart | undefined },
  now: number,
  durations: Durations
): Change {
  if (match.kind === 'exact' && start) return found(lease, start, now, durations)
  const counted = isWhole ? countedSearch(lease, now, durations) : lease
  if (match.kind === 'suspect' && start) {
    const isSame = lease.state === 'suspect' && lease.jobId === start.jobId
    const held = isSame ? lease : bound(lease, start, 'suspect', now, durations)
    // A row of which nobody knows whether it runs is not heard of: it holds the slot for 48 h, not for ever.
    const lastReportAt = match.row.state === 'running' ? now : lease.lastReportAt
    return put(looked({ ...held, ...missesOf(counted), lastReportAt }), now, durations)
  }
  // A row that it was taken for and that is not there any more says less than one that is over: the counting begins anew.
  const isGone = lease.state === 'suspect' && match.kind !== 'over'
  const open = isGone ? countedAnew(lease, isWhole, now, durations) : counted
  const isSure = open.misses >= WHOLE_SEARCHES
  const isNever = match.kind === 'none' && !lease.mayHaveRun && lease.state !== 'suspect'
  if (isSure) return ended(lease, { status: isNever ? 'absent' : 'outcome_unknown' }, now)
  return put(looked({ ...unheld(lease), ...missesOf(open) }), now, durations)
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

/** It was taken for a job that has ended or is another's. */
function unheld(lease: Lease): Lease {
  if (lease.state !== 'suspect') return lease
  const { jobId: _, ask: __, askElse: ___, missedAt: ____, ...rest } = lease
  return { ...withoutReports(rest), state: 'unbound', watch: [], mayHaveRun: true }
}

function put(lease: Lease, now: number, durations: Durations): Change {
  return { put: [{ ...lease, nextAt: nextSearchAt(lease, now, durations) }], drop: [], ended: [] }
}
