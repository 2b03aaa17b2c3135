/**
 * Takes the slots of one creation on the first account that has them: random among those believed free, then those
 * believed full. When none has, says why and for how long.
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import { rowOf } from '#flows/accounts/judge-refusal.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { unavailable } from '#flows/accounts/unavailable.ts'

const ACCOUNTS_TRIED_MAX = 3

/**
 * What became of a call on one account. `refused`: surely nothing was started; without `answer` it is ours to say why.
 * `again`: it went with an older credential than the account has.
 */
export type Attempt =
  | { kind: 'done'; answer: ProxyAnswer }
  | { kind: 'refused'; answer?: ProxyAnswer; parking?: Parking }
  | { kind: 'again'; account: Account; answer: ProxyAnswer }

/** What of the lease depends on the account. */
type OnAccount = (account: Account) => Promise<Partial<LeaseAsk>>

/** An account that granted the lease, and what it was asked for with. */
export interface Granted {
  account: Account
  ask: LeaseAsk
}

type Refused = Extract<LeaseAnswer, { ok: false }>

/** One creation's search for a slot; an account is asked once. */
export class SlotSearch {
  readonly #ports: Ports
  readonly #ask: LeaseAsk
  readonly #onAccount: OnAccount
  readonly #pool: string
  readonly #candidates: Account[]
  readonly #parked: { account: Account; parking: Parking }[]
  readonly #refused: { account: Account; answer: Refused }[] = []
  readonly #startedAt: number
  /** A lease may have been left behind on an account that was asked for one and did not answer. */
  hasLeft = false
  /** An account has granted the lease. */
  #hasServed = false
  /** Set when only one account could serve. */
  readonly #named: string | undefined
  /** Those that a patient call did not ask, since the line knows better. */
  readonly #unasked: Account[] = []
  readonly #isPatient: boolean

  constructor(
    ports: Ports,
    call: ReadCall,
    eligible: Eligible,
    ask: LeaseAsk,
    onAccount: OnAccount = async () => ({})
  ) {
    const part = call.provider.partFor?.(call.path)
    const wish = { isJob: true, meter: ask.meter, row: rowOf(call), part }
    const choice = pickAccounts(eligible.accounts, wish, ports.hints, ports.now(), ports.random)
    this.#ports = ports
    this.#ask = part === undefined ? ask : { ...ask, part }
    this.#onAccount = onAccount
    this.#pool = poolOf(call, eligible, ask)
    this.#isPatient = eligible.isPatient === true
    this.#candidates = choice.candidates
    this.#parked = choice.parked
    this.#startedAt = ports.now()
    const refusal = ports.hints.refusal(this.#pool, ports.now())
    this.#named = eligible.isPinned ? eligible.accounts[0]?.email : undefined
    if (refusal) throw full(refusal.retryAt, ports.now(), this.#named)
  }

  /** The next account that granted the lease, or undefined when none is left. */
  async #next(): Promise<Granted | undefined> {
    for (let account = this.#candidates.shift(); account; account = this.#candidates.shift()) {
      if (this.#isLeftToTheLine(account)) {
        this.#unasked.push(account)
        continue
      }
      const ask = { ...this.#ask, ...(await this.#onAccount(account)) }
      const answer = await this.#acquire(account, ask)
      if (answer.ok) {
        this.#hasServed = true
        if (answer.free <= 0) this.#ports.hints.noteFull(account.key, this.#ports.now())
        return { account, ask }
      }
      this.#note(account, answer)
    }
    return this.#lastResort()
  }

  /** Nobody else is left, so an account whose key lacked the scope is asked once more: the provider's own word is the answer. */
  async #lastResort(): Promise<Granted | undefined> {
    const isOnlyScope = this.#parked.every(({ parking }) => parking.reason === 'scope')
    const isFull = this.#refused.some(({ answer }) => answer.reason !== 'parked')
    const [first] = this.#parked
    if (!first || !isOnlyScope || isFull || this.#unasked.length > 0 || this.#hasServed)
      return undefined
    this.#hasServed = true
    const { account } = first
    const own = { ...this.#ask, ...(await this.#onAccount(account)) }
    const ask = { ...own, ignoredReason: 'scope' } as const
    const answer = await this.#acquire(account, ask)
    return answer.ok ? { account, ask } : undefined
  }

  /** A patient call goes by what it believes, and asks until the first that is full after all. */
  #isLeftToTheLine({ key }: Account): boolean {
    if (!this.#isPatient) return false
    const isFound = this.#refused.some(({ answer }) => answer.reason === 'full')
    return isFound || this.#ports.hints.isFull(key, this.#ports.now())
  }

  /** An object that cannot be asked grants nothing: closed, not open. */
  async #acquire(account: Account, ask: LeaseAsk): Promise<LeaseAnswer> {
    try {
      return await this.#ports.slots(account.key).acquire(ask)
    } catch {
      this.hasLeft = true
      this.#ports.log('acquire_failed', { email: account.email, requestId: this.#ask.leaseId })
      this.#ports.defer(
        this.#ports
          .slots(account.key)
          .release(this.#ask.leaseId)
          .catch(() => {})
      )
      const retryAt = this.#ports.now() + 5000
      const detail = 'its slots could not be asked'
      const parking = { scope: 'jobs', reason: 'busy', detail, until: retryAt, streak: 1 } as const
      return { ok: false, reason: 'parked', retryAt, parking }
    }
  }

  #note(account: Account, answer: Refused): void {
    const { hints } = this.#ports
    if (answer.reason === 'full' && !answer.ofGuesses)
      hints.noteFull(account.key, this.#ports.now(), answer.retryAt)
    if (answer.reason === 'parked' && answer.parking) {
      hints.noteParked(account.key, answer.parking, this.#ports.now())
      this.#parked.push({ account, parking: answer.parking })
    }
    this.#refused.push({ account, answer })
  }

  /**
   * Attempts the call on one account after the other until one is done with it. Only a received refusal leads on to
   * the next account, and one request parks at most one.
   */
  async serve(attempt: (granted: Granted) => Promise<Attempt>): Promise<ProxyAnswer> {
    let refusal: ProxyAnswer | undefined
    let isRepeated = false
    for (let tried = 0; tried < ACCOUNTS_TRIED_MAX; tried += 1) {
      const granted = await this.#next()
      if (!granted) break
      const { account } = granted
      const result = await attempt(granted)
      if (result.kind === 'done') return result.answer
      if (result.kind === 'again') {
        if (isRepeated) return result.answer
        isRepeated = true
        tried -= 1
        this.#candidates.unshift(result.account)
        continue
      }
      refusal ??= result.answer
      if (result.parking) this.#parked.push({ account, parking: result.parking })
    }
    if (refusal) return refusal
    throw this.#failure()
  }

  /** What to tell the client when no account is left. */
  #failure(): AppError {
    const now = this.#ports.now()
    const { hints, durations } = this.#ports
    const answered = this.#refused.flatMap(({ answer }) =>
      answer.reason === 'full' ? [answer.retryAt] : []
    )
    const believed = this.#unasked.map(
      ({ key }) => hints.fullUntil(key) ?? now + durations.typicalJobMs
    )
    const ends = [...answered, ...believed]
    const busy = this.#parked.filter(({ parking }) => parking.reason === 'busy')
    const soonest = Math.min(...ends, ...busy.map(({ parking }) => parking.until))
    if (ends.length > 0 && believed.length === 0)
      hints.noteRefusal(this.#pool, soonest, this.#startedAt)
    const [parkedBusy] = busy
    if (ends.length === 0 && parkedBusy) return throttled(parkedBusy, soonest, now)
    const isOfGuesses = this.#refused.some(
      ({ answer }) => answer.reason === 'full' && answer.ofGuesses === true
    )
    if (Number.isFinite(soonest)) return full(soonest, now, this.#named, isOfGuesses)
    const parked = this.#parked.toSorted((a, b) => a.parking.until - b.parking.until)[0]
    if (parked) return unavailable(parked.account, parked.parking, now)
    return this.#neverFits()
  }

  #neverFits(): AppError {
    const limits = this.#refused.flatMap(({ answer }) =>
      'maxJobs' in answer ? [answer.maxJobs] : []
    )
    const isTooMany = this.#refused.some(({ answer }) => answer.reason === 'too_many')
    if (!isTooMany) return new AppError('no_accounts', 'No account is left that could serve this.')
    const most = Math.max(...limits)
    const { count, slots = 1 } = this.#ask
    const what = slots === 1 ? `starts ${count} jobs at once` : `takes ${count * slots} slots`
    const message = `This call ${what}, and no account may hold more than ${most}.`
    return new AppError('bad_request', message)
  }
}

/** What a refusal from memory is about: tenant, provider, and what narrows the choice. */
function poolOf(call: ReadCall, eligible: Eligible, ask: LeaseAsk): string {
  const isNarrow = eligible.isPinned || call.provider.missingFor !== undefined
  const pinned = isNarrow ? eligible.accounts.map((account) => account.key).join(',') : ''
  const { count, slots, limit, meter, mayBeJob } = ask
  const what = [count, slots, limit, meter, mayBeJob]
  return [call.tenant, call.provider.name, pinned, ...what].join(' ')
}

function full(
  retryAt: number,
  now: number,
  email: string | undefined,
  isOfGuesses = false
): AppError {
  const seconds = retryAfterSeconds(retryAt, now)
  const whose = email === undefined ? 'all accounts' : `account ${email}`
  const which = isOfGuesses ? 'All slots for paths that the gateway does not know' : 'All slots'
  const message = `${which} of ${whose} are taken. Try again in ${seconds} s.`
  const who = email === undefined ? {} : { accountEmail: email }
  return new AppError('slots_full', message, { retryAfterSeconds: seconds, isOfGuesses, ...who })
}

/** No slot is taken, but the provider wants to be left alone for a while. */
function throttled(
  { account, parking }: { account: Account; parking: Parking },
  soonest: number,
  now: number
): AppError {
  const until = new Date(parking.until).toISOString()
  const message = `Account ${account.email} is parked until ${until}: ${parking.detail}.`
  const seconds = retryAfterSeconds(soonest, now)
  return new AppError('slots_full', message, {
    retryAfterSeconds: seconds,
    accountEmail: account.email,
  })
}
