/**
 * Decides when our webhook at a provider account is checked, registered again or removed. The record does not contain the
 * webhook's URL, because anyone who knows it can send events. Each registration makes a new URL.
 */
import type { Durations } from '#domain/runtime/durations.ts'
import type { EndedJob } from '#domain/slots/lease.ts'
import { endedWithoutEvent } from './unmatched-end.ts'

/** The record of a registration. It is stored as JSON. */
export interface Hook {
  /** `wanted`: not registered yet. `on`: registered. `failed`: the last registration failed. */
  state: 'wanted' | 'on' | 'failed'
  /** The provider's id of the webhook. */
  id?: string
  /** The webhook's signing secret, sealed. */
  secret?: string
  /** The id of the master key that seals the webhook's URL. Absent in records of older versions. */
  key?: string
  /** The secret of the previous registration. Events signed with it may still arrive for a day. */
  previous?: { secret: string; until: number }
  /** When the registration is checked next; absent: it needs no check. */
  nextAt?: number
  checkedAt: number
  tries: number
  message?: string
  /** The webhook is on, but events did not come or had another signature. It must be registered again. */
  isDoubted?: boolean
}

const NO_HOOK: Hook = { state: 'wanted', checkedAt: 0, tries: 0 }

/** Schedules a check now, for instance after the account was changed. The current registration stays in use meanwhile. */
export function checkHookNow(hook: Hook | undefined, now: number): Hook {
  return { ...(hook ?? NO_HOOK), nextAt: now }
}

/** `isAlarm`: the alarm's status checks found the ends. `lastEventAt`: when the last signed event came. */
export interface EndsSeen {
  ended: readonly EndedJob[]
  isAlarm: boolean
  lastEventAt: number
}

/**
 * The registration after jobs ended without their events; undefined: there is no doubt about it. The alarm checks a job so late
 * that its event must have been lost, so the webhook or its secret may be gone. The webhook is then registered again, but not for
 * every job, and not while other events arrive. A client's status call proves nothing, because it is often faster than the event.
 */
export function hookInDoubt(
  hook: Hook,
  { ended, isAlarm, lastEventAt }: EndsSeen,
  now: number,
  durations: Durations
): Hook | undefined {
  const isMissed = isAlarm && endedWithoutEvent(ended).some(({ lease }) => lease.expectsEvent)
  if (!isMissed || hook.nextAt !== undefined) return undefined
  const { hookRetryLongestMs } = durations
  if (now - lastEventAt < hookRetryLongestMs || now - hook.checkedAt < hookRetryLongestMs)
    return undefined
  return { ...hook, nextAt: now, isDoubted: true }
}

export function registeredHook(
  hook: Hook,
  { id, secret, key }: { id: string; secret: string; key: string },
  now: number,
  durations: Durations
): Hook {
  const { nextAt: _, message: __, isDoubted: ___, ...rest } = hook
  const { secret: old } = hook
  const isOther = old !== undefined && old !== secret
  const before = isOther ? { previous: { secret: old, until: now + durations.lateMs } } : {}
  return { ...rest, ...before, state: 'on', id, secret, key, checkedAt: now, tries: 0 }
}

/** The secrets that may sign an event now, sealed. */
export function secretsOf(hook: Hook | undefined, now: number): string[] {
  const { secret, previous } = hook ?? {}
  const old = previous && now < previous.until ? [previous.secret] : []
  return secret === undefined ? old : [secret, ...old]
}

/** The record after a failed check. A webhook that is `on` stays `on`, because the failure says nothing about the webhook. */
export function failedHook(hook: Hook, message: string, now: number, durations: Durations): Hook {
  const wait = Math.min(durations.hookRetryMs * 2 ** hook.tries, durations.hookRetryLongestMs)
  const state = hook.state === 'on' ? 'on' : 'failed'
  return { ...hook, state, message, tries: hook.tries + 1, checkedAt: now, nextAt: now + wait }
}

/** Whether our webhook may be at the provider. A failed registration counts, because perhaps only its answer was lost. */
export function mayBeRegistered(hook: Hook | undefined): hook is Hook {
  return hook !== undefined && (hook.id !== undefined || hook.tries > 0)
}

export function isHookDue(hook: Hook | undefined, now: number): hook is Hook {
  return hook?.nextAt !== undefined && hook.nextAt <= now
}

/** `removedAt`: when the account was removed. */
export interface HookRemoval {
  removedAt: number
  now: number
  durations: Durations
}

/** The credential is not kept longer than 48 hours only to remove a webhook. */
export function isRemovalOver({ removedAt, now, durations }: HookRemoval): boolean {
  return now - removedAt >= durations.lostMs
}

/**
 * The registration with its removal due now; undefined: the removal is scheduled already. A failure from before the account was
 * removed does not delay the removal. A failed removal is retried on a schedule of its own, for 48 hours.
 */
export function removeHookNow(hook: Hook, removal: HookRemoval): Hook | undefined {
  const isPressing = hook.checkedAt <= removal.removedAt || isRemovalOver(removal)
  const isTooLate = hook.nextAt === undefined || (isPressing && hook.nextAt > removal.now)
  return isTooLate ? checkHookNow(hook, removal.now) : undefined
}

/** The record with re-sealed secrets. A secret is replaced only if it is still the one that was loaded (`before`). */
export function withSealedSecrets(
  hook: Hook,
  before: Hook | undefined,
  { secret, previous }: { secret: string | undefined; previous: string | undefined }
): Hook {
  const isSecret = secret !== undefined && hook.secret === before?.secret
  const isPrevious = previous !== undefined && hook.previous?.secret === before?.previous?.secret
  return {
    ...hook,
    ...(isSecret ? { secret } : {}),
    ...(isPrevious && hook.previous ? { previous: { ...hook.previous, secret: previous } } : {}),
  }
}
