/** What the witness writes down: accounts, jobs, creations, and the faults that it plays. */
import type { WitnessAccount, WitnessJob } from '../../test/support/witness/witness-types.ts'

export interface Account extends WitnessAccount {
  username: string
  /** How many jobs the gateway may have in flight. */
  allowed: number
  /** How often the gateway was told a limit. */
  limitsTold: number
  /** In US dollars. Absent: enough. */
  balance?: number
  /** Its key is refused. */
  isRefused: boolean
}

export interface Job extends WitnessJob {
  mark: string
  /** Whether it has ended well. */
  isDone: boolean
}

export interface BookedCreation {
  mark: string
  account: string
  kind: string
  jobs: Job[]
  /** Whether a key, or a callback id in a list, proves which creation made the job, whatever was lost. */
  isTraceable: boolean
}

/** How often what goes wrong, from 0 to 1. */
export interface HeygenRates {
  /** The most rows of a page of a list, whatever was asked. */
  rowsMax?: number
  /** The call has no effect. */
  failBefore: number
  /** The call has its effect and an answer that does not say so. */
  failAfter: number
  cut: number
  /** The job ends, and its event leaves, at once. */
  early: number
  jobFails: number
  jobMs: { least: number; most: number }
  eventLost: number
  eventDoubled: number
  /** The event leaves up to ten minutes later. */
  eventLate: number
  /** A forged event is sent first. */
  eventForged: number
}

export const CALM_HEYGEN: HeygenRates = {
  failBefore: 0,
  failAfter: 0,
  cut: 0,
  early: 0,
  jobFails: 0,
  jobMs: { least: 20_000, most: 480_000 },
  eventLost: 0,
  eventDoubled: 0,
  eventLate: 0,
  eventForged: 0,
}
