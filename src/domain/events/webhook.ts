/**
 * Our webhook at an account: what is kept of it. The address is not, since it holds the sealed id that lets events in;
 * it is made anew when it is registered anew.
 */
import type { Durations } from '#domain/runtime/durations.ts'

export interface Hook {
  /** `wanted`: to be registered, or looked after. */
  state: 'wanted' | 'on' | 'failed'
  /** The provider's id of it, and its signing secret, sealed. */
  id?: string
  secret?: string
  /** Of the master key that its address is sealed with; absent: not looked at since keys can be retired. */
  key?: string
  /** Of the registration before: what was signed then may still be on its way for a day. */
  previous?: { secret: string; until: number }
  /** When it is to be looked after. */
  nextAt?: number
  checkedAt: number
  tries: number
  message?: string
  /** It is there and on, but events did not come, or were not signed with the secret that is kept. */
  isDoubted?: boolean
}

const NO_HOOK: Hook = { state: 'wanted', checkedAt: 0, tries: 0 }

/** It was touched: look after it now. What is registered stays in use meanwhile. */
export function wantedHook(hook: Hook | undefined, now: number): Hook {
  return { ...(hook ?? NO_HOOK), nextAt: now }
}

/**
 * A job ended without its event: perhaps the webhook or its secret is gone. Made anew, but not at every such job, and
 * not while other events come. `heardAt`: when the last one came that was signed.
 */
export function doubtedHook(
  hook: Hook,
  heardAt: number,
  now: number,
  durations: Durations
): Hook | undefined {
  if (now - heardAt < durations.hookRetryLongestMs) return undefined
  if (hook.nextAt !== undefined || now - hook.checkedAt < durations.hookRetryLongestMs)
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

/** What an event may be signed with now, sealed. */
export function secretsOf(hook: Hook | undefined, now: number): string[] {
  const { secret, previous } = hook ?? {}
  const old = previous && now < previous.until ? [previous.secret] : []
  return secret === undefined ? old : [secret, ...old]
}

/** What was on stays on: that it could not be looked after says nothing about it. */
export function failedHook(hook: Hook, message: string, now: number, durations: Durations): Hook {
  const wait = Math.min(durations.hookRetryMs * 2 ** hook.tries, durations.hookRetryLongestMs)
  const state = hook.state === 'on' ? 'on' : 'failed'
  return { ...hook, state, message, tries: hook.tries + 1, checkedAt: now, nextAt: now + wait }
}

/** Whether one of ours may be there: the answer to a registration that failed may only have been lost. */
export function mayBeThere(hook: Hook | undefined): hook is Hook {
  return hook !== undefined && (hook.id !== undefined || hook.tries > 0)
}

export function isHookDue(hook: Hook | undefined, now: number): hook is Hook {
  return hook?.nextAt !== undefined && hook.nextAt <= now
}
