/** For how many hours a balance lasts at the pace of the last 24 hours. Undefined: not known, which is not zero. Pure. */
export function lastsAboutHours(
  balance: number | undefined,
  used24h: number | undefined
): number | undefined {
  // Nothing used says nothing about the next hours.
  if (balance === undefined || used24h === undefined || used24h <= 0) return undefined
  return Math.round((Math.max(0, balance) / used24h) * 24 * 10) / 10
}
