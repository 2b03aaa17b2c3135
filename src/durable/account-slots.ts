/**
 * AccountSlots: one object per provider account. Holds its leases, ended jobs and parking, and a sealed copy of the
 * credential for the questions of its alarm. Load, decide (in `domain`), save, arm the alarm: it decides nothing
 * itself, and between load and save nothing is awaited. Methods only ever gain optional arguments: an older Worker
 * may talk to a newer object and the reverse.
 */
import { DurableObject } from 'cloudflare:workers'
import { makePorts } from '../deps.ts'
import { sameEmail, type Account } from '#domain/account.ts'
import {
  bind,
  grant,
  hear,
  heldSlots,
  nextDueAt,
  release,
  type Change,
  type JobReport,
  type JobStart,
  type LeaseAnswer,
  type LeaseAsk,
  type Ledger,
} from '#domain/lease.ts'
import { loseAll, untrack } from '#domain/job.ts'
import { park, type ParkOrder, type Parking } from '#domain/parking.ts'
import type {
  ClaimAnswer,
  Holder,
  JobName,
  JobRecord,
  Ports,
  SlotDesk,
  SlotsView,
} from '#domain/ports.ts'
import { reconcileAccount } from '#flows/reconcile-account.ts'
import { getProvider } from '#providers/index.ts'
import { SlotsTables } from './slots-tables.ts'

export class AccountSlots extends DurableObject<Env> implements SlotDesk {
  readonly #tables: SlotsTables
  /** In memory only: whoever waits also looks again by itself. */
  #watchedUntil = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#tables = new SlotsTables(ctx.storage)
  }

  async claim(account: Account, instead?: Holder): Promise<ClaimAnswer> {
    const held = this.#tables.account()
    const isOther =
      held && (held.tenant !== account.tenant || !sameEmail(held.email, account.email))
    const isReplaced = instead?.tenant === held?.tenant && instead?.email === held?.email
    if (isOther && !isReplaced && !this.#tables.isRetired()) {
      return {
        ok: false,
        holder: { tenant: held.tenant, email: held.email },
        provider: held.provider,
      }
    }
    this.#tables.saveAccount(account)
    return { ok: true }
  }

  async renew(account: Account): Promise<void> {
    if (!this.#tables.isRetired()) this.#tables.replaceAccount(account)
  }

  async retire(isNow: boolean): Promise<void> {
    this.#tables.retire(Date.now())
    if (isNow) this.#loseAll()
    this.#wipeWhenDone()
    await this.#arm()
  }

  async acquire(ask: LeaseAsk): Promise<LeaseAnswer> {
    const { answer, change } = grant(this.#ledger(), ask, Date.now(), this.#ports().waits)
    this.#save(change)
    await this.#arm()
    return answer
  }

  async bind(requestId: string, starts: JobStart[]): Promise<void> {
    this.#save(bind(this.#ledger(), requestId, starts, Date.now(), this.#ports().waits))
    await this.#arm()
  }

  async release(requestId: string): Promise<void> {
    this.#save(release(this.#ledger(), requestId))
    this.#wipeWhenDone()
  }

  async settle(reports: JobReport[]): Promise<boolean> {
    return this.#save(hear(this.#ledger(), reports, Date.now()))
  }

  async park(order: ParkOrder): Promise<Parking> {
    const parking = park(this.#tables.parkings(), order, Date.now(), this.#ports().waits)
    this.#tables.saveParking(parking)
    return parking
  }

  async untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean> {
    const change = untrack(this.#tables.leases(), tenant, jobId, isForced, Date.now())
    return this.#save(change)
  }

  async watch(until: number): Promise<void> {
    this.#watchedUntil = Math.max(this.#watchedUntil, until)
  }

  async view(tenant: string): Promise<SlotsView> {
    const ledger = this.#ledger()
    return {
      leases: ledger.leases.filter((lease) => lease.tenant === tenant),
      held: heldSlots(ledger, Date.now()),
      maxJobs: ledger.maxJobs,
      parkings: ledger.parkings.filter((parking) => parking.until > Date.now()),
    }
  }

  async findJob(tenant: string, name: JobName): Promise<JobRecord | undefined> {
    return this.#tables.findJob(tenant, name)
  }

  /** Asks the provider about every due lease. Never throws: a lost alarm would lose slots. */
  override async alarm(): Promise<void> {
    try {
      const account = this.#tables.account()
      this.#loseWhenRetiredLong()
      if (account) await this.#reconcile(account)
      this.#tables.forgetEnded(Date.now() - this.#ports().waits.keepEndedMs)
      this.#wipeWhenDone()
    } catch (error) {
      console.error(JSON.stringify({ event: 'alarm_failed', name: (error as Error).name }))
      await this.ctx.storage.setAlarm(Date.now() + 30_000)
      return
    }
    await this.#arm()
  }

  async #reconcile(account: Account): Promise<void> {
    await reconcileAccount(this.#ports(), getProvider(account.provider), {
      account,
      leases: () => this.#tables.leases(),
      knows: (jobId) => this.#tables.knowsJob(jobId),
      apply: (change) => this.#save(change),
      park: (order) => this.park(order),
      settle: (reports) => this.settle(reports),
    })
  }

  #ports(): Ports {
    return makePorts(this.env, (work) => this.ctx.waitUntil(work))
  }

  #ledger(): Ledger {
    return {
      maxJobs: this.#tables.account()?.maxJobs ?? 0,
      isRetired: this.#tables.isRetired(),
      leases: this.#tables.leases(),
      parkings: this.#tables.parkings(),
    }
  }

  #save(change: Change): boolean {
    this.#tables.apply(change)
    if (change.ended.length > 0) this.#wipeWhenDone()
    if (change.ended.length + change.drop.length > 0) this.#tellWaiting()
    return change.ended.length + change.put.length + change.drop.length > 0
  }

  #tellWaiting(): void {
    const account = this.#tables.account()
    if (!account || Date.now() >= this.#watchedUntil) return
    const desk = this.#ports().desk(account.tenant, account.provider)
    this.ctx.waitUntil(desk.noteFreed(account.key).catch(() => {}))
  }

  #loseAll(): void {
    this.#save(loseAll(this.#tables.leases(), Date.now()))
  }

  /** A removed account keeps its credential for its last jobs, but not for ever. */
  #loseWhenRetiredLong(): void {
    const retiredAt = this.#tables.retiredAt()
    if (retiredAt !== undefined && Date.now() - retiredAt >= this.#ports().waits.lostMs)
      this.#loseAll()
  }

  #wipeWhenDone(): void {
    if (this.#tables.isRetired() && this.#tables.leases().length === 0) this.#tables.wipeAccount()
  }

  /** One row written only when the alarm must come earlier than it would. */
  async #arm(): Promise<void> {
    const due =
      nextDueAt(this.#ledger()) ?? this.#tables.oldestEndedAt(this.#ports().waits.keepEndedMs)
    if (due === undefined) return
    const armed = await this.ctx.storage.getAlarm()
    if (armed === null || armed > due) await this.ctx.storage.setAlarm(Math.max(due, Date.now()))
  }
}
