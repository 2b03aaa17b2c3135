/** What a lease keeps of a creation that no built-in row knows. */

/** `until`, epoch ms: the guess is dropped unless a status is read by then. Absent: a status was read. */
export interface Guess {
  until?: number
}

/**
 * Of a row that was added without a deploy: how the job's status is asked for and read. The lease keeps it, since the row may
 * be removed while the job runs, and the account's object does not read added rows.
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
