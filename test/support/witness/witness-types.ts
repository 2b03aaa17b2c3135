/** The records of the witness, and the faults that a test may set. */
import type { WitnessEndpoint } from './witness-hooks.ts'
import type { WitnessKind } from './witness-kinds.ts'

/**
 * What the account does with an `Idempotency-Key`. `first`: it checks the key before the body. `validates`: it checks the body
 * first. `stores`: as `first`, and it keeps refusals under the key, too. `ignores`: it does not know keys.
 */
export type KeyMode = 'first' | 'validates' | 'stores' | 'ignores'

/** The form of times in lists and answers. `local`: 7 h behind, without a time zone. */
export type TimeForm = 'seconds' | 'millis' | 'missing' | 'zero' | 'local'

export interface WitnessAccount {
  email: string
  keys: KeyMode
  times: TimeForm
  /** By how much the times in its answers are ahead of the real ones. */
  skewMs: number
  /** Whether HeyGen's edge answers all calls of the account with a page of its own. */
  isEdgeLost: boolean
  endpoints: WitnessEndpoint[]
  /** The jobs in flight now, then the highest number ever, and the jobs of that moment. */
  inFlight: Set<string>
  maxInFlight: number
  most: string[]
}

/** An accepted creation. */
export interface Creation {
  n: number
  at: number
  account: string
  kind: string
  mark: string | undefined
  key: string | undefined
  body: string
  jobs: string[]
}

export interface WitnessJob {
  id: string
  kind: WitnessKind
  account: string
  mark: string | undefined
  createdAt: number
  title: string | null
  callbackId: string | null
  callbackUrl: string | undefined
  /** Lists are sorted by this number. */
  seq: number
  /** The status, in the provider's own word. */
  word: string
  isOver: boolean
  endedAt: number | undefined
  /** Whether the job was made in HeyGen's own editor, and not through the gateway. Such a job counts nowhere. */
  isForeign: boolean
  /** Further members of the status answer. */
  more: Record<string, unknown>
  /** Whether HeyGen says that it does not know the job. The job may run nevertheless. */
  isHidden: boolean
}

export interface Call {
  n: number
  at: number
  method: string
  path: string
  query: string
  account: string | undefined
  key: string | undefined
  body: string
  /** 0: the call got no answer. */
  status: number
}

export interface Match {
  method?: string
  /** The path, or its beginning if this ends with `*`. */
  path?: string
  account?: string
  mark?: string
  /** True: only creations whose body is good. False: only other calls, such as questions under a key. */
  isCreation?: boolean
}

/** `before` and `after`: whether the fault happens before or after the call has its effect. */
export interface Effect {
  reset?: 'before' | 'after'
  hang?: 'before' | 'after'
  slowMs?: number
  /** The call has no effect before this resolves. */
  held?: Promise<unknown>
  /** The call has its effect, but it gets no answer before this resolves. */
  heldAnswer?: Promise<unknown>
  /** Sends half of the answer, then breaks the connection. */
  cut?: boolean
  status?: number
  /** The body that goes with `status`. Absent: HeyGen's envelope. */
  body?: string
  type?: string
  headers?: Record<string, string>
  /** Whether the answer with `status` comes before or after the call has its effect. */
  when?: 'before' | 'after'
  nonsense?: boolean
}

export interface WitnessOptions {
  seed?: number
  /** How long jobs take. null: until the test ends them. */
  jobMs?: number | null
  keys?: KeyMode
  times?: TimeForm
  /** Whether v1's status and list of videos still answer. */
  hasLegacy?: boolean
}
