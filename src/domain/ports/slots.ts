/** The RPC interface of AccountSlots. During a deploy an older Worker may call a newer object, and the reverse. */
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import type { SharedLease } from '#domain/slots/lease-record.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { AccountTest } from '#domain/accounts/account-test.ts'
import type { Account, Holder } from '#domain/accounts/account.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { PushedTargets } from '#domain/events/endpoint.ts'
import type { PoolAccount } from '#domain/live/pool-account.ts'
import type { ThroughputHour, ThroughputQuery } from '#domain/live/throughput.ts'
import type { UsageOfAccount, UsageQuery } from '#domain/usage/usage.ts'
import type { EventOutcome, Via } from '#domain/events/incoming-event.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import type { JobReport, JobStart, LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { ResealStep } from '#domain/access/reseal.ts'
import type { Sender } from './line.ts'

/** The free slots of an account. `freeAt`: when there may be more without a notice, because a parking ends. */
export interface Room {
  free: number
  freeAt?: number
}

/** AccountSlots of one provider account. */
export interface SlotDesk extends Sender {
  /** Makes this record the object's account. Refused while another tenant or email holds it. Older desks pass no `targets`. */
  claim(account: Account, instead?: Holder, targets?: PushedTargets): Promise<ClaimAnswer>
  /** Takes the delivery targets of its tenant, unless it has newer ones or another tenant holds the account. */
  takeTargets(tenant: string, targets: PushedTargets): Promise<void>
  /** Replaces the account's record by one that differs only in its renewed session. */
  renew(account: Account): Promise<void>
  /**
   * Ends the use of the account, which was removed: no new leases. The credential is deleted with the last lease, or at once if
   * `isNow`. Ignored if another tenant holds the account.
   */
  retire(isNow: boolean, holder?: Holder): Promise<void>
  /** The same, if no job holds or may hold a slot. False: one does, or another tenant or email holds the account. */
  vacate(holder: Holder): Promise<boolean>
  acquire(ask: LeaseAsk): Promise<LeaseAnswer>
  /**
   * Binds jobs to a request's leases. `again`: the ask for the lease, from which a missing lease is made again. `isKept`: the
   * desk keeps the jobs (`learnJobs`), so the object need not write them. An object of an older release writes them anyway.
   */
  bind(
    requestId: string,
    starts: JobStart[],
    again?: LeaseAsk,
    how?: { isKept?: boolean }
  ): Promise<void>
  /** Looks for the job of a lost creation now, without waiting for the alarm. */
  lookNow(requestId: string): Promise<LookUpResult>
  /** Releases a request's leases. `fault`: the refusal that was the reason. Older objects return nothing. */
  release(requestId: string, fault?: SuspectedFault): Promise<CheckResult | undefined>
  /** Keeps the slot of a call on an unknown path that seems to have started a job. False: the slot is already released. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): Promise<boolean>
  /** Handles a refused call: checks the account at the provider if needed, and parks it if it is at fault. */
  blame(fault: SuspectedFault): Promise<CheckResult>
  /** Ends all parkings, and the checks that would end them. */
  unpark(tenant: string): Promise<void>
  /** Asks the provider now whether the account's credentials are good. Undefined: another tenant holds the account. */
  test(tenant: string): Promise<AccountTest | undefined>
  /** Asks the provider soon which older calls the account has, at most every ten minutes. */
  checkLegacy(tenant: string): Promise<void>
  /** Shortens parkings, because the provider seems to be down: refused accounts are checked again by then. */
  hold(until: number): Promise<void>
  /** The only way in which a job ends. True when something changed. */
  settle(reports: JobReport[]): Promise<boolean>
  /** Ends tracking of a job; with `isForced` frees its slot. False: no such running job. */
  untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean>
  /** Until that time, notifies the desk when slots become free. Returns how many are free now. */
  watch(until: number): Promise<Room | undefined>
  view(tenant: string): Promise<SlotsView>
  /** The ids of the tenant's leases whose tokens have limits on jobs. An object of an older release lacks this method. */
  limitedLeases(tenant: string): Promise<string[]>
  /** What a page shows of the account. Undefined: the tenant does not hold it. */
  summary(tenant: string): Promise<PoolAccount | undefined>
  /** Pushes the summary to this hub after each change, until then. Returns it as it is now. */
  observe(hub: string, tenant: string, until: number): Promise<PoolAccount | undefined>
  /** Re-seals its records with the first master key, `key`, and registers our webhook again. Safe to repeat. */
  reseal(key: string): Promise<ResealStep>
  /** Tells the tenant's alerts that the whole pool refuses calls since then; without `since`, that it does not any more. */
  notePool(tenant: string, since?: number): Promise<void>
  /** The same of what is queued and waits for too long. An object of an older release lacks this method. */
  noteQueue(tenant: string, since?: number): Promise<void>
  findJob(tenant: string, name: JobName): Promise<JobRecord | undefined>
  /** Running and ended jobs, newest first; at most `limit`. */
  listJobs(query: JobQuery): Promise<JobPage>
  /** The jobs of each hour. */
  throughput(query: ThroughputQuery): Promise<ThroughputHour[]>
  /** The usage of a tenant that has the account, or has had it. An object of an older release lacks this method. */
  usage(query: UsageQuery): Promise<UsageOfAccount[]>
  /** Applies an incoming event, which is passed as it was sent. Without a valid signature it changes nothing. */
  receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'>
  /** Deliveries, newest first. */
  listDeliveries(query: DeliveryQuery): Promise<Delivery[]>
  findDelivery(tenant: string, id: string): Promise<Delivery | undefined>
  /** Sends a delivery again, whatever its state. */
  retryDelivery(tenant: string, id: string): Promise<Delivery | undefined>
}

/** An incoming event as it was sent. `headers`: those that may contain a signature. */
export interface ReceivedEvent {
  via: Via
  tenant: string
  headers: Record<string, string>
  body: string
  /** The bytes of a body that is not UTF-8. The signature covers these. */
  bytes?: Uint8Array<ArrayBuffer>
}

export interface DeliveryQuery {
  tenant: string
  /** Only deliveries of this own token's jobs to its own targets. */
  ownToken?: string
  state?: Delivery['state']
  /** The id of a job or of its request. */
  job?: string
  since?: number
  until?: number
  /** Only deliveries older than this one. */
  before?: { createdAt: number; id: string }
  limit: number
}

export type ClaimAnswer = { ok: true } | { ok: false; holder: Holder; provider: string }

export interface SlotsView {
  /** Every lease of this tenant that holds a slot or waits. */
  leases: SharedLease[]
  /** All slots in use, also by the last jobs of a tenant that had the account earlier. */
  held: number
  maxJobs: number
  parkings: Parking[]
  /** Why our webhook is not registered at the provider (yet). Until then status checks find the ends of jobs. */
  hookFailure?: { message: string; retryAt: number }
}
