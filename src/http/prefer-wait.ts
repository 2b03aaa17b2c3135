/** `Prefer: wait=N` (RFC 7240 section 4.3): how long a client would rather wait for a slot than be told 429. */
const WAIT_SECONDS_MAX = 60

/** Whole seconds, at most 60; undefined: it does not want to wait, or wrote something else. */
export function preferredWait(header: string | undefined): number | undefined {
  const [, digits] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(header ?? '') ?? []
  const seconds = Math.min(Number(digits ?? 0), WAIT_SECONDS_MAX)
  return seconds > 0 ? seconds : undefined
}
