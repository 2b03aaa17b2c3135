/**
 * Takes the slots of one creation on the first account that has them: random among those believed free, then those
 * believed full. When none has, says why and for how long.
 */
import type { Account } from '#domain/account.ts'
import { AppError } from '#domain/errors.ts'
import type { LeaseAnswer, LeaseAsk } from '#domain/lease.ts'
import type { Parking } from '#domain/parking.ts'
import { pickAccounts } from '#domain/pick-account.ts'
import type { Ports } from '#domain/ports.ts'
import { retryAfterSeconds } from '#domain/retry-after.ts'
import type { Eligible } from './choose-accounts.ts'
import { unavailable } from './send-plain.ts'

type Refused = Extract<LeaseAnswer, { ok: false }>

/** One creation's search for a slot; an account is asked once. */
export class SlotSearch {
  readonly #ports: Ports
  readonly #ask: LeaseAsk
  readonly #pool: string
  readonly #candidates: Account[]
  readonly #parked: { account: Account; parking: Parking }[]
  readonly #refused: { account: Account; answer: Refused }[] = []
  readonly #startedAt: number

  /** `pool` names what a refusal from memory is about: tenant, provider, and what narrows the choice. */
  constructor(ports: Ports, eligible: Eligible, ask: LeaseAsk, pool: string) {
    const wish = { isJob: true, meter: ask.meter }
    const choice = pickAccounts(eligible.accounts, wish, ports.hints, ports.now(), ports.random)
    this.#ports = ports
    this.#ask = ask
    this.#pool = pool
    this.#candidates = choice.candidates
    this.#parked = choice.parked
    this.#startedAt = ports.now()
    const refusal = ports.hints.refusal(pool, ports.now())
    if (refusal) throw full(refusal.retryAt, ports.now())
  }

  /** The next account that granted the lease, or undefined when none is left. */
  async next(): Promise<Account | undefined> {
    for (let account = this.#candidates.shift(); account; account = this.#candidates.shift()) {
      const answer = await this.#acquire(account)
      if (answer.ok) {
        if (answer.free <= 0) this.#ports.hints.noteFull(account.key, this.#ports.now())
        return account
      }
      this.#note(account, answer)
    }
    return undefined
  }

  /** An object that cannot be asked grants nothing: closed, not open. */
  async #acquire(account: Account): Promise<LeaseAnswer> {
    try {
      return await this.#ports.slots(account.key).acquire(this.#ask)
    } catch {
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
    if (answer.reason === 'full') hints.noteFull(account.key, this.#ports.now())
    if (answer.reason === 'parked' && answer.parking) {
      hints.noteParked(account.key, answer.parking)
      this.#parked.push({ account, parking: answer.parking })
    }
    this.#refused.push({ account, answer })
  }

  noteParked(account: Account, parking: Parking): void {
    this.#parked.push({ account, parking })
  }

  /** What to tell the client when no account is left. */
  failure(): AppError {
    const now = this.#ports.now()
    const ends = this.#refused.flatMap(({ answer }) =>
      answer.reason === 'full' ? [answer.retryAt] : []
    )
    const busy = this.#parked.filter(({ parking }) => parking.reason === 'busy')
    const soonest = Math.min(...ends, ...busy.map(({ parking }) => parking.until))
    if (ends.length > 0) this.#ports.hints.noteRefusal(this.#pool, soonest, this.#startedAt)
    if (Number.isFinite(soonest)) return full(soonest, now)
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
    const message = `This call starts ${this.#ask.count} jobs at once, and no account may hold more than ${most}.`
    return new AppError('bad_request', message)
  }
}

function full(retryAt: number, now: number): AppError {
  const seconds = retryAfterSeconds(retryAt, now)
  const message = `All slots of all accounts are taken. Try again in ${seconds} s.`
  return new AppError('slots_full', message, { retryAfterSeconds: seconds })
}
