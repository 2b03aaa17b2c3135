/**
 * Leases as they are stored, and lease requests as they are sent between Workers and objects. Both keep the field names of
 * the first release, because an older Worker may read them: during a deploy, and after a rollback. Pure.
 */
import type { Lease, LeaseAsk, Outcome, ToldOfJob } from './lease.ts'

/** A stored lease: JSON in the tables of AccountSlots. */
export interface LeaseRecord extends Omit<Lease, RenamedInLease> {
  clue: Lease['fingerprint']
  isTold?: boolean
  heardAt: number
  isDoubtful?: true
}

type RenamedInLease = 'fingerprint' | 'expectsEvent' | 'lastReportAt' | 'mayHaveRun'

/** A lease in an object's answer, without fields for which an object of an earlier release has another name. */
export type SharedLease = Omit<Lease, RenamedInLease>

export function toLeaseRecord(lease: Lease): LeaseRecord {
  const { fingerprint, expectsEvent, lastReportAt, mayHaveRun, ...rest } = lease
  return {
    ...rest,
    clue: fingerprint,
    heardAt: lastReportAt,
    ...(expectsEvent === undefined ? {} : { isTold: expectsEvent }),
    ...(mayHaveRun === undefined ? {} : { isDoubtful: mayHaveRun }),
  }
}

export function fromLeaseRecord(record: LeaseRecord): Lease {
  const { clue, isTold, heardAt, isDoubtful, ...rest } = record
  return {
    ...rest,
    fingerprint: clue,
    lastReportAt: heardAt,
    ...(isTold === undefined ? {} : { expectsEvent: isTold }),
    ...(isDoubtful === undefined ? {} : { mayHaveRun: isDoubtful }),
  }
}

/** An ended job as it is stored. */
export interface EndedRecord {
  lease: LeaseRecord
  outcome: Outcome
  told?: ToldOfJob
  /** What a refusal said, sealed, until the desk has it. */
  refusal?: string
  /** How many creations were refused since the end before. Only in memory until this row, so a crash loses a few. */
  refused?: number
}

/**
 * Ended jobs are stored by the span in which their lease began. 200,000 jobs in thirty days are 120 spans of about 1,700. It must
 * never change, since it is part of stored keys.
 */
export const SPAN_MS = 6 * 3_600_000

/** A lease request in a call to an object. */
export interface LeaseMessage extends Omit<LeaseAsk, RenamedInAsk> {
  clue: LeaseAsk['fingerprint']
  isTold?: boolean
  despite?: LeaseAsk['ignoredReason']
}

type RenamedInAsk = 'fingerprint' | 'expectsEvent' | 'ignoredReason'

/** Writes a lease request with the first release's names only, because every object understands them. */
export function toLeaseMessage(ask: LeaseAsk): LeaseMessage {
  const { fingerprint, expectsEvent, ignoredReason, ...rest } = ask
  return {
    ...rest,
    clue: fingerprint,
    ...(expectsEvent === undefined ? {} : { isTold: expectsEvent }),
    ...(ignoredReason === undefined ? {} : { despite: ignoredReason }),
  }
}

/** Reads a lease request with either names, so that a later release may send the names of the code. */
export function fromLeaseMessage(message: LeaseMessage | LeaseAsk): LeaseAsk {
  const { clue, isTold, despite, ...rest } = message as Partial<LeaseMessage> & LeaseAsk
  const expectsEvent = rest.expectsEvent ?? isTold
  const ignoredReason = rest.ignoredReason ?? despite
  return {
    ...rest,
    fingerprint: rest.fingerprint ?? clue ?? {},
    ...(expectsEvent === undefined ? {} : { expectsEvent }),
    ...(ignoredReason === undefined ? {} : { ignoredReason }),
  }
}
