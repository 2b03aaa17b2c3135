/** What the witness keeps in its books, and what a test may ask of it. */
import type { WitnessEndpoint } from './witness-hooks.ts'
import type { WitnessKind } from './witness-kinds.ts'

/**
 * What it does with an `Idempotency-Key`. `first`: looks at it before it looks at the body. `validates`: the reverse.
 * `stores`: as `first`, and keeps refusals under the key as well. `ignores`: never heard of keys.
 */
export type KeyMode = 'first' | 'validates' | 'stores' | 'ignores'

/** How its lists and answers tell when something was made. `local`: 7 h behind, without a zone. */
export type TimeForm = 'seconds' | 'millis' | 'missing' | 'zero' | 'local'

export interface WitnessAccount {
  email: string
  keys: KeyMode
  times: TimeForm
  /** How far the clock that it tells is ahead of the true one. */
  skewMs: number
  /** HeyGen's edge answers all its calls with a page of its own. */
  isEdgeLost: boolean
  endpoints: WitnessEndpoint[]
  /** In flight now, the most ever, and when that was. */
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
  /** Lists are sorted by it. */
  seq: number
  /** The provider's own word. */
  word: string
  isOver: boolean
  endedAt: number | undefined
  /** Not ours: made in HeyGen's own editor. Counts nowhere. */
  isForeign: boolean
  /** Members of its status answer beside the usual ones. */
  more: Record<string, unknown>
  /** HeyGen says that it does not know it; whether it runs all the same is another matter. */
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
  /** 0: it was never answered. */
  status: number
}

export interface Match {
  method?: string
  /** The path, or how it begins when it ends with `*`. */
  path?: string
  account?: string
  mark?: string
  /** Creations whose body may be accepted, and no others. */
  isCreation?: boolean
}

/** `after`: what was asked for has been done by then. */
export interface Effect {
  reset?: 'before' | 'after'
  hang?: 'before' | 'after'
  slowMs?: number
  /** Nothing goes on before this. */
  held?: Promise<unknown>
  /** The thing is done, and nothing is answered before this. */
  heldAnswer?: Promise<unknown>
  /** Half of the answer, then the connection breaks. */
  cut?: boolean
  status?: number
  /** With `status`. Without it HeyGen's envelope. */
  body?: string
  type?: string
  headers?: Record<string, string>
  /** With `status`: whether it is said before or after the thing was done. */
  when?: 'before' | 'after'
  nonsense?: boolean
}

export interface WitnessOptions {
  seed?: number
  /** How long jobs take; null: until the test ends them. */
  jobMs?: number | null
  keys?: KeyMode
  times?: TimeForm
  /** Whether v1's status and list of videos still answer. */
  hasLegacy?: boolean
}
