/**
 * Lists all durations of the gateway, in milliseconds. They are divided by TIME_SCALE, with which tests make time pass faster.
 * Waits for the provider's answers are divided by 4 at most.
 */
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const SPANS = {
  /** How long after its lease was acquired a creation's call is given up. */
  createGiveUpMs: 90 * SECOND,
  /** How long the slot of a call (speech, unknown paths) is held: a little longer than the call may take. */
  callSlotMs: 99 * SECOND,
  /** A lease that is neither bound nor released by then belongs to a Worker that died. */
  giveUpSeenMs: 95 * SECOND,
  /** From which age of a lease a search counts. Two searches that far apart must agree. */
  unboundMs: 120 * SECOND,
  lookAgainMs: 60 * SECOND,
  /** When a lost creation is first looked for; the pause doubles each time up to the second value. */
  lookSoonMs: 5 * SECOND,
  lookOftenMs: 110 * SECOND,
  /** Jobs of one account that the provider stops knowing within this time vanished together. */
  vanishTogetherMs: 10 * MINUTE,
  /** The pause where the provider cannot be searched. */
  lookBlindMs: 1 * HOUR,
  /** When a bound job is first checked. Each further pause is 1.5 times as long, up to the longest. */
  firstAskMs: 30 * SECOND,
  longestAskMs: 5 * MINUTE,
  /** While nobody waits for a job and no event tells its end, the alarm first rings for it a little after its usual length. */
  quietAskMs: 305 * SECOND,
  /** How often calls on an account's object have due checks run, at most. */
  lookEveryMs: 15 * SECOND,
  /** How exactly the time of the last report is stored. */
  keepReportMs: 1 * HOUR,
  /** When a job is first checked for which the provider sends an event, in case the event was lost. */
  toldAskMs: 10 * MINUTE,
  /** How long an event that came before its job was bound is kept. */
  earlyMs: 10 * MINUTE,
  /** How long the provider may still send the event of a job that has ended. */
  lateMs: 25 * HOUR,
  /** Registering our webhook: the pause after a failure, which doubles up to the second value. */
  hookRetryMs: 1 * MINUTE,
  hookRetryLongestMs: 1 * HOUR,
  /** How often an account is asked which older calls it has, and again when one seems to have ended. */
  legacyDailyMs: 24 * HOUR,
  legacyAgainMs: 10 * MINUTE,
  /** How long finished deliveries can be read and sent again. */
  keepDeliveriesMs: 7 * 24 * HOUR,
  /** How often old rows are deleted. */
  forgetEveryMs: 1 * HOUR,
  /** How long a rotated callback secret still signs. */
  oldSecretMs: 24 * HOUR,
  /** A job that waits for a human: the pause between its status checks, and when it is given up. */
  waitingAskMs: 10 * MINUTE,
  waitingAskLongestMs: 6 * HOUR,
  waitForHumanMs: 7 * 24 * HOUR,
  lostMs: 48 * HOUR,
  /** A guessed job: the pause between its status checks, and the time within which one must succeed. */
  guessAskMs: 20 * SECOND,
  guessProvedMs: 2 * MINUTE,
  /** How long a guessed job may be without a status before it is given up. */
  guessLostMs: 1 * HOUR,
  /** How long ended jobs can be read. */
  keepEndedMs: 30 * 24 * HOUR,
  /** How often the ends of an account's jobs are added up for usage, at most, and how long usage is kept. */
  foldUsageMs: 24 * HOUR,
  keepUsageMs: 90 * 24 * HOUR,
  /** How long the owner of an id is kept, from when it was last learned. */
  keepOwnersMs: 90 * 24 * HOUR,
  /** How long an Idempotency-Key is kept after its answer; with an unknown outcome it is kept longer than any job. */
  keepKeyMs: 24 * HOUR,
  keepUnknownKeyMs: 72 * HOUR,
  /** When a creation tries no further account. A run that has not ended by the second time leaves no new lease. */
  acquireWithinMs: 140 * SECOND,
  staleKeyMs: 150 * SECOND,
  /** How long after its start a creation of unknown outcome is reported as in progress. */
  soughtMs: 5 * MINUTE,
  /** How long a queued creation waits for its start at most, unless its client says otherwise. */
  startWithinMs: 7 * 24 * HOUR,
  /** How long an isolate shows a creation that waits as it was: a tenth of the time until its start, between these two. */
  shownShortMs: 1 * SECOND,
  shownLongMs: 15 * SECOND,
  /** How long a repeat of a creation of unknown outcome starts nothing. */
  joinMs: 10 * MINUTE,
  /** From which age on a job of a limited token is looked for on the accounts, and how often at most. */
  mendShareMs: 10 * MINUTE,
  mendShareAgainMs: 1 * MINUTE,
  /** How long a token's uploads go to one account at most, and how long an upload counts as load of its account. */
  uploadAccountMs: 10 * MINUTE,
  /** How long a short page token is valid. */
  keepPlaceMs: 24 * HOUR,
  /** How long before its end a web session is renewed. */
  renewSessionMs: 5 * MINUTE,
  /** The pause before a renewal that the provider refused is tried once more. */
  renewAgainMs: 0.9 * SECOND,
  /** How long an ended sign-in is shown. */
  keepSignInsMs: 24 * HOUR,
  parkBusyMs: 30 * SECOND,
  parkBusyLongestMs: 5 * MINUTE,
  parkCredentialMs: 15 * MINUTE,
  parkBlockedMs: 1 * HOUR,
  parkCreditMs: 30 * MINUTE,
  parkScopeMs: 1 * HOUR,
  /** How often an account is checked at most, however many calls are refused. */
  checkValidMs: 60 * SECOND,
  /** When most accounts are refused within the first time, no account is parked for longer than the second. */
  outageWithinMs: 60 * SECOND,
  outageParkMs: 60 * SECOND,
  /** How often the same fault of the same account is told at most. */
  alertAgainMs: 24 * HOUR,
  /** After which time of refusals a pool counts as full, and after which time without one as free again. */
  poolFullMs: 10 * MINUTE,
  poolFreeMs: 5 * MINUTE,
  /** How often an isolate says that a pool refuses calls. */
  poolNoteMs: 1 * MINUTE,
  /** How often a balance is read for alerts. */
  balanceForAlertsMs: 1 * HOUR,
  /** The pause before alerts are told that could not be read. */
  alertRetryMs: 1 * MINUTE,
  keepUploadsMs: 24 * HOUR,
  /** From which age a copy of a list is read again after an answer, and up to which age the copy is used. */
  freshListCopyMs: 6 * HOUR,
  keepListCopyMs: 24 * HOUR,
  /** The pause between two passes of re-sealing. */
  resealAgainMs: 10 * MINUTE,
  /** How long the audit is kept. */
  keepAuditMs: 90 * 24 * HOUR,
  /** How long a browser's token for a streaming session is valid. */
  streamTokenMs: 24 * HOUR,
  /** While an agent waits for a job: the first pause between two questions, and the longest. */
  agentAskMs: 5 * SECOND,
  agentAskLongestMs: 20 * SECOND,
  /** A page that is open: how long its ticket is valid, how often accounts are listed, and how often each is asked again. */
  ticketMs: 1 * MINUTE,
  listEveryMs: 30 * SECOND,
  observeAgainMs: 5 * MINUTE,
  /** How long a removed token keeps its page: as long as elsewhere. */
  checkPagesMs: 1 * MINUTE,
  /** How long an account pushes its changes after it was asked. */
  observeMs: 10 * MINUTE,
  /** How long changes are collected after metrics were asked for. */
  lookForMetricsMs: 5 * MINUTE,
  balanceEveryMs: 10 * MINUTE,
  /** How long a job usually takes. Only for Retry-After. */
  typicalJobMs: 5 * MINUTE,
} as const

/** A fast clock does not make the provider faster, so waits for its answers are divided by this at most. */
const AWAITED_SCALE_MAX = 4

const AWAITED = {
  /** The time limit for one read of several accounts. */
  togetherMs: 10 * SECOND,
  /** The time limit for all asset copies of one call, and after which time its Worker counts as crashed. */
  bringWithinMs: 20 * SECOND,
  copyMadeMs: 25 * SECOND,
  /** The shortest wait for an account when other calls wait behind it. */
  slowMs: 3 * SECOND,
  /** The wait for all accounts together that did not answer last time. */
  hungMs: 1 * SECOND,
} as const

/** When a delivery is attempted, counted from its start (contract section 6: for 24 h). */
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

/** Pauses between searches for a lost creation, within the client's request. */
const LOOK_PAUSES = [0.9 * SECOND, 0.9 * SECOND, 0.9 * SECOND]
/** Pauses between attempts to bind a job to its lease. */
const BIND_PAUSES = [0.5 * SECOND, 2 * SECOND, 10 * SECOND]

/** Pauses between attempts to put a creation into the line. */
const ENQUEUE_PAUSES = [1 * SECOND, 3 * SECOND, 9 * SECOND]

/** When a refused account is checked again, counted from its parking. The last value is the pause between all further checks. */
const REPROVE_AT = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1 * HOUR]

type Span = keyof typeof SPANS | keyof typeof AWAITED

export type Durations = { readonly [K in Span]: number } & {
  readonly deliverAtMs: readonly number[]
  readonly lookPausesMs: readonly number[]
  readonly bindPausesMs: readonly number[]
  readonly enqueuePausesMs: readonly number[]
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
    enqueuePausesMs: ENQUEUE_PAUSES.map(scale),
    reproveAtMs: REPROVE_AT.map(scale),
  }
}
