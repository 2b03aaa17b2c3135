/**
 * Tries a call that needs slots. If all are taken and the client wants to wait (`Prefer: wait=N`), the call waits for its turn and
 * is tried again on the account that the desk names. While it waits nothing is started, even if the client disconnects.
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Turn } from '#domain/ports/desk.ts'
import type { ClientWish } from '#domain/queue/waiting-clients.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import { notePoolFull } from './note-pool-full.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'

type Attempting = (eligible: Eligible) => Promise<ProxyAnswer>

/** `slots`: how many slots the call needs at once. `canWait`: whether a released slot would help after this error. */
export async function waitForSlot(
  ports: Ports,
  call: ReadCall,
  eligible: Eligible,
  slots: number,
  attempt: Attempting,
  canWait: (error: AppError) => boolean = () => true
): Promise<ProxyAnswer> {
  try {
    if (!call.waitSeconds) return await attempt(eligible)
    return await waitInLine(
      ports,
      call,
      { eligible, slots, waitSeconds: call.waitSeconds },
      attempt,
      canWait
    )
  } catch (error) {
    // What is queued instead is not refused.
    if (isFull({ error }) && !call.wish?.triesFirst) notePoolFull(ports, call, error as AppError)
    throw error
  }
}

async function waitInLine(
  ports: Ports,
  call: ReadCall,
  { eligible, slots, waitSeconds }: { eligible: Eligible; slots: number; waitSeconds: number },
  attempt: Attempting,
  canWait: (error: AppError) => boolean
): Promise<ProxyAnswer> {
  const since = ports.now()
  const until = since + waitSeconds * 1000
  const desk = ports.desk(call.tenant, call.provider.name)
  const first = await tryOnce(() => attempt({ ...eligible, isPatient: true }))
  if (!isFull(first) || !canWait(first.error)) return resultOf(first)
  let { accounts } = eligible
  let tried: Account | undefined
  for (;;) {
    const keys = accounts.map((account) => account.key)
    const place = { id: call.requestId, since, accounts: keys, slots, ...wishOf(call) }
    const turn = await desk
      .awaitTurn({ ...place, ...(tried && { tried: tried.key }) }, until)
      .catch(() => undefined)
    // The desk did not answer, so the first result stands: every slot is taken.
    if (turn === undefined) return resultOf(first)
    if (turn === 'none') {
      // The line is full, or the time is over. A slot may be free nevertheless, so the call is tried once more if there is time.
      return ports.now() < until ? attempt({ ...eligible, accounts }) : resultOf(first)
    }
    if (call.signal?.aborted) {
      if (turn !== 'go') await desk.noteFreed(turn.go).catch(() => {})
      return resultOf(first)
    }
    tried = accounts.find((account) => account.key === keyOf(turn))
    // A parking stays, also one of an account that left this call without an answer: its lease there may be released only now.
    for (const account of tried ? [tried] : accounts) ports.hints.markFreed(account.key)
    const named = tried && asSent(tried)
    const served = await tryOnce(() =>
      attempt(named ? { accounts: [named], isPinned: true } : { ...eligible, accounts })
    )
    if (!isFull(served) && !(tried && isUnusable(served))) return resultOf(served)
    if (isFull(served) && !canWait(served.error)) return resultOf(served)
    // This account cannot serve the call now. Others may.
    if (!isFull(served)) accounts = accounts.filter((account) => account !== tried)
    if (accounts.length === 0 || ports.now() >= until)
      return resultOf(isFull(served) ? first : served)
  }
}

/**
 * The account to which the desk has sent the call. What this isolate knows of it may be older: that it is drained or imported.
 * Without the question its slot would be kept for this client for two seconds, and stand idle. Its object refuses by itself.
 */
function asSent(account: Account): Account {
  return { ...account, isDrained: false, isImported: false }
}

/** What the order of the line needs of the call. */
function wishOf({
  tokenId = '',
  priority,
  match,
  provider,
  path,
  limit,
}: ReadCall): Omit<ClientWish, 'id' | 'since' | 'accounts' | 'slots'> {
  const part = provider.accounts?.credentialKindFor?.(path)
  const meter = match?.route.job?.meter
  return {
    token: tokenId,
    ...(priority === undefined ? {} : { priority }),
    ...(match ? { route: `${match.route.method} ${match.route.path}` } : {}),
    ...(meter === undefined ? {} : { meter }),
    ...(part === undefined ? {} : { part }),
    ...(limit === undefined ? {} : { limit }),
  }
}

type Tried = { answer: ProxyAnswer } | { error: unknown }

async function tryOnce(attempt: () => Promise<ProxyAnswer>): Promise<Tried> {
  try {
    return { answer: await attempt() }
  } catch (error) {
    return { error }
  }
}

function resultOf(tried: Tried): ProxyAnswer {
  if ('answer' in tried) return tried.answer
  throw tried.error
}

function isFull(tried: Tried): tried is { error: AppError } {
  return 'error' in tried && tried.error instanceof AppError && tried.error.code === 'slots_full'
}

function isUnusable(tried: Tried): boolean {
  const codes = ['account_unavailable', 'no_accounts']
  return 'error' in tried && tried.error instanceof AppError && codes.includes(tried.error.code)
}

/** The account that the desk names. Undefined: a desk of an older release names none. */
function keyOf(turn: Exclude<Turn, 'none'>): string | undefined {
  return turn === 'go' ? undefined : turn.go
}
