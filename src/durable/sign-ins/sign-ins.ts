/**
 * A desk's sign-ins: asks the provider by alarm whether the person has approved, at the pace that the provider wants, and saves the
 * account then. Tokens are stored before they are used. What a crash interrupts, the next alarm goes on with
 * (docs/rfc/0005-sign-in.md).
 */
import { CannotOpen } from '#domain/access/sealed-text.ts'
import type { Actor } from '#domain/access/audit.ts'
import { BUSY, type Account, type Session } from '#domain/accounts/account.ts'
import {
  accountFor,
  afterPoll,
  beginSignIn,
  endSignIn,
  isOpen,
  nextPollAt,
  PENDING_MAX,
  pollingAt,
  SIGN_IN_WITHIN_MS,
  type DeviceCodes,
  type PollAnswer,
  type SignIn,
  type SignInWish,
} from '#domain/accounts/sign-in.ts'
import type { SaveAnswer, SignInAnswer } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import {
  accountOfSignIn,
  ofOtherUser,
  openSignIn,
  pollOnce,
  requestCodes,
  sealSignIn,
} from '#flows/accounts/sign-in.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { SignInRows } from './sign-in-rows.ts'

export interface SignInsDeps {
  ports(): Ports
  provider(): Provider
  tenant: string
  accounts(): readonly Account[]
  isClosed(): boolean
  save(account: Account, by: Actor | undefined): Promise<SaveAnswer>
  audit(by: Actor | undefined, action: 'sign_in.begun' | 'sign_in.cancelled', id: string): void
  armIn(ms: number): void
}

const KEY_MISSING =
  'Its codes cannot be opened: the master key that sealed them is not in MASTER_KEYS. Start a new sign-in.'

const BROKEN = 'The gateway could not save the account. Start a new sign-in.'

export class SignIns {
  readonly #rows: SignInRows
  readonly #deps: SignInsDeps
  /** Sign-ins whose codes are being asked for. */
  #beginning = 0
  /** When to go on with each, epoch ms. A restart forgets it. Then a long pause is known from its row, and a short one begins again. */
  readonly #dueAt = new Map<string, number>()
  /** Accounts are saved one after the other, so that each sees the emails that are taken. */
  #saving: Promise<void> = Promise.resolve()

  constructor(rows: SignInRows, deps: SignInsDeps) {
    this.#rows = rows
    this.#deps = deps
  }

  async begin(wish: SignInWish, by: Actor | undefined): Promise<SignInAnswer> {
    const ports = this.#deps.ports()
    if (this.#deps.isClosed()) return { ok: false, reason: 'closed' }
    const known = this.#rows.find(wish.id)
    if (known) return { ok: true, signIn: known }
    if (this.#rows.open().length + this.#beginning >= PENDING_MAX)
      return { ok: false, reason: 'full' }
    this.#rows.forget(ports.now() - ports.durations.keepSignInsMs)
    this.#beginning += 1
    try {
      const begun = await requestCodes(ports, this.#deps.provider())
      if (!begun.ok) return begun
      const sealed = await sealSignIn(ports, this.#where(), wish.id, begun.codes)
      if (this.#deps.isClosed()) return { ok: false, reason: 'closed' }
      const given = { ...begun, sealed }
      const signIn = beginSignIn(wish, given, ports.now())
      this.#rows.save(signIn, by)
      this.#deps.audit(by, 'sign_in.begun', wish.id)
      this.#waitFor(signIn, undefined)
      return { ok: true, signIn }
    } finally {
      this.#beginning -= 1
    }
  }

  find(id: string): SignIn | undefined {
    return this.#rows.find(id)
  }

  /** Cancels it, unless the tokens are stored already. Returns the sign-in as it is then. */
  cancel(id: string, by: Actor | undefined): SignIn | undefined {
    const found = this.#rows.find(id)
    if (found?.status !== 'pending') return found
    const cancelled = endSignIn(found, 'cancelled', this.#deps.ports().now())
    this.#rows.save(cancelled)
    this.#deps.audit(by, 'sign_in.cancelled', id)
    return cancelled
  }

  /** When the object wakes up. The alarm that was running when it died may be lost. */
  resume(): void {
    for (const one of this.#rows.open()) this.#deps.armIn(one.paceMs)
  }

  /** By alarm: goes on with every sign-in that is due. */
  async runDue(): Promise<void> {
    const { now, durations } = this.#deps.ports()
    this.#rows.forget(now() - durations.keepSignInsMs)
    const open = this.#rows.open()
    for (const one of open) if (!this.#dueAt.has(one.id)) this.#goOnLater(one)
    const due = open.filter(({ id }) => (this.#dueAt.get(id) ?? 0) <= now())
    await Promise.all(due.map((one) => this.#goOn(one)))
  }

  /** Pending codes wait one pause, because nobody knows when they were last asked about. */
  #goOnLater(signIn: SignIn): void {
    if (signIn.pollAt !== undefined) this.#dueAt.set(signIn.id, signIn.pollAt)
    else if (signIn.status === 'pending') this.#waitFor(signIn, undefined)
    else this.#dueAt.set(signIn.id, this.#deps.ports().now())
  }

  /** When the next alarm is due, epoch ms. */
  nextAt(): number | undefined {
    const { now, durations } = this.#deps.ports()
    const dues = this.#rows.all().map((one) => {
      if (one.endedAt !== undefined) return one.endedAt + durations.keepSignInsMs + 1
      return this.#dueAt.get(one.id) ?? now()
    })
    return dues.length === 0 ? undefined : Math.min(...dues)
  }

  forgetAll(): void {
    this.#rows.forgetAll()
    this.#dueAt.clear()
  }

  async #goOn(signIn: SignIn): Promise<void> {
    try {
      if (signIn.status === 'pending') await this.#poll(signIn)
      const current = this.#rows.find(signIn.id)
      if (current?.status === 'granted') await this.#complete(current)
    } catch (error) {
      logMissingKey(this.#deps.ports(), 'sign-in', error)
      // Approved meanwhile, it has a new end.
      const { expiresAt } = this.#rows.find(signIn.id) ?? signIn
      const isOver = this.#deps.ports().now() >= expiresAt
      const isSealed = error instanceof CannotOpen
      if (isOver) this.#end(signIn.id, 'failed', isSealed ? KEY_MISSING : BROKEN)
      else this.#waitFor(signIn, undefined)
    }
  }

  async #poll(signIn: SignIn): Promise<void> {
    const ports = this.#deps.ports()
    const codes = await openSignIn<DeviceCodes>(ports, this.#where(), signIn)
    const answer = await pollOnce(ports, this.#deps.provider(), signIn, codes)
    if (answer.kind === 'granted') return this.#store(signIn, answer.session)
    const current = this.#rows.find(signIn.id)
    if (current?.status !== 'pending') return
    const now = ports.now()
    const polled = afterPoll(current, answer, now)
    const isLate = isOpen(polled) && now >= polled.expiresAt
    const next = isLate ? endSignIn(polled, 'expired', now) : polled
    if (next !== current) this.#rows.save(next)
    if (isOpen(next)) this.#waitFor(next, retryAfterIn(answer))
    else this.#logEnd(next)
  }

  /** A sign-in that was cancelled during the question stays cancelled, and its tokens are dropped. */
  async #store(signIn: SignIn, session: Session): Promise<void> {
    const ports = this.#deps.ports()
    const sealed = await sealSignIn(ports, this.#where(), signIn.id, session)
    const current = this.#rows.find(signIn.id)
    if (current?.status !== 'pending') return
    const expiresAt = ports.now() + SIGN_IN_WITHIN_MS
    this.#rows.save({ ...current, status: 'granted', sealed, expiresAt })
    this.#deps.armIn(current.paceMs)
  }

  async #complete(signIn: SignIn): Promise<void> {
    const ports = this.#deps.ports()
    const saved = this.#accountOf(signIn.id)
    if (saved) return this.#end(signIn.id, 'done', undefined, saved.email)
    const session = await openSignIn<Session>(ports, this.#where(), signIn)
    const { tenant } = this.#deps
    const approved = { signIn, tenant, session }
    const made = await accountOfSignIn(ports, this.#deps.provider(), approved, this.#deps.accounts)
    if (made.ok) return this.#saveInTurn(signIn, made.account)
    if (made.reason === 'failed') return this.#end(signIn.id, 'failed', made.message)
    if (ports.now() < signIn.expiresAt) return this.#waitFor(signIn, undefined)
    this.#end(signIn.id, 'failed', 'The provider could not be asked whose account it is.')
  }

  #saveInTurn(signIn: SignIn, account: Account): Promise<void> {
    const work = this.#saving.then(() => this.#save(signIn, account))
    this.#saving = work.catch(() => {})
    return work
  }

  async #save(signIn: SignIn, account: Account): Promise<void> {
    const { otherUser } = accountFor(this.#deps.accounts(), account.key, account.email)
    if (otherUser) return this.#end(signIn.id, 'failed', ofOtherUser(otherUser))
    const answer = await this.#deps.save(account, this.#actorNow(signIn.id))
    if (!answer.ok) {
      const exists =
        'This provider account has already been added, perhaps under another email or by another tenant.'
      return this.#end(signIn.id, 'failed', answer.reason === 'busy' ? BUSY : exists)
    }
    const { email, provider, tenant } = account
    const event = answer.isNew ? 'account_added' : 'account_updated'
    this.#deps.ports().log(event, { provider, tenant, email })
    this.#end(signIn.id, 'done', undefined, email)
  }

  /** Who started the sign-in. The audit sorts by the id, so it is of now and not of the request that started it. */
  #actorNow(id: string): Actor | undefined {
    const by = this.#rows.actorOf(id)
    const { now, newId } = this.#deps.ports()
    return by && { ...by, requestId: newTimedId(now(), newId()) }
  }

  /** The account that this sign-in has made already. Its tokens may be newer by now. */
  #accountOf(id: string): Account | undefined {
    return this.#deps.accounts().find(({ session }) => session?.grant === id)
  }

  #end(id: string, status: 'done' | 'failed', reason?: string, account?: string): void {
    const current = this.#rows.find(id)
    if (!current || !isOpen(current)) return
    const made = account === undefined ? {} : { account }
    const now = this.#deps.ports().now()
    const ended = { ...endSignIn(current, status, now, reason), ...made }
    this.#rows.save(ended)
    this.#logEnd(ended)
  }

  #logEnd({ status, account }: SignIn): void {
    const { tenant } = this.#deps
    const provider = this.#deps.provider().name
    this.#deps.ports().log('sign_in_ended', { provider, tenant, email: account, status })
  }

  #waitFor(signIn: SignIn, retryAfterMs: number | undefined): void {
    const { now } = this.#deps.ports()
    const at = nextPollAt(signIn, now(), retryAfterMs)
    this.#dueAt.set(signIn.id, at)
    const current = this.#rows.find(signIn.id)
    const polling = current && pollingAt(current, at, now())
    if (polling) this.#rows.save(polling)
    this.#deps.armIn(at - now())
  }

  #where(): { provider: string; tenant: string } {
    return { provider: this.#deps.provider().name, tenant: this.#deps.tenant }
  }
}

function retryAfterIn(answer: PollAnswer): number | undefined {
  return answer.kind === 'slow_down' || answer.kind === 'unreachable'
    ? answer.retryAfterMs
    : undefined
}
