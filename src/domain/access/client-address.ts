/**
 * Names the group in which failed authentications of an IP address are counted. One user has a whole /64 of IPv6 addresses, so
 * these count together. An IPv4 address counts by itself, also when it is written as IPv6 (`::ffff:1.2.3.4`).
 */

/** A text that is no address is cut to this length. */
const CHARS_MAX = 64

export function rateLimitKeyOf(address: string): string {
  const plain = (address.trim().toLowerCase().split('%')[0] ?? '').slice(0, CHARS_MAX)
  const groups = plain.includes(':') ? groupsOf(plain) : undefined
  if (!groups) return plain
  const [g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4, g5, g6 = 0, g7 = 0] = groups
  if ([g0, g1, g2, g3, g4].every((group) => group === 0) && g5 === 0xffff) {
    return [g6 >> 8, g6 & 255, g7 >> 8, g7 & 255].join('.')
  }
  // 6to4: one IPv4 address has a whole /48.
  const network = g0 === 0x2002 ? [g0, g1, g2] : [g0, g1, g2, g3]
  return `${network.map((group) => group.toString(16)).join(':')}::/${network.length * 16}`
}

/** The eight groups; undefined: not an IPv6 address. */
function groupsOf(text: string): number[] | undefined {
  const halves = withoutDots(text).split('::')
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - left.length - right.length
  if (halves.length > 2 || missing < 0 || (halves.length === 1) !== (missing === 0))
    return undefined
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  return all.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? all.map((group) => Number.parseInt(group, 16))
    : undefined
}

/** Rewrites the last 32 bits, which may be written as IPv4, as two groups. */
function withoutDots(text: string): string {
  return text.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
}
