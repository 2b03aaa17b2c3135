/** What a lease keeps of a creation that no built-in row knows. */

/** Of a job that is guessed. `until`, epoch ms: it is dropped unless its status was read by then; absent: it was. */
export interface Guess {
  until?: number
}

/**
 * What a lease keeps of a row that was added without a deploy: how its job is named and asked about. Such a row may be
 * removed while its job runs, and what asks is an object that reads no rows.
 */
export interface LeaseRow {
  job: {
    watch: string
    id: string | readonly string[]
    ask: string
    askElse?: string
  }
  /** How the answer at `ask` is read; absent: a built-in row reads it, or the usual words do. */
  reports?: {
    watch: string
    id: string
    status?: string
    done: readonly string[]
    failed: readonly string[]
    failedWhen?: string
    waiting?: readonly string[]
    running?: readonly string[]
  }
}
