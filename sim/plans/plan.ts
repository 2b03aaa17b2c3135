/** A plan: what happens in one world, as data. It is drawn by a seed (draw.ts), played (play.ts), and made smaller (shrink.ts). */
import type { KeyMode, TimeForm } from '../../test/support/witness/witness-types.ts'
import type { Hit } from '../world/chance.ts'
import type { Rates } from '../platform/universe.ts'
import type { HeygenRates } from '../witness/books.ts'
import type { Manner } from '../witness/receivers.ts'

export interface PlannedAccount {
  /** Of the tenant that has it, by its place in `tenants`. */
  tenant: number
  name: string
  maxJobs: number
  keys: KeyMode
  times: TimeForm
  /** By how much HeyGen's clock is ahead in this account's answers. */
  skewMs: number
}

interface PlannedTenant {
  /** How many endpoints get every end. */
  endpoints: number
}

/** A creation, with all its repeats. */
export interface PlannedCreation {
  do: 'create'
  tenant: number
  mark: string
  kind: string
  isKeyed: boolean
  isNamed: boolean
  hasCallbackId: boolean
  /** The manner of the receiver of its own callback. */
  own?: Manner
  languages: number
  /** Waits for a slot. */
  waits: boolean
  leavesAfterMs?: number
  /** How often the client asks for the job's status afterwards. */
  polls: number
}

export type Action =
  | PlannedCreation
  | { do: 'limit'; account: string; maxJobs: number }
  | { do: 'remove'; account: string; isNow: boolean }
  | { do: 'add'; account: string }
  | { do: 'untrack'; mark: string }
  | { do: 'refuse key'; account: string; forMs: number }
  | { do: 'look'; tenant: number; at: string }
  | { do: 'kill isolate' }
  | { do: 'crash object'; n: number }

export interface Step {
  /** ms from the begin of the storm. */
  after: number
  action: Action
}

export interface Plan {
  seed: number
  places: string[]
  isolates: number
  skewMs: number
  tenants: PlannedTenant[]
  accounts: PlannedAccount[]
  rates: Rates
  heygen: HeygenRates
  /** For how long the rates hold. Afterwards nothing goes wrong any more. */
  rageMs: number
  steps: Step[]
  /** Faults that happen whatever the rates are (chance.ts). */
  forced?: Hit[]
}
