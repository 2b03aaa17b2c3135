/** A plan: what happens in one world, as data. It is drawn by a seed (draw.ts), played (play.ts), and made smaller (shrink.ts). */
import type { KeyMode, TimeForm } from '../../test/support/witness/witness-types.ts'
import type { Hit } from '../world/chance.ts'
import type { Rates } from '../platform/universe.ts'
import type { HeygenRates } from '../witness/books.ts'
import type { PlannedCall } from './calls.ts'
import type { Manner } from '../witness/receivers.ts'

export type EndpointChange = 'disable' | 'enable' | 'remove' | 'rotate'

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
  /** With which of the status paths it begins. */
  askBy?: number
  /** A keyed creation is sent twice at once, or again later. */
  repeats?: 'at once' | 'later' | 'other body'
  /** After how long it is sent again. */
  laterMs?: number
  /** Uploads that it names, by their names in the plan. Only of a video. */
  files?: string[]
  /** The name of the account whose own look and voice it names. Only of a video. */
  looks?: string
  /** The body has what JavaScript would not keep. */
  isOdd?: boolean
}

/** How a creation is put into the line of its tenant. */
export interface PlannedLine {
  priority?: number
  startWithinMs?: number
  /** Under the second token of its tenant. */
  isSecond?: boolean
  /** HeyGen refuses its body. */
  isRefused?: boolean
  /** In a bulk call: the gateway refuses it by itself. */
  isWrong?: boolean
  /** It is not asked for. Its token has the creation queued when all accounts are full. */
  isUnasked?: boolean
  /** The mark of another queued creation, whose job its body names. It is only made if that has a name by then. */
  after?: string
  /** Its client cancels it so long after the answer: at the queue, or by the provider's own delete. */
  cancelsAfterMs?: number
  cancelsBy?: 'queue' | 'delete'
}

export interface PlannedItem extends Omit<PlannedCreation, 'do' | 'waits'> {
  do: 'queue'
  line: PlannedLine
}

/** Many creations in one call. */
export interface PlannedBulk {
  items: PlannedItem[]
  isSecond: boolean
  /** One on each line, and not an array. */
  isLines: boolean
  /** So long after its answer it is sent again, if all of them have keys. */
  againAfterMs?: number
}

/** What is paused. `account`: by name. */
export interface PlannedPause {
  ofToken?: 'first' | 'second'
  account?: string
  forMs: number
}

/** What the operator says of a second token. */
export interface PlannedTerms {
  weight?: number
  whenFull?: 'queue'
}

/** What becomes of a second token. A lapsed one is active again after a while. */
export type TokenEnd = 'remove' | 'expire' | 'lapse'

/** Two customers of a tenant, each with two things to make. */
export interface PlannedCustomers {
  /** The tenant's place in the plan. */
  place: number
  marks: string[]
  kind: string
}

export interface PlannedOlder {
  mark: string
  /** Has a callback of its own. */
  own: boolean
  polls: number
}

/** How an alert is written. */
export type AlertForm = 'generic' | 'slack' | 'discord'

/** A revision of the protocol of agents. */
export type Revision = '2025-03-26' | '2025-06-18' | '2025-11-25' | '2026-07-28'

export interface PlannedSignIn {
  /** Whose it is at HeyGen: an account of the plan, or another name. */
  name: string
  maxJobs: number
  person: 'approves' | 'refuses' | 'forgets'
  afterMs: number
  /** The client cancels it meanwhile. */
  isCancelled: boolean
}

/** How a task is asked for. `old`, `new`: Kling's two designs. `images`: takes two slots. `useapi`: the older service's call. */
export type KlingForm = 'old' | 'new' | 'images' | 'useapi' | 'picture'

export interface PlannedTask {
  mark: string
  form: KlingForm
  isKeyed: boolean
  isNamed: boolean
  isTold: boolean
  polls: number
  /** It is put into the line. */
  line?: PlannedLine
}

export type Action =
  | PlannedCreation
  | PlannedItem
  | { do: 'second token'; tenant: number; terms?: PlannedTerms }
  | ({ do: 'bulk'; tenant: number } & PlannedBulk)
  | ({ do: 'pause'; tenant: number } & PlannedPause)
  | { do: 'drain'; account: string; forMs: number }
  | { do: 'end token'; tenant: number; how: TokenEnd; forMs: number }
  | { do: 'look'; tenant: number; at: string }
  | { do: 'list'; tenant: number; kind: string; pages: number }
  | { do: 'spy'; tenant: number; mark: string }
  | { do: 'delete'; mark: string }
  | { do: 'untrack'; mark: string }
  | { do: 'limit'; account: string; maxJobs: number }
  | { do: 'remove'; account: string; isNow: boolean }
  | { do: 'add'; account: string }
  | { do: 'hand over'; account: string; to: number }
  | { do: 'new key'; account: string }
  | { do: 'refuse key'; account: string; forMs: number }
  | { do: 'unpark'; account: string }
  | { do: 'rotate token'; tenant: number }
  | { do: 'end tenant'; tenant: number; againAfterMs: number }
  | { do: 'add endpoint'; tenant: number }
  | { do: 'change endpoint'; tenant: number; n: number; how: EndpointChange }
  | { do: 'fail endpoint'; tenant: number; n: number; forMs: number }
  | { do: 'rotate callback secret'; tenant: number }
  | { do: 'retry delivery'; tenant: number; n: number }
  | ({ do: 'call'; tenant: number } & PlannedCall)
  | { do: 'upload'; tenant: number; file: string; account?: string }
  | { do: 'delete file'; file: string }
  | { do: 'lose copies' }
  | { do: 'add kling'; tenant: number; name: string; maxJobs: number; hasPassword: boolean }
  | ({ do: 'kling task'; tenant: number } & PlannedTask)
  | { do: 'list kling'; tenant: number }
  | { do: 'sign own'; tenant: number }
  | { do: 'page'; tenant: number; isOperator: boolean; forMs: number }
  | { do: 'export and import' }
  | { do: 'restore tenant'; tenant: number; againAfterMs: number }
  | { do: 'rotate master key' }
  | ({ do: 'sign in'; tenant: number } & PlannedSignIn)
  | { do: 'agent'; tenant: number; mark: string; revision: Revision }
  | { do: 'add alert'; tenant: number; form: AlertForm; isOperator: boolean }
  | { do: 'low balance'; account: string; forMs: number }
  | ({ do: 'older video'; tenant: number } & PlannedOlder)
  | { do: 'stream'; tenant: number; isStopped: boolean }
  | ({ do: 'customers'; tenant: number } & PlannedCustomers)
  /** `method`: only calls of this one do not arrive. `of`: of objects of this class, the n-th. */
  | {
      do: 'unreachable object'
      n: number
      forMs: number
      method?: string
      of?: 'ACCOUNT_SLOTS' | 'TENANT_DESK'
    }
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
  /** Nothing goes wrong, creations do not overlap, and what each one costs is counted. */
  isMeasured?: boolean
  /** The steps come one after the other: each when all that the one before has begun is over. */
  isInTurn?: boolean
  /** It is also played in workerd (outside.ts), and what came of it is compared. */
  isCompared?: boolean
  /** What is left is looked at 31 and 91 days later. */
  isLong?: boolean
  /** Nothing goes wrong. */
  isGentle?: boolean
  /** Creations are put into the line. */
  hasLine?: boolean
  /** Two tokens of different weights queue the same at the same time, and nothing else happens. */
  isShared?: boolean
  /** HeyGen has not ended v1 and v2. */
  hasOlder?: boolean
  /** Limits of every token of a tenant (`--limited`). */
  limits?: { maxConcurrent: number; jobsPerDay: number }
  /** Settings of the Worker that are not those of wrangler.toml. */
  vars?: Record<string, string>
  /** The world begins with the build before (`--before`). */
  isRenewed?: boolean
  /** Faults that happen whatever the rates are (chance.ts). */
  forced?: Hit[]
}
