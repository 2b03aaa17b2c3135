/** Decides whether a queued creation waits for too long: ten times as long as was expected when it came, and an hour at least. */
const TIMES = 10
/** Not divided by TIME_SCALE, because jobs take real time. */
const AT_LEAST_MS = 3_600_000

/** Without an estimate an hour is too long. */
export function isOld(
  { askedAt, expectedMs = 0 }: { askedAt: number; expectedMs?: number },
  now: number
): boolean {
  return now - askedAt >= Math.max(AT_LEAST_MS, TIMES * expectedMs)
}
