/** Every span of our own, in milliseconds, in one place. All are divided by TIME_SCALE; the provider's are not. */
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const SPANS = {
  /** A creating call is given up this long after its lease was acquired. */
  createGiveUpMs: 90 * SECOND,
  /** The slot of a call lasts this long from its granting: a little longer than the call, since the granting travels. */
  callSlotMs: 99 * SECOND,
  /** A lease still unbound by then has its job looked for. */
  unboundMs: 120 * SECOND,
  lookAgainMs: 60 * SECOND,
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
  /** A job waiting for a human is asked about seldom. */
  waitingAskMs: 10 * MINUTE,
  lostMs: 48 * HOUR,
  /** Ended jobs can be asked for this long. */
  keepEndedMs: 30 * 24 * HOUR,
  /** Whose an id is, from when it was learnt last. */
  keepOwnersMs: 90 * 24 * HOUR,
  /** An Idempotency-Key is remembered this long; a run under it that has not ended by the second never will. */
  keepKeyMs: 24 * HOUR,
  staleKeyMs: 150 * SECOND,
  /** How far ahead of its end a web session is renewed. */
  renewSessionMs: 5 * MINUTE,
  parkBusyMs: 30 * SECOND,
  parkBusyLongestMs: 5 * MINUTE,
  parkCredentialMs: 15 * MINUTE,
  parkBlockedMs: 1 * HOUR,
  parkCreditMs: 30 * MINUTE,
  /** A browser's token for one streaming session. */
  streamTokenMs: 24 * HOUR,
  /** What a job usually takes; only for the hint in Retry-After. */
  typicalJobMs: 5 * MINUTE,
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

export type Waits = { readonly [K in keyof typeof SPANS]: number } & {
  readonly deliverAtMs: readonly number[]
}

export function waitsAt(timeScale: number): Waits {
  const scale = (span: number) => Math.ceil(span / timeScale)
  const scaled = Object.entries(SPANS).map(([name, span]) => [name, scale(span)])
  return {
    ...(Object.fromEntries(scaled) as { [K in keyof typeof SPANS]: number }),
    deliverAtMs: DELIVER_AT.map(scale),
  }
}
