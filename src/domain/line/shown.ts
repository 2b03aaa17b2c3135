/** Decides what is shown of a queued creation: for how long as it was, and why it ended without a job. */
import type { ItemShown } from '#domain/queue/item.ts'

const BEGUN_MS = 3_600_000

/**
 * How long an isolate may show it as it was, so that a thousand polls do not ask the desk each time. What has begun or ended does
 * not change. What waits is shown for a tenth of the time until its start; without an estimate, of the time that it has waited.
 */
export function shownFor(
  { state, askedAt, startsAt }: Pick<ItemShown, 'state' | 'askedAt' | 'startsAt'>,
  now: number,
  { shownShortMs, shownLongMs }: { shownShortMs: number; shownLongMs: number }
): number {
  if (state === 'begun' || state === 'ended') return BEGUN_MS
  const span = startsAt === undefined ? now - askedAt : startsAt - now
  return Math.min(shownLongMs, Math.max(shownShortMs, span / 10))
}

/** Whether it ended without a start. */
export function isUnstarted({ state }: Pick<ItemShown, 'state'>): boolean {
  return state === 'untold' || state === 'ended'
}

/**
 * What a name of it leads to: the provider's id of the job, or, of a creation that is known to have started fewer jobs, an end without
 * one. The desk does not know whether that job never was, or was not found, so it does not say that there is none.
 */
export function jobOfName(shown: ItemShown, name: string): { id: string } | { shown: ItemShown } {
  if (!shown.jobIds) return { shown }
  const id = shown.jobIds[Math.max(0, shown.names.indexOf(name))] ?? ''
  if (id !== '') return { id }
  const { jobIds: _, owner: __, ...rest } = shown
  return { shown: { ...rest, state: 'ended', reason: 'outcome_unknown' } }
}

const WHY: Record<string, string> = {
  cancelled: 'It was cancelled before its start.',
  start_deadline: 'It was not started in time.',
  refused: 'The provider refused it.',
  account_removed: 'Its account was removed before its start.',
  token_removed: 'Its token was removed or had expired before its start.',
  dependency_failed: 'A job that it needs failed.',
  key_missing: 'The gateway can no longer open it. It was not started.',
  unknown_path: 'This release of the gateway does not know its path. It was not started.',
}

export function whyUnstarted(reason: string | undefined): string {
  return WHY[reason ?? ''] ?? `It ended without a known job (${reason ?? 'unknown'}).`
}
