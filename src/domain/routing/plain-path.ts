/** Whether a path can be read in one way only. Another reading could lead a provider elsewhere than our route table. */

/** Letters, digits and the like, and nothing that could be read differently: almost all paths. */
const PLAINEST = /^(?:\/(?!\.)[\w.~-]+)+$/

/** False: a segment is empty, relative or badly encoded, or has an encoded slash. A slash at the end is allowed. */
export function isPlainPath(pathname: string): boolean {
  if (PLAINEST.test(pathname)) return true
  const segments = pathname.split('/').slice(1)
  const inner = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  return inner.every((segment) => segment !== '' && isPlainSegment(segment))
}

function isPlainSegment(segment: string): boolean {
  try {
    const decoded = decodeURIComponent(segment)
    return decoded !== '.' && decoded !== '..' && !/[/\\\p{Cc}]/u.test(decoded)
  } catch {
    return false
  }
}
