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
  /** A job waiting for a human is asked about seldom. */
  waitingAskMs: 10 * MINUTE,
  lostMs: 48 * HOUR,
  /** Ended jobs can be asked for this long. */
  keepEndedMs: 30 * 24 * HOUR,
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

export type Waits = { readonly [K in keyof typeof SPANS]: number }

export function waitsAt(timeScale: number): Waits {
  const scaled = Object.entries(SPANS).map(([name, span]) => [name, Math.ceil(span / timeScale)])
  return Object.fromEntries(scaled) as Waits
}
