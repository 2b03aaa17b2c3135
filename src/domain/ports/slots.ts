/** What is asked of an account's object. RPC: an older Worker may ask a newer object, and the reverse. */
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import type { JobName, JobPage, JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Account, Holder } from '#domain/accounts/account.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { EventOutcome, Via } from '#domain/events/incoming-event.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import type { JobReport, JobStart, LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import type { SharedLease } from '#domain/slots/lease-record.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { ResealStep } from '#domain/access/reseal.ts'

/** `freeAt`: when more may be without a notice, as a parking ends. */
export interface Room {
  free: number
  freeAt?: number
}

/** AccountSlots of one provider account. */
export interface SlotDesk {
  /** Says whose account this is and what it may do. Refused while another tenant's record holds it. */
  claim(account: Account, instead?: Holder): Promise<ClaimAnswer>
  /** A renewed session: the account is otherwise as it was. */
  renew(account: Account): Promise<void>
  /** No new lease. The credential is wiped when the last lease has ended, or now. Without effect when another holds it. */
  retire(isNow: boolean, holder?: Holder): Promise<void>
  acquire(ask: LeaseAsk): Promise<LeaseAnswer>
  /** `again`: what the lease was asked for with; a lease that is not there (any more) is made anew from it. */
  bind(requestId: string, starts: JobStart[], again?: LeaseAsk): Promise<void>
  /** Looks now for the job of a creation whose outcome is unknown, instead of waiting for the alarm. */
  lookNow(requestId: string): Promise<LookUpResult>
  /** `fault`: why; an older object says nothing of it. */
  release(requestId: string, fault?: Fault): Promise<Finding | undefined>
  /** The call of a path without a row seems to have started a job. False: its slot was given back with the call. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): Promise<boolean>
  /** A call was refused: whether that is the account's. Asks the provider where it is doubted, and parks. */
  blame(fault: Fault): Promise<Finding>
  /** Ends what it is parked for, and the questions whether that still stands. */
  unpark(tenant: string): Promise<void>
  /** The provider seems to be ill: what it refused is asked about again by then. */
  hold(until: number): Promise<void>
  /** The one door to an end state. True when something changed. */
  settle(reports: JobReport[]): Promise<boolean>
  /** Ends tracking of a job; with `isForced` frees its slot. False: no such running job. */
  untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean>
  /** Until a time, the desk wants to know when slots come free; says how many are now. */
  watch(until: number): Promise<Room | undefined>
  view(tenant: string): Promise<SlotsView>
  /** Seals what it keeps with the first master key, `key`, and has our webhook registered anew. Safe to repeat. */
  reseal(key: string): Promise<ResealStep>
  findJob(tenant: string, name: JobName): Promise<JobRecord | undefined>
  /** Newest first, running and ended; at most `limit`. */
  listJobs(query: JobQuery): Promise<JobPage>
  /** An event of the provider, as it came. What is not signed changes nothing. */
  receive(received: ReceivedEvent): Promise<EventOutcome | 'refused'>
  /** Newest first. */
  listDeliveries(query: DeliveryQuery): Promise<Delivery[]>
  findDelivery(tenant: string, id: string): Promise<Delivery | undefined>
  /** Sends it again, whatever became of it. */
  retryDelivery(tenant: string, id: string): Promise<Delivery | undefined>
}

/** `headers`: those that may sign it. */
export interface ReceivedEvent {
  via: Via
  tenant: string
  headers: Record<string, string>
  body: string
  /** As it came, where that is no UTF-8: signatures are over these. */
  bytes?: Uint8Array<ArrayBuffer>
}

export interface DeliveryQuery {
  tenant: string
  state?: Delivery['state']
  /** A job's or its request's id. */
  job?: string
  since?: number
  until?: number
  /** Only what is older than this one. */
  before?: { createdAt: number; id: string }
  limit: number
}

export type ClaimAnswer = { ok: true } | { ok: false; holder: Holder; provider: string }

export interface SlotsView {
  /** Every lease that holds a slot or waits, of this tenant. */
  leases: SharedLease[]
  /** Slots held by anybody: a retired tenant's last jobs count. */
  held: number
  maxJobs: number
  parkings: Parking[]
  /** Our webhook at the provider is not there (yet): its events are missed and ends are asked for. */
  hookFailure?: { message: string; retryAt: number }
}
