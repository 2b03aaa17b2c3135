/** The types of what a lease stores about a creation without a built-in row. */

/** A guessed job. `until`, epoch ms: the guess is dropped unless a status is read by then. Absent: a status was read. */
export interface Guess {
  until?: number
}

/**
 * How the status of a job of an added row is asked for and read. The lease stores it, because the operator may remove the row
 * while the job runs, and the account's object does not read added rows.
 */
export interface LeaseRow {
  job: {
    watch: string
    id: string | readonly string[]
    ask: string
    askElse?: string
  }
  /** How the status answer is read. Absent: by a built-in row, or by the usual words. */
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
