/** Reads `Prefer: wait=N` (RFC 7240 section 4.3): how many seconds a client accepts to wait for a slot instead of a 429. */
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

const WAIT_SECONDS_MAX = 60

/** Whole seconds, at most 60. Undefined: the header is absent or malformed. */
export function preferredWait(header: string | undefined): number | undefined {
  const [, digits] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(header ?? '') ?? []
  const seconds = Math.min(Number(digits ?? 0), WAIT_SECONDS_MAX)
  return seconds > 0 ? seconds : undefined
}

/** The `Preference-Applied` header (RFC 7240 section 3). Only a call that takes a slot waits for one. */
export function preferenceApplied({ waitSeconds, match }: ProxyCall): string | undefined {
  const takesSlot =
    match?.route.kind === 'sync-generation' ||
    match?.route.kind === 'creates-job' ||
    (match?.route.kind === 'streaming-session' && match.route.job !== undefined)
  return waitSeconds !== undefined && takesSlot ? `wait=${waitSeconds}` : undefined
}
