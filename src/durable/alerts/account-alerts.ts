/**
 * The alerts of one account: sees what is wrong, keeps it in rows, and hands the messages to the outbox. A row is written in the
 * turn in which the fault is seen. Who is told is asked afterwards, and again by alarm if that fails. While nothing is wrong there
 * is no row and nobody is asked.
 */
import { faultsOf, parkedUntil } from '#domain/alerts/account-faults.ts'
import { isForKind, type AlertKind } from '#domain/alerts/alert.ts'
import { deliveryOf } from '#domain/alerts/alert-delivery.ts'
import {
  deadLetter,
  isLowFor,
  observe,
  tell,
  type AlertState,
  type Observation,
} from '#domain/alerts/alert-state.ts'
import { hostOf } from '#domain/access/audit.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import type { Provider } from '#providers/contract/provider.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

interface Context {
  tables: SlotsTables
  now(): number
  ports(): Ports
  durations(): Durations
  provider(): Provider
}

/** What the account can still spend, as it was last read. */
interface BalanceSource {
  known(): { amount: number; unit: string; at: number } | undefined
  refreshIfOlderThan(ms: number): Promise<void>
}

export interface AccountAlertsDeps {
  balance: BalanceSource
  /** Sends deliveries that were just written. */
  queueDeliveries(deliveries: Delivery[]): void
  setAlarm(): void
}

/** A little longer than the retention of deliveries. */
const LONGER = 1.05

export class AccountAlerts {
  readonly #context: Context
  readonly #deps: AccountAlertsDeps
  #isLooking = false
  #isTelling = false
  /** In memory only, epoch ms. */
  #retryAt = 0
  #balanceAskedAt = 0

  constructor(context: Context, deps: AccountAlertsDeps) {
    this.#context = context
    this.#deps = deps
  }

  /** Looks at the account at the end of this turn: a caller may change a parking twice. */
  lookSoon(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    queueMicrotask(() => {
      this.#isLooking = false
      this.#look()
    })
  }

  /** Work after which the account is looked at. */
  after(work: () => void): () => void {
    return () => {
      work()
      this.lookSoon()
    }
  }

  #look(): void {
    const { tables, now, provider } = this.#context
    const account = tables.account()
    const isRemoved = tables.isRetired()
    const facts = { isRemoved, parkings: tables.parkings(), hook: tables.hook() }
    const about = account && {
      tenant: account.tenant,
      provider: account.provider,
      account: account.email,
    }
    if (about)
      for (const [kind, fault] of Object.entries(faultsOf(facts, now())))
        this.#see({ ...about, kind: kind as AlertKind, ...(fault && { fault }) })
    // A former holder's account is not its account any more.
    for (const { kind, tenant } of this.#states)
      if (OF_HOLDER.has(kind) && tenant !== account?.tenant)
        this.#see({ kind, tenant, provider: provider().name })
    this.#start()
  }

  /** Called with deliveries whose state was just saved. */
  noteDeliveries(changed: readonly Delivery[]): void {
    for (const one of changed) if (one.target.kind !== 'alert') this.#noteDelivery(one)
    this.#start()
  }

  #noteDelivery(delivery: Delivery): void {
    const { tables, now } = this.#context
    const { id, tenant, provider, target, reason = '' } = delivery
    const state = tables.alertStates.find({ kind: 'dead_letter', tenant })
    if (delivery.state === 'delivered' && state?.dead?.includes(id))
      this.#saveDead(
        state,
        state.dead.filter((one) => one !== id)
      )
    if (delivery.state !== 'dead') return
    // A former holder's last deliveries are sent from here, too. It must not learn the email that the next one chose.
    const held = tables.account()
    const about = { tenant, provider, ...(held?.tenant === tenant && { account: held.email }) }
    const host = 'url' in target ? hostOf(target.url) : ''
    const { seen, dead } = deadLetter(state, about, { id, detail: `${host}: ${reason}` }, now())
    this.#see(seen, dead)
  }

  #saveDead(state: AlertState, dead: string[]): void {
    const { tables, now } = this.#context
    const over = dead.length > 0 ? {} : { isRaised: false, nextAt: now() }
    tables.alertStates.save({ ...state, dead, ...over })
  }

  /** `since`: the pool has the fault since then. Absent: it has not any more. */
  notePool(kind: 'pool_full' | 'queue_old', tenant: string, since: number | undefined): void {
    const provider = this.#context.provider().name
    this.#see({
      kind,
      tenant,
      provider,
      ...(since === undefined ? {} : { fault: { since } }),
    })
    this.#start()
  }

  /** A job ended, so the balance may be lower. `isWatched`: somebody must be told of a low balance. */
  onEnded(isWatched: boolean): void {
    const { now, durations, ports } = this.#context
    if (!isWatched || now() < this.#balanceAskedAt + durations().balanceForAlertsMs) return
    ports().defer(this.#checkBalance().catch(() => {}))
  }

  async #checkBalance(): Promise<void> {
    const { tables, now, durations, ports, provider } = this.#context
    this.#balanceAskedAt = now()
    await this.#deps.balance.refreshIfOlderThan(durations().balanceForAlertsMs)
    const account = tables.account()
    const known = this.#deps.balance.known()
    if (!account || tables.isRetired() || !known) return
    // If the provider did not answer, the balance is not known.
    if (now() - known.at >= durations().balanceEveryMs) return
    const alerts = await ports().registrar.alertsFor(account.tenant)
    const { amount, unit } = known
    const lowBelow = provider().accounts.lowBalance?.[unit]
    const fault = { amount, unit, ...(lowBelow === undefined ? {} : { lowBelow }) }
    const isLow = alerts.some((one) => isForKind(one, 'balance_low') && isLowFor(fault, one))
    this.#see({
      kind: 'balance_low',
      tenant: account.tenant,
      provider: account.provider,
      account: account.email,
      ...(isLow && { fault }),
    })
    this.#start()
  }

  #see(seen: Observation, dead?: string[]): void {
    const { tables, now } = this.#context
    const state = tables.alertStates.find(seen)
    const after = observe(state, seen, now())
    if (after && after !== state)
      tables.alertStates.save({ ...after, ...(dead === undefined ? {} : { dead }) })
  }

  dueAt(): number | undefined {
    const { tables, now, durations } = this.#context
    if (this.#states.length === 0) return undefined
    const { alertRetryMs, balanceForAlertsMs, keepDeliveriesMs } = durations()
    const dues: number[] = []
    for (const { kind, isRaised, nextAt, fault } of this.#states) {
      if (nextAt !== undefined) {
        const at = Math.max(nextAt, this.#retryAt)
        dues.push(this.#isTelling ? Math.max(at, now() + alertRetryMs) : at)
      }
      if (!isRaised) continue
      if (kind === 'balance_low') dues.push(this.#balanceAskedAt + balanceForAlertsMs)
      if (kind === 'dead_letter') dues.push((fault.since ?? 0) + keepDeliveriesMs * LONGER)
      if (OF_PARKING.has(kind)) dues.push(parkedUntil(tables.parkings(), now()) ?? Infinity)
    }
    const due = Math.min(...dues)
    return due === Infinity ? undefined : due
  }

  /** Called by the alarm, after everything that it may have changed. */
  async runDue(): Promise<void> {
    const { now, durations } = this.#context
    this.#look()
    if (this.#states.length === 0) return
    const { balanceForAlertsMs, keepDeliveriesMs } = durations()
    for (const state of this.#states.filter(({ isRaised }) => isRaised)) {
      const isOld = now() >= (state.fault.since ?? 0) + keepDeliveriesMs * LONGER
      if (state.kind === 'dead_letter' && isOld) this.#dropGone(state)
    }
    const isLow = this.#states.some(({ kind, isRaised }) => kind === 'balance_low' && isRaised)
    if (isLow && now() >= this.#balanceAskedAt + balanceForAlertsMs)
      await this.#checkBalance().catch(() => {})
    await this.#tellDue()
  }

  /** Forgets dead deliveries that are not kept any more. */
  #dropGone(state: AlertState): void {
    const { tables, now } = this.#context
    const dead = (state.dead ?? []).filter((id) => tables.deliveries.find(id)?.state === 'dead')
    const fault = { ...state.fault, since: now() }
    this.#saveDead({ ...state, fault }, dead)
  }

  #start(): void {
    if (!this.#states.some((one) => this.#isDue(one))) return
    this.#deps.setAlarm()
    void this.#tellDue().catch(() => {})
  }

  #isDue({ nextAt = Infinity }: AlertState): boolean {
    const now = this.#context.now()
    return nextAt <= now && this.#retryAt <= now
  }

  async #tellDue(): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (let due = this.#firstDue(); due; due = this.#firstDue()) await this.#tellOf(due.tenant)
    } catch {
      const { now, ports, durations } = this.#context
      this.#retryAt = now() + durations().alertRetryMs
      ports().log('alerts_unread')
    } finally {
      this.#isTelling = false
      this.#deps.setAlarm()
    }
  }

  #firstDue(): AlertState | undefined {
    return this.#states.find((one) => this.#isDue(one))
  }

  /** Reads the alerts, then decides and saves without waiting. */
  async #tellOf(tenant: string): Promise<void> {
    const { tables, ports, durations } = this.#context
    const alerts = await ports().registrar.alertsFor(tenant)
    const now = this.#context.now()
    const made: Delivery[] = []
    for (const state of this.#states) {
      if (state.tenant !== tenant || !this.#isDue(state)) continue
      const told = tell(state, alerts, now, durations().alertAgainMs)
      if (told.state) tables.alertStates.save(told.state)
      else tables.alertStates.drop(state)
      made.push(...told.notices.map((notice) => deliveryOf(notice, state, now)))
    }
    tables.saveDeliveries(made)
    if (made.length > 0) this.#deps.queueDeliveries(made)
  }

  /**
   * What the delivery of an alert needs. It is read anew each time, so that a removed alert gets nothing more. Undefined: the
   * delivery is an event.
   */
  targetsOf({ target }: Delivery): Promise<DeliveryTargets> | undefined {
    if (target.kind !== 'alert') return undefined
    const reading = this.#context.ports().registrar.listAlerts(target.owner)
    return reading.then((alerts) => ({ endpoints: [], alerts }))
  }

  get #states(): readonly AlertState[] {
    return this.#context.tables.alertStates.all()
  }
}

/** Faults of the account's present holder. */
const OF_HOLDER = new Set<AlertKind>([
  'account_parked',
  'credential_dead',
  'webhook_missing',
  'balance_low',
])
const OF_PARKING = new Set<AlertKind>(['account_parked', 'credential_dead'])
