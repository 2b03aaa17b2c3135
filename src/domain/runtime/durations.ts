/**
 * Every span of our own, in milliseconds, in one place. All are divided by TIME_SCALE; the provider's are not, and how long
 * the provider is waited for only in part.
 */
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const SPANS = {
  /** A creating call is given up this long after its lease was acquired. */
  createGiveUpMs: 90 * SECOND,
  /** The slot of a call lasts this long from its granting: a little longer than the call, since the granting travels. */
  callSlotMs: 99 * SECOND,
  /** A lease that nobody has bound or given up by then was left by somebody who died: a little after the giving up. */
  giveUpSeenMs: 95 * SECOND,
  /** Searches count from this age of a lease on; what two of them say is believed when they are so far apart. */
  unboundMs: 120 * SECOND,
  lookAgainMs: 60 * SECOND,
  /** A lost creation's job is looked for so soon, then twice as late each time up to the second. */
  lookSoonMs: 5 * SECOND,
  lookOftenMs: 110 * SECOND,
  /** Jobs of one account that the provider stops to know within this span vanished together. */
  vanishTogetherMs: 10 * MINUTE,
  /** Where the provider has no way to look. */
  lookBlindMs: 1 * HOUR,
  /** First question about a bound job, then half as long again each time up to the longest. */
  firstAskMs: 30 * SECOND,
  longestAskMs: 5 * MINUTE,
  /** First question about a job whose end the provider tells by itself: only for what got lost. */
  toldAskMs: 10 * MINUTE,
  /** An event that came before its job was bound is kept this long. */
  earlyMs: 10 * MINUTE,
  /** How long the provider may still send the event of a job that ended without it. */
  lateMs: 25 * HOUR,
  /** Registering our webhook: tried again after this long, doubling up to the second; looked after at most so often. */
  hookRetryMs: 1 * MINUTE,
  hookRetryLongestMs: 1 * HOUR,
  /** Deliveries that have ended can be looked at and sent again for this long. */
  keepDeliveriesMs: 7 * 24 * HOUR,
  /** What was kept long enough is looked for at most so often. */
  forgetEveryMs: 1 * HOUR,
  /** A callback secret that was rotated still signs for this long. */
  oldSecretMs: 24 * HOUR,
  /** A job waiting for a human is asked about less and less often, and given up in the end. */
  waitingAskMs: 10 * MINUTE,
  waitingAskLongestMs: 6 * HOUR,
  waitForHumanMs: 7 * 24 * HOUR,
  lostMs: 48 * HOUR,
  /** A job that was guessed is asked about so often until its status was read, which must be by the second. */
  guessAskMs: 20 * SECOND,
  guessProvedMs: 2 * MINUTE,
  /** One that was read and is then unheard of for so long is given up. */
  guessLostMs: 1 * HOUR,
  /** Ended jobs can be asked for this long. */
  keepEndedMs: 30 * 24 * HOUR,
  /** Whose an id is, from when it was learnt last. */
  keepOwnersMs: 90 * 24 * HOUR,
  /** An Idempotency-Key is remembered this long after its answer; one whose outcome is not known longer than any job. */
  keepKeyMs: 24 * HOUR,
  keepUnknownKeyMs: 72 * HOUR,
  /** No account is tried any more this long after a creation began, so a run that has not ended by the second has left no new lease. */
  acquireWithinMs: 140 * SECOND,
  staleKeyMs: 150 * SECOND,
  /** Counted from its start: until then a creation under a key whose outcome is unknown is said to be in progress. */
  soughtMs: 5 * MINUTE,
  /** A repeat of a creation whose outcome is unknown starts nothing for this long. */
  joinMs: 10 * MINUTE,
  /** A token's uploads go to one account for this long at most; and so long an upload counts against its account. */
  homeMs: 10 * MINUTE,
  /** The place in a list that a short token names. */
  keepPlaceMs: 24 * HOUR,
  /** How far ahead of its end a web session is renewed. */
  renewSessionMs: 5 * MINUTE,
  parkBusyMs: 30 * SECOND,
  parkBusyLongestMs: 5 * MINUTE,
  parkCredentialMs: 15 * MINUTE,
  parkBlockedMs: 1 * HOUR,
  parkCreditMs: 30 * MINUTE,
  parkScopeMs: 1 * HOUR,
  /** An account is asked about at most so often, however many calls are refused. */
  provedMs: 60 * SECOND,
  /** When most accounts are refused within the first, nothing is parked for longer than the second. */
  outageWithinMs: 60 * SECOND,
  outageParkMs: 60 * SECOND,
  keepUploadsMs: 24 * HOUR,
  /** A pass that seals everything anew is followed by another this much later, for what others sealed meanwhile. */
  resealAgainMs: 10 * MINUTE,
  /** Who changed what can be read for this long. */
  keepAuditMs: 90 * 24 * HOUR,
  /** A browser's token for one streaming session. */
  streamTokenMs: 24 * HOUR,
  /** What a job usually takes; only for the hint in Retry-After. */
  typicalJobMs: 5 * MINUTE,
} as const

/** A fast clock makes no provider faster: the waits for its answers are divided by this at most. */
const AWAITED_SCALE_MAX = 4

const AWAITED = {
  /** All accounts that answer one read together, from its first call to its last. */
  togetherMs: 10 * SECOND,
  /** All files that one call has brought over; and when whoever began a copy has surely given up. */
  bringWithinMs: 20 * SECOND,
  copyMadeMs: 25 * SECOND,
  /** An account that others queue behind is waited for at least this long. */
  slowMs: 3 * SECOND,
  /** All accounts that did not answer the last time, together. */
  hungMs: 1 * SECOND,
} as const

/** When a delivery is attempted, counted from its beginning (contract section 6: for 24 h). */
const DELIVER_AT = [
  0,
  10 * SECOND,
  1 * MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
]

/** The pauses between the looks for a creation whose answer was lost, inside its client's own request. */
const LOOK_PAUSES = [0.9 * SECOND, 0.9 * SECOND, 0.9 * SECOND]
/** Between attempts to tell an account's object what a creation named. */
const BIND_PAUSES = [0.5 * SECOND, 2 * SECOND, 10 * SECOND]

/** When a refused account is asked about again, counted from its parking; the last is the pause between the further ones. */
const REPROVE_AT = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1 * HOUR]

type Span = keyof typeof SPANS | keyof typeof AWAITED

export type Durations = { readonly [K in Span]: number } & {
  readonly deliverAtMs: readonly number[]
  readonly lookPausesMs: readonly number[]
  readonly bindPausesMs: readonly number[]
  readonly reproveAtMs: readonly number[]
}

export function durationsAt(timeScale: number): Durations {
  const scale = (span: number) => Math.ceil(span / timeScale)
  const awaitedScale = Math.min(timeScale, AWAITED_SCALE_MAX)
  const scaled = [
    ...Object.entries(SPANS).map(([name, span]) => [name, scale(span)]),
    ...Object.entries(AWAITED).map(([name, span]) => [name, Math.ceil(span / awaitedScale)]),
  ]
  return {
    ...(Object.fromEntries(scaled) as { [K in Span]: number }),
    deliverAtMs: DELIVER_AT.map(scale),
    lookPausesMs: LOOK_PAUSES.map(scale),
    bindPausesMs: BIND_PAUSES.map(scale),
    reproveAtMs: REPROVE_AT.map(scale),
  }
}
