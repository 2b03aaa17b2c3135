/**
 * Runs a creation of a token with limits on jobs: takes its share at the desk before any slot, and gives it back if no job started.
 * The end of a job is told by its account's object. Other tokens cost nothing here.
 */
import type { ReachedLimit, ShareEnd } from '#domain/limits/share.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { leaseIdOf, type LeaseAsk } from '#domain/slots/lease.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'

const DESK_RETRY_SECONDS = 5
/** So long this isolate remembers that a limit is reached, so that a client that repeats at once costs nothing. */
const REMEMBERED_MS = 1000

export async function withShare(
  ports: Ports,
  call: ProxyCall,
  ask: LeaseAsk,
  run: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const { share } = call
  if (!share) return run()
  const ids = Array.from({ length: ask.count }, (_, index) => leaseIdOf(ask.leaseId, index))
  const give = (how: ShareEnd) => ports.defer(giveBack(ports, call, ids, how))
  const reached = await takeShare(ports, call, share, ids)
  if (reached !== true) throw limitReached(reached, ids.length, ports.now())
  const answer = await run().catch((error: unknown) => {
    const how = endAfterError(ask, error)
    if (how) give(how)
    throw error
  })
  const how = endAfterAnswer(ask, answer)
  if (how) give(how)
  return answer
}

async function takeShare(
  ports: Ports,
  { tenant, provider, requestId }: ProxyCall,
  { token, limits }: NonNullable<ProxyCall['share']>,
  ids: string[]
): Promise<true | ReachedLimit> {
  const { maxConcurrent = '', jobsPerDay = '' } = limits
  const name = `${provider.name}/${tenant}/share/${token}/${maxConcurrent}/${jobsPerDay}/${ids.length}`
  const known = ports.memory.get(name, ports.now())
  if (known !== undefined) return known as ReachedLimit
  const reached = await ports
    .desk(tenant, provider.name)
    .takeShare(token, limits, ids)
    .catch(() => {
      ports.log('share_not_taken', { tenant, requestId })
      ports.defer(giveBack(ports, { tenant, provider, requestId }, ids, 'unused'))
      const message =
        'The limits of this token could not be looked up, so nothing was started. Try again.'
      throw new AppError('account_unavailable', message, { retryAfterSeconds: DESK_RETRY_SECONDS })
    })
  if (reached !== true) ports.memory.set(name, reached, ports.now() + REMEMBERED_MS)
  return reached
}

/** If it fails, the desk finds out by itself. */
async function giveBack(
  ports: Ports,
  { tenant, provider, requestId }: Pick<ProxyCall, 'tenant' | 'provider' | 'requestId'>,
  ids: string[],
  how: ShareEnd
): Promise<void> {
  await ports
    .desk(tenant, provider.name)
    .endShare(ids, how)
    .catch(() => ports.log('share_not_ended', { tenant, requestId }))
}

/** What the answer ends. Undefined: a job runs, or may run, and its account's object tells the end. */
function endAfterAnswer(
  { kind, mayBeJob }: LeaseAsk,
  { response, jobIds }: ProxyAnswer
): ShareEnd | undefined {
  if (jobIds?.length) return undefined
  if (!response.ok) return 'unused'
  // A creation without a status is over with its answer. Any other call that names no job started none.
  return kind === 'call' && !mayBeJob ? 'ended' : 'unused'
}

/** An unknown outcome counts: its lease ends it. A fault of ours says nothing about what was sent. */
function endAfterError({ kind }: LeaseAsk, error: unknown): ShareEnd | undefined {
  if (!(error instanceof AppError)) return 'doubtful'
  if (error.code !== 'outcome_unknown') return 'unused'
  return kind === 'call' ? 'ended' : undefined
}

function limitReached({ limit, value, until }: ReachedLimit, jobs: number, now: number): AppError {
  const named = `${limit}=${value}`
  const ofWhom = `This token has the limit ${limit}: ${value}`
  if (until === undefined) {
    const message = `${ofWhom}. This call starts ${jobs} jobs at once, so it can never start.`
    return new AppError('bad_request', message, { limit: named })
  }
  const at = new Date(until).toISOString()
  if (limit === 'jobsPerDay') {
    const message = `${ofWhom}, and so many have started today (UTC). The next day begins at ${at}. Nothing was started.`
    const seconds = Math.max(1, Math.ceil((until - now) / 1000))
    const details = { limit: `${named}; until=${at}`, retryAfterSeconds: seconds, isLongWait: true }
    return new AppError('token_limit', message, details)
  }
  const seconds = retryAfterSeconds(until, now)
  const again = new Date(now + seconds * 1000).toISOString()
  const message = `${ofWhom}, and so many of its jobs run. Try again in ${seconds} s. Nothing was started.`
  return new AppError('token_limit', message, {
    limit: `${named}; until=${again}`,
    retryAfterSeconds: seconds,
  })
}
