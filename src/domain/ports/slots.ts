/** The RPC methods of AccountSlots. During a deploy an older Worker may call a newer object, and the reverse. */
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import type { SharedLease } from '#domain/slots/lease-record.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Account, Holder } from '#domain/accounts/account.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { EventOutcome, Via } from '#domain/events/incoming-event.ts'
import type { SuspectedFault, CheckResult } from '#domain/accounts/park-after-refusal.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import type { JobReport, JobStart, LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { ResealStep } from '#domain/access/reseal.ts'

/** Free slots. `freeAt`: when there may be more without a notice, because a parking ends. */
export interface Room {
  free: number
  freeAt?: number
}

/** AccountSlots of one provider account. */
export interface SlotDesk {
  /** Makes this record the object's account. Refused while another tenant or email holds it. */
  claim(account: Account, instead?: Holder): Promise<ClaimAnswer>
  /** The account has a renewed session; nothing else changed. */
  renew(account: Account): Promise<void>
  /**
   * The account was removed: no new leases. The credential is deleted with the last lease, or now. Ignored if another holds
   * it.
   */
  retire(isNow: boolean, holder?: Holder): Promise<void>
  acquire(ask: LeaseAsk): Promise<LeaseAnswer>
  /** `again`: the ask of the lease. If the lease is missing, it is made again from it. */
  bind(requestId: string, starts: JobStart[], again?: LeaseAsk): Promise<void>
  /** Looks for the job of a lost creation now, without waiting for the alarm. */
  lookNow(requestId: string): Promise<LookUpResult>
  /** `fault`: why. Older objects return nothing. */
  release(requestId: string, fault?: SuspectedFault): Promise<CheckResult | undefined>
  /** A call of an unknown path seems to have started a job. False: its slot was released with the call. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): Promise<boolean>
  /** A call was refused. Checks the account at the provider if needed, and parks it if it is at fault. */
  blame(fault: SuspectedFault): Promise<CheckResult>
  /** Ends all parkings, and the checks that would end them. */
  unpark(tenant: string): Promise<void>
  /** The provider seems to be down: refused accounts are checked again by then. */
  hold(until: number): Promise<void>
  /** The only way in which a job ends. True when something changed. */
  settle(reports: JobReport[]): Promise<boolean>
  /** Ends tracking of a job; with `isForced` frees its slot. False: no such running job. */
  untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean>
  /** Until that time, notifies the desk when slots become free. Returns how many are free now. */
  watch(until: number): Promise<Room | undefined>
  view(tenant: string): Promise<SlotsView>
  /** Re-seals its records with the first master key, `key`, and registers our webhook again. Safe to repeat. */
  reseal(key: string): Promise<ResealStep>
  findJob(tenant: string, name: JobName): Promise<JobRecord | undefined>
  /** Newest first, running and ended; at most `limit`. */
  listJobs(query: JobQuery): Promise<JobPage>
  /** An incoming event, as it was sent. Without a valid signature it changes nothing. */
  receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'>
  /** Newest first. */
  listDeliveries(query: DeliveryQuery): Promise<Delivery[]>
  findDelivery(tenant: string, id: string): Promise<Delivery | undefined>
  /** Sends it again, whatever its state. */
  retryDelivery(tenant: string, id: string): Promise<Delivery | undefined>
}

/** `headers`: those that may contain a signature. */
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
  /** All slots in use, also by the last jobs of a tenant that had the account before. */
  held: number
  maxJobs: number
  parkings: Parking[]
  /** Our webhook at the provider is not registered (yet). Ends of jobs are found by status checks. */
  hookFailure?: { message: string; retryAt: number }
}
