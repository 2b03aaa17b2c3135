/** Decides whether the provider is down: it refuses most accounts of a pool within a minute. Then no account is at fault. */
import type { Durations } from '#domain/runtime/durations.ts'

/** An account that the provider refused at `at`, and that is parked until `until`. Epoch ms. */
export interface RefusedAccount {
  account: string
  at: number
  until: number
}

/** True if more than half of the pool is refused, and at least two accounts. */
export function isOutage(refused: number, pool: number): boolean {
  return refused >= 2 && refused * 2 > pool
}

/** The accounts that are parked for too long during an outage, with the shorter time; undefined: there is no outage. */
export function shortenInOutage(
  refused: readonly RefusedAccount[],
  pool: number,
  now: number,
  { outageWithinMs, outageParkMs }: Pick<Durations, 'outageWithinMs' | 'outageParkMs'>
): RefusedAccount[] | undefined {
  const lately = refused.filter(({ at }) => at >= now - outageWithinMs)
  if (!isOutage(lately.length, pool)) return undefined
  const until = now + outageParkMs
  return refused.filter((one) => one.until > until).map((one) => ({ ...one, until }))
}
