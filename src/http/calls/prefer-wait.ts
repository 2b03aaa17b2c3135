/**
 * Reads what a client prefers to a 429 when all slots are taken (RFC 7240): `wait=N`, the seconds that it accepts to wait, and
 * `respond-async`, with which its creation is queued.
 */
import type { Context } from 'hono'
import type { Caller } from '#domain/access/token.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { ProxyAnswer, ProxyCall, QueueWish } from '#flows/upstream/proxy-call.ts'
import type { AppEnv } from '#http/request/app-env.ts'

const WAIT_SECONDS_MAX = 60

/** Whole seconds, at most 60. Undefined: the header is absent or malformed. */
export function preferredWait(header: string | undefined): number | undefined {
  const value = preferencesIn(header).get('wait') ?? ''
  const seconds = /^\d{1,6}$/.test(value) ? Math.min(Number(value), WAIT_SECONDS_MAX) : 0
  return seconds > 0 ? seconds : undefined
}

export function wantsAsync(header: string | undefined): boolean {
  return preferencesIn(header).get('respond-async') === ''
}

/**
 * By name, each with its value. Of one that stands twice the first counts (RFC 7240 section 2). A semicolon separates as a comma does,
 * because clients mix them up. Inside of a quoted text nothing does.
 */
function preferencesIn(header = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [part] of header.matchAll(/(?:[^,;"]|"(?:[^"\\]|\\.)*"?)+/g)) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(part) ?? []
    const key = name.trim().toLowerCase()
    if (!found.has(key))
      found.set(
        key,
        value
          .trim()
          .replace(/^"(.*)"$/s, '$1')
          .trim()
      )
  }
  return found
}

/** The `Preference-Applied` header (RFC 7240 section 3). Only a call that takes a slot waits for one. */
function preferenceApplied({ waitSeconds, match }: ProxyCall): string | undefined {
  const takesSlot =
    match?.route.kind === 'sync-generation' ||
    match?.route.kind === 'creates-job' ||
    (match?.route.kind === 'streaming-session' && match.route.job !== undefined)
  return waitSeconds !== undefined && takesSlot ? `wait=${waitSeconds}` : undefined
}

/** For errors: says that the call waits. What is queued at once does not, so a refusal of it says nothing of waiting. */
export function noteWaiting(c: Context<AppEnv>, call: ProxyCall): void {
  const waits = isQueuedAtOnce(call) ? undefined : preferenceApplied(call)
  if (waits !== undefined) c.header('Preference-Applied', waits)
}

/** What was done of what the client preferred. A creation that was queued at once has not waited. */
export function preferencesOf(call: ProxyCall, answer: ProxyAnswer): string | undefined {
  const waits = preferenceApplied(call)
  if (!answer.isQueued || answer.response.status !== 202) return waits
  return waits === undefined || isQueuedAtOnce(call) ? 'respond-async' : `respond-async, ${waits}`
}

function isQueuedAtOnce({ wish }: ProxyCall): boolean {
  return wish !== undefined && wish.triesFirst !== true
}

const PRIORITY_HEADER = 'x-gateway-priority'
const START_WITHIN_HEADER = 'x-gateway-start-within'
const START_WITHIN_SECONDS_MAX = 604_800

/**
 * With `respond-async` a creation is queued at once, and with `wait=N` beside it after N seconds without a slot. That of a token with
 * `whenFull: queue` is queued when all accounts are full. Headers about the line count only then, and the priority also for a client
 * that waits. A value that is none of theirs is refused. A deadline for the start ends the waiting, too.
 */
export function queueWish(
  c: Context<AppEnv>
): Pick<ProxyCall, 'wish' | 'priority' | 'waitSeconds'> {
  const prefer = c.req.header('prefer')
  const isAsked = wantsAsync(prefer)
  // A browser's call has a stream token instead of a caller.
  const caller = c.get('caller') as Caller | undefined
  const isOfToken = !isAsked && caller?.whenFull === 'queue' && c.req.method === 'POST'
  const isQueueing = c.get('ports').isLineOpen && (isAsked || isOfToken)
  const waitSeconds = preferredWait(prefer)
  const isWaiting = waitSeconds !== undefined
  if (!isQueueing && !isWaiting) return {}
  const triesFirst = isOfToken || isWaiting
  const priority = whole(c.req.header(PRIORITY_HEADER), 'X-Gateway-Priority', 5)
  if (!isQueueing) return priority === undefined ? {} : { priority }
  const within = whole(
    c.req.header(START_WITHIN_HEADER),
    'X-Gateway-Start-Within',
    START_WITHIN_SECONDS_MAX
  )
  const wish: QueueWish = {
    ...(triesFirst ? { triesFirst } : {}),
    ...(isOfToken ? { isOfToken } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(within === undefined ? {} : { startWithinMs: within * 1000 }),
  }
  return {
    wish,
    ...(isWaiting && priority !== undefined ? { priority } : {}),
    ...(isWaiting && within !== undefined ? { waitSeconds: Math.min(waitSeconds, within) } : {}),
  }
}

function whole(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined
  const number = /^\s*\d{1,6}\s*$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= most) return number
  throw new AppError('bad_request', `${name}: a whole number from 1 to ${most}`, { field: name })
}
