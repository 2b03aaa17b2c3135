/** What a page needs to draw one account, and clients get from `GET /v1/pool` and `GET /v1/live`. No secret, no hook id. */

/** Times are ISO 8601 texts. */
export interface PoolAccount {
  /** The tenant's name. */
  tenant: string
  provider: string
  email: string
  maxJobs: number
  /** Slots in use, also by the last jobs of a tenant that had the account earlier. */
  held: number
  free: number
  state: 'ok' | 'full' | 'parked' | 'key_missing' | 'unreachable'
  parked: { scope: string; reason: string; detail: string; until: string }[]
  /** The kinds of its credentials. */
  credentials: string[]
  session?: { expires?: string; error?: string }
  /** `none`: the provider has none, or cannot reach this gateway. Status checks find the ends of jobs then. */
  webhook: { state: 'ok' | 'missing' | 'none'; error?: string; retry?: string }
  /** The tenant's running jobs, newest first, at most JOBS_SHOWN. */
  jobs: { id: string | null; requestId: string; type: string; status: string; since: string }[]
  /** The last refusals and failures, newest first. Refusals are forgotten when the object is put out of memory. */
  errors: {
    at: string
    status: number | null
    code: string | null
    text: string
    route: string
  }[]
  /** Absent: unknown, which is not zero. */
  balance?: { amount: number; unit: string; at: string }
  /** For how many hours the balance lasts at the pace of the last 24 hours. Absent: unknown, which is not zero. */
  lastsAboutHours?: number
  /** `failing`: those of `pending` that were tried in vain. `dead`: DEAD_COUNTED means that many or more. */
  deliveries: { pending: number; failing: number; dead: number }
  at: string
}

export const JOBS_SHOWN = 100
export const ERRORS_SHOWN = 5
export const DEAD_COUNTED = 1000

/** What waits at one desk. There is none for a tenant that has queued nothing in three months. */
export interface PoolQueue {
  /** The tenant's name. */
  tenant: string
  provider: string
  waiting: number
  starting: number
  /** When the oldest that waits was asked for. null: nothing waits. */
  oldest: string | null
  startsAMinute: number
}

/** A pool as one answer. `isWhole`: false when there are more tenants or accounts than are shown. */
export interface Pool {
  at: string
  isWhole: boolean
  accounts: PoolAccount[]
  /** A hub of an older release does not say it. */
  queues?: PoolQueue[]
}

/** What an account can still spend, in the provider's unit. `at`: when the provider said so, epoch ms. */
export interface Balance {
  amount: number
  unit: string
  at: number
}

/** A refusal by the provider, or the failure of a job. */
export interface AccountError {
  at: number
  /** The provider's HTTP status. */
  status?: number
  /** Why, as one word: the reason of a parking, or the outcome of a job. */
  code?: string
  text: string
  /** The row of the call. */
  route: string
}
