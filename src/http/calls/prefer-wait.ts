/**
 * Reads what a client prefers to a 429 when all slots are taken (RFC 7240): `wait=N`, the seconds that it accepts to wait, and
 * `respond-async`, with which its creation is queued.
 */
import type { Context } from 'hono'
import { AppError } from '#domain/runtime/errors.ts'
import type { ProxyCall, QueueWish } from '#flows/upstream/proxy-call.ts'
import type { AppEnv } from '#http/request/app-env.ts'

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

const ASYNC = /(?:^|[,;])\s*respond-async\s*(?:$|[,;])/i
const PRIORITY_HEADER = 'x-gateway-priority'
const START_WITHIN_HEADER = 'x-gateway-start-within'
const START_WITHIN_SECONDS_MAX = 604_800

/**
 * The headers beside it count only with `respond-async`, and the priority also for a client that waits. A value that is none of theirs
 * is refused.
 */
export function queueWish(c: Context<AppEnv>): Pick<ProxyCall, 'wish' | 'priority'> {
  const prefer = c.req.header('prefer')
  const isQueueing = c.get('ports').isLineOpen && ASYNC.test(prefer ?? '')
  if (!isQueueing && preferredWait(prefer) === undefined) return {}
  const priority = whole(c.req.header(PRIORITY_HEADER), 'X-Gateway-Priority', 5)
  if (!isQueueing) return priority === undefined ? {} : { priority }
  const within = whole(
    c.req.header(START_WITHIN_HEADER),
    'X-Gateway-Start-Within',
    START_WITHIN_SECONDS_MAX
  )
  const wish: QueueWish = {
    ...(priority === undefined ? {} : { priority }),
    ...(within === undefined ? {} : { startWithinMs: within * 1000 }),
  }
  return { wish }
}

function whole(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined
  const number = /^\s*\d{1,6}\s*$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= most) return number
  throw new AppError('bad_request', `${name}: a whole number from 1 to ${most}`, { field: name })
}
