/**
 * Whether a refusal is the account's. An account's object asks its provider about the account, with the credential that it
 * holds now: once however many calls ask, and not again for a minute. A refused account is asked about by the alarm until
 * it is good again (decision 0028).
 */
import { sealIdentity, type Account } from '#domain/accounts/account.ts'
import {
  decideParking,
  type Fault,
  type Finding,
  type Standing,
} from '#domain/accounts/park-after-refusal.ts'
import { needlessRows, park, type ParkOrder, type Parking } from '#domain/accounts/parking.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { proveStanding } from '#flows/accounts/check-account.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** The object's side. */
export interface AccountChecksDeps {
  ports(): Ports
  provider(): Provider
  isOthers(tenant: string | undefined): boolean
  /** It can be used again. */
  noteReturned(): void
  arm(): void
}

/** The name of what is asked about where an account has one credential. */
const WHOLE = ''

export class AccountChecks {
  readonly #tables: SlotsTables
  readonly #deps: AccountChecksDeps
  readonly #asked = new Map<string, Promise<Standing>>()

  constructor(tables: SlotsTables, deps: AccountChecksDeps) {
    this.#tables = tables
    this.#deps = deps
  }

  async blame(fault: Fault): Promise<Finding> {
    const account = this.#tables.account()
    if (this.#deps.isOthers(fault.tenant)) return { kind: 'unknown' }
    if (fault.doubt === undefined) return this.#punish(fault, fault.order)
    if (!account) return { kind: 'unknown' }
    if (fault.used !== undefined && !(await this.#isHeld(account, fault.used)))
      return { kind: 'newer' }
    const part = splitPart(account, fault.part)
    const standing = await this.#standing(account, part)
    // Meanwhile it may have been given another, which is not what was asked about.
    if (this.#tables.account()?.credential !== account.credential) return { kind: 'newer' }
    const guilt = decideParking(fault, standing, part)
    return guilt.kind === 'guilty' ? this.#punish(fault, guilt.order) : guilt
  }

  /** Sealed anew, it is another text at the desk than here, and the same credential. */
  async #isHeld(account: Account, used: string): Promise<boolean> {
    if (used === account.credential) return true
    const { vault } = this.#deps.ports()
    const identity = sealIdentity(account)
    const open = (sealed: string) => vault.open(identity, sealed)
    return Promise.all([open(used), open(account.credential)]).then(
      ([one, other]) => one === other,
      () => false
    )
  }

  async #punish({ mayPark }: Fault, order: ParkOrder): Promise<Finding> {
    const known = this.#tables.parkings().find((one) => one.scope === order.scope)
    const isKnown = known?.isProved && order.isProved && known.until > Date.now()
    if (isKnown) return { kind: 'parked', parking: known }
    if (!mayPark) return { kind: 'refused' }
    return {
      kind: 'parked',
      parking: order.isProved ? await this.#parkProved(order) : this.park(order),
    }
  }

  park(order: ParkOrder): Parking {
    const { durations } = this.#deps.ports()
    const parkings = this.#tables.parkings()
    const parking = park(parkings, order, Date.now(), durations)
    this.#tables.saveParking(parking, needlessRows(parkings, parking.scope, Date.now(), durations))
    this.#deps.arm()
    return parking
  }

  /** As older Workers ask, which doubt nothing. What another tenant met says nothing about the account as it is now. */
  parkFor(order: ParkOrder, tenant: string | undefined): Parking {
    if (!this.#deps.isOthers(tenant)) return this.park(order)
    return park([], order, Date.now(), this.#deps.ports().durations)
  }

  /** Where the provider refuses most accounts of the pool it is rather ill: nothing is parked for long then. */
  async #parkProved(order: ParkOrder): Promise<Parking> {
    const account = this.#tables.account()
    const ports = this.#deps.ports()
    const isIll = account && (await this.#isIll(account, order))
    if (this.#tables.account()?.credential !== account?.credential)
      return park([], order, Date.now(), ports.durations)
    const before = this.#tables.parkings().find((one) => one.scope === order.scope)
    const parking = this.park(order)
    if (!isIll) return parking
    const until = Math.min(parking.until, Date.now() + ports.durations.outageParkMs)
    // Who was asked about again and again because all were ill has not been refused for so long.
    const held = { ...parking, until, streak: before?.streak ?? 1 }
    this.#tables.saveParking(held)
    this.#deps.arm()
    return held
  }

  #isIll({ tenant, provider, key }: Account, order: ParkOrder): Promise<boolean> {
    const ports = this.#deps.ports()
    const { until } = park(this.#tables.parkings(), order, Date.now(), ports.durations)
    return ports
      .desk(tenant, provider)
      .noteRefused(key, until)
      .catch(() => false)
  }

  /** The provider seems to be ill. */
  hold(until: number): void {
    for (const parking of this.#refused())
      if (parking.until > until) this.#tables.saveParking({ ...parking, until })
    this.#deps.arm()
  }

  unpark(): void {
    this.#tables.unpark()
    this.#deps.noteReturned()
  }

  dueAt(): number | undefined {
    if (!this.#tables.account() || this.#tables.isRetired()) return undefined
    const ends = this.#refused().map(({ until }) => until)
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  /** By the alarm: those whose time has come are asked about again. */
  async tend(): Promise<void> {
    const account = this.#tables.account()
    if (!account || this.#tables.isRetired()) return
    for (const parking of this.#refused().filter(({ until }) => until <= Date.now()))
      await this.#askAgain(account, parking)
  }

  async #askAgain(account: Account, { scope, part }: Parking): Promise<void> {
    const standing = await this.#standing(account, part)
    const isSame = this.#tables.account()?.credential === account.credential
    const still = this.#tables.parkings().find((one) => one.scope === scope && one.isProved)
    if (!isSame || !still || still.until > Date.now()) return
    const guilt = decideParking({ order: still, doubt: 'key' }, standing, part)
    const ports = this.#deps.ports()
    if (guilt.kind === 'guilty') {
      await this.#parkProved(guilt.order)
      // What it is refused for now is another part of it: nobody asks about this one any more.
      if (guilt.order.scope !== scope) this.#dropOver(scope)
      return
    }
    if (guilt.kind === 'unknown')
      return this.#tables.saveParking({ ...still, until: Date.now() + ports.durations.provedMs })
    this.#tables.dropParking(scope)
    this.#deps.noteReturned()
    ports.log('unparked', { provider: account.provider, email: account.email, scope })
  }

  #dropOver(scope: Parking['scope']): void {
    const left = this.#tables.parkings().find((one) => one.scope === scope)
    if (left && left.until <= Date.now()) this.#tables.dropParking(scope)
  }

  #refused(): Parking[] {
    return this.#tables.parkings().filter(({ isProved }) => isProved)
  }

  /** Believed for a minute, whatever it is. */
  #standing(account: Account, part: string | undefined): Promise<Standing> {
    const name = part ?? WHOLE
    const { provedMs } = this.#deps.ports().durations
    const proof = this.#tables.proof(name)
    if (proof && Date.now() < proof.at + provedMs) return Promise.resolve(proof.standing)
    const asked = this.#asked.get(name) ?? this.#ask(account, part)
    this.#asked.set(name, asked)
    return asked.finally(() => this.#asked.delete(name))
  }

  async #ask(account: Account, part: string | undefined): Promise<Standing> {
    const standing = await proveStanding(this.#deps.ports(), this.#deps.provider(), account, part)
    if (this.#tables.account()?.credential !== account.credential) return standing
    this.#tables.saveProof(part ?? WHOLE, { at: Date.now(), standing })
    return standing
  }
}

/** One credential of several, by the name of its kind. */
function splitPart({ credentialKind }: Account, part: string | undefined): string | undefined {
  const kinds = credentialKind.split(' ')
  return part !== undefined && kinds.length > 1 && kinds.includes(part) ? part : undefined
}
