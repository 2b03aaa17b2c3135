/**
 * Decides whether a refusal is the account's fault, by asking the provider about the account with its present credential.
 * It asks once, however many calls were refused, and not again for a minute. The alarm checks a refused account again until
 * it is good (decision 0028). The decisions are in domain/accounts.
 */
import {
  afterRecheck,
  checkedPart,
  dueRechecks,
  isFresh,
  isOver,
  nextRecheckAt,
  recheckedBy,
  shortenedForOutage,
  standingParking,
} from '#domain/accounts/account-checks.ts'
import {
  liftedBy,
  TEST_VALID_MS,
  testedParts,
  type AccountTest,
  type PartTest,
} from '#domain/accounts/account-test.ts'
import { isHeldByOther, sealIdentity, type Account } from '#domain/accounts/account.ts'
import { mayAsk } from '#domain/accounts/imported.ts'
import {
  decideParking,
  type SuspectedFault,
  type CheckResult,
  type AccountStatus,
} from '#domain/accounts/park-after-refusal.ts'
import { needlessRows, park, type ParkOrder, type Parking } from '#domain/accounts/parking.ts'
import { checkAccount } from '#flows/accounts/check-account.ts'
import type { AccountContext } from './context.ts'

export interface AccountChecksDeps {
  /** Called when the account can be used again. */
  onUnparked(): void
  /** Called for each refusal that is judged. */
  onFault(fault: SuspectedFault): void
  setAlarm(): void
}

/** What a test asks for: whether the credential is good. The reason of a parking comes from the answer. */
const ASKED: ParkOrder = { scope: 'all', reason: 'credential', detail: '' }

/** The name of the check where the account has one credential. */
const WHOLE = ''

export class AccountChecks {
  readonly #context: AccountContext
  readonly #deps: AccountChecksDeps
  readonly #running = new Map<string, Promise<AccountStatus>>()
  #testing: Promise<AccountTest | undefined> | undefined
  #tested: { test: AccountTest; credential: string } | undefined

  constructor(context: AccountContext, deps: AccountChecksDeps) {
    this.#context = context
    this.#deps = deps
  }

  async judge(fault: SuspectedFault): Promise<CheckResult> {
    const { tables } = this.#context
    const account = tables.account()
    if (isHeldByOther(account, fault.tenant)) return { kind: 'unknown' }
    this.#deps.onFault(fault)
    if (fault.doubt === undefined) return this.#parkFor(fault, fault.order)
    if (!account) return { kind: 'unknown' }
    if (fault.used !== undefined && !(await this.#isCurrent(account, fault.used)))
      return { kind: 'newer' }
    const part = checkedPart(account.credentialKind, fault.part)
    const standing = await this.#standing(account, part)
    // The account may have a new credential by now. This check says nothing about that one.
    if (!this.#hasStill(account)) return { kind: 'newer' }
    const decision = decideParking(fault, standing, part)
    return decision.kind === 'park' ? this.#parkFor(fault, decision.order) : decision
  }

  /** A sign-in beside a key can be replaced while the key stays. */
  #hasStill({ credential, session }: Account): boolean {
    const account = this.#context.tables.account()
    return account?.credential === credential && account.session?.grant === session?.grant
  }

  /**
   * Whether `used` is still the account's credential. Compares opened texts: after a re-sealing the sealed ones differ at the
   * desk and here.
   */
  async #isCurrent(account: Account, used: string): Promise<boolean> {
    if (used === account.credential) return true
    const { vault } = this.#context.ports()
    const identity = sealIdentity(account)
    const open = (sealed: string) => vault.open(identity, sealed)
    return Promise.all([open(used), open(account.credential)]).then(
      ([one, other]) => one === other,
      () => false
    )
  }

  async #parkFor({ mayPark }: SuspectedFault, order: ParkOrder): Promise<CheckResult> {
    const { tables, now } = this.#context
    const standing = standingParking(tables.parkings(), order, now())
    if (standing) return { kind: 'parked', parking: standing }
    if (!mayPark) return { kind: 'refused' }
    const parking = order.isProved ? await this.#parkProved(order) : this.#park(order)
    return { kind: 'parked', parking }
  }

  #park(order: ParkOrder): Parking {
    const { tables, now } = this.#context
    const durations = this.#context.durations()
    const parkings = tables.parkings()
    const parking = park(parkings, order, now(), durations)
    tables.saveParking(parking, needlessRows(parkings, parking.scope, now(), durations))
    this.#deps.setAlarm()
    return parking
  }

  /**
   * For older Workers, which do not ask for a check. A refusal of another tenant's call says nothing about the present holder's
   * account.
   */
  parkUnchecked(order: ParkOrder, tenant: string | undefined): Parking {
    const { tables, now, durations } = this.#context
    if (!isHeldByOther(tables.account(), tenant)) return this.#park(order)
    return park([], order, now(), durations())
  }

  async #parkProved(order: ParkOrder): Promise<Parking> {
    const { tables, now, durations } = this.#context
    const account = tables.account()
    const isOutage = account && (await this.#isOutage(account, order))
    if (tables.account()?.credential !== account?.credential)
      return park([], order, now(), durations())
    const before = tables.parkings().find((one) => one.scope === order.scope)
    const parking = this.#park(order)
    if (!isOutage) return parking
    const shorter = shortenedForOutage(parking, before, now(), durations())
    tables.saveParking(shorter)
    this.#deps.setAlarm()
    return shorter
  }

  /** The desk knows how many accounts of the pool the provider refuses now. */
  #isOutage({ tenant, provider, key }: Account, order: ParkOrder): Promise<boolean> {
    const { tables, now, durations, ports } = this.#context
    const { until } = park(tables.parkings(), order, now(), durations())
    return ports()
      .desk(tenant, provider)
      .noteRefused(key, until)
      .catch(() => false)
  }

  /** During an outage of the provider: checks what it refused again at `until` or earlier. */
  recheckBy(until: number): void {
    const { tables } = this.#context
    for (const parking of recheckedBy(tables.parkings(), until)) tables.saveParking(parking)
    this.#deps.setAlarm()
  }

  unpark(): void {
    this.#context.tables.unpark()
    this.#deps.onUnparked()
  }

  /**
   * Asks the provider now, for a person. A good answer ends the parkings for a bad credential, a refusal parks. One test runs at a
   * time, and a second within five seconds gets the first one's answer. Undefined: there is no account.
   */
  async test(): Promise<AccountTest | undefined> {
    const { tables, now } = this.#context
    const account = tables.account()
    if (!account || tables.isRetired()) return undefined
    const last = this.#tested
    const isFreshTest = last && now() < last.test.at + last.test.ms + TEST_VALID_MS
    if (isFreshTest && last.credential === account.credential)
      return { ...last.test, isRepeat: true }
    if (this.#testing) return this.#testing.then((test) => test && { ...test, isRepeat: true })
    this.#testing = this.#test(account).finally(() => (this.#testing = undefined))
    return this.#testing
  }

  async #test(account: Account): Promise<AccountTest> {
    const { tables, now, ports } = this.#context
    const at = now()
    const parts: PartTest[] = []
    const before = tables.parkings().map(({ scope }) => scope)
    const lifted: Parking[] = []
    const parked: Parking[] = []
    for (const part of testedParts(account.credentialKind)) {
      const found = await this.#testPart(account, part)
      parts.push(found)
      // The account may have a new credential by now. This test says nothing about that one.
      if (!this.#hasStill(account)) continue
      if (found.key === 'good') lifted.push(...this.#lift(account, part))
      const decision = decideParking({ order: ASKED, doubt: 'key' }, found, part)
      if (decision.kind !== 'park') continue
      const order = { order: decision.order, mayPark: true }
      const isNew = !standingParking(tables.parkings(), decision.order, now())
      const result = await this.#parkFor(order, decision.order)
      if (isNew && result.kind === 'parked') parked.push(result.parking)
    }
    const { provider, email, credential } = account
    for (const { scope } of lifted) ports().log('unparked', { provider, email, scope })
    for (const { scope, reason } of parked)
      ports().log('parked', { provider, email, scope, reason })
    const test: AccountTest = {
      at,
      ms: now() - at,
      parts,
      lifted: lifted.map(({ scope }) => scope).filter((scope) => before.includes(scope)),
      parked: parked.map(({ scope }) => scope),
    }
    if (this.#hasStill(account)) this.#tested = { test, credential }
    return test
  }

  async #testPart(account: Account, part: string | undefined): Promise<PartTest> {
    let status: number | undefined
    const standing = await this.#ask(account, part, (seen) => (status = seen))
    const { key, detail } = standing
    return {
      key,
      ...(part === undefined ? {} : { part }),
      ...(detail === undefined ? {} : { detail }),
      ...(status === undefined ? {} : { status }),
    }
  }

  #lift({ credentialKind }: Account, part: string | undefined): Parking[] {
    const { tables } = this.#context
    const lifted = liftedBy(tables.parkings(), part, credentialKind)
    for (const { scope } of lifted) tables.dropParking(scope)
    if (lifted.length > 0) this.#deps.onUnparked()
    return lifted
  }

  dueAt(): number | undefined {
    const { tables } = this.#context
    const isAsked = mayAsk(tables.account()) && !tables.isRetired()
    return isAsked ? nextRecheckAt(tables.parkings()) : undefined
  }

  async recheckDue(): Promise<void> {
    const { tables, now } = this.#context
    const account = tables.account()
    if (!account || this.dueAt() === undefined) return
    for (const parking of dueRechecks(tables.parkings(), now()))
      await this.#recheck(account, parking)
  }

  async #recheck(account: Account, { scope, part }: Parking): Promise<void> {
    const { tables, now, durations, ports } = this.#context
    const standing = await this.#standing(account, part)
    if (!this.#hasStill(account)) return
    const result = afterRecheck(tables.parkings(), { scope, part }, standing, now(), durations())
    if (result.kind === 'postpone') return tables.saveParking(result.parking)
    if (result.kind === 'park') {
      await this.#parkProved(result.order)
      // Another part of the account is refused now, so this parking is not checked again.
      const isOther = result.order.scope !== scope
      if (isOther && isOver(tables.parkings(), scope, now())) tables.dropParking(scope)
      return
    }
    if (result.kind === 'keep') return
    tables.dropParking(scope)
    this.#deps.onUnparked()
    ports().log('unparked', { provider: account.provider, email: account.email, scope })
  }

  #standing(account: Account, part: string | undefined): Promise<AccountStatus> {
    const { tables, now, durations } = this.#context
    const name = part ?? WHOLE
    const proof = tables.proof(name)
    if (proof && isFresh(proof, now(), durations())) return Promise.resolve(proof.standing)
    const running = this.#running.get(name) ?? this.#ask(account, part)
    this.#running.set(name, running)
    return running.finally(() => this.#running.delete(name))
  }

  /** `onStatus`: told the HTTP status of each answer of the provider. */
  async #ask(
    account: Account,
    part: string | undefined,
    onStatus?: (status: number) => void
  ): Promise<AccountStatus> {
    const { tables, now, ports, provider } = this.#context
    const usual = ports()
    const fetch: typeof usual.fetch = async (url, init) => {
      const answer = await usual.fetch(url, init)
      onStatus?.(answer.status)
      return answer
    }
    const standing = await checkAccount({ ...usual, fetch }, provider(), account, part)
    if (this.#hasStill(account)) tables.saveProof(part ?? WHOLE, { at: now(), standing })
    return standing
  }
}
