/**
 * What a Worker saw of the other accounts when it took a slot for a creation, or the desk when it chose an account for a queued one.
 * The lease keeps it for the story of the job (jobs/story.ts), in the row that it has anyway. Pure.
 */
import type { Parking, ParkReason } from '#domain/accounts/parking.ts'

/**
 * `seemed_full`: it was full lately, so others came first. `too_few_slots`: the creation needs more than it may hold. `refused`: the
 * provider refused the creation there. Only of queued ones: `paused`: a pause stood. `gave_back`: it had it, and could not start it.
 * `saving_up`: its slots were kept for one that needs several. `no_news`: it had not asked for work since the desk woke up.
 */
type WhyPassed =
  | 'full'
  | 'seemed_full'
  | 'parked'
  | 'too_few_slots'
  | 'retired'
  | 'refused'
  | 'paused'
  | 'gave_back'
  | 'saving_up'
  | 'no_news'

export interface PassedAccount {
  email: string
  why: WhyPassed
  /** Of a parking: what for, and until when. */
  reason?: ParkReason
  until?: number
}

export interface ChoiceNote {
  /** Accounts that were passed over for a reason of their own. Those that were not reached are not among them. */
  passed?: PassedAccount[]
  /** How many more of these there were. */
  more?: number
  /** No other account could serve the call: it names an account, or things of one. */
  isPinned?: true
}

/** A lease is kept for a month, so it names few. */
const PASSED_MAX = 10

export function choiceNote(passed: readonly PassedAccount[], isPinned: boolean): ChoiceNote {
  // The last word about an account counts.
  const once = Array.from(new Map(passed.map((one) => [one.email, one])).values())
  const named = once.slice(0, PASSED_MAX)
  return {
    ...(named.length === 0 ? {} : { passed: named }),
    ...(once.length > named.length ? { more: once.length - named.length } : {}),
    ...(isPinned ? { isPinned } : {}),
  }
}

export function passedAsParked(email: string, { reason, until }: Parking): PassedAccount {
  return { email, why: 'parked', reason, until }
}
