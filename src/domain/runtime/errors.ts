/**
 * Every error that the gateway itself answers with: a closed list of codes with their HTTP status. How one looks on
 * the wire depends on the surface that was called (http/respond-error.ts).
 */
export const ERROR_STATUS = {
  unauthorized: 401,
  too_many_failures: 429,
  subscription_required: 402,
  forbidden: 403,
  bad_request: 400,
  no_accounts: 404,
  account_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  account_exists: 409,
  owners_conflict: 409,
  request_in_progress: 409,
  conflict: 409,
  too_large: 413,
  slots_full: 429,
  token_limit: 429,
  account_unavailable: 503,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  outcome_unknown: 424,
  not_implemented: 501,
  loop_detected: 508,
  internal: 500,
} as const

export type ErrorCode = keyof typeof ERROR_STATUS

export interface ErrorDetails {
  retryAfterSeconds?: number
  /** The useapi surface tells an account without credit (412) from one in an error state (596). */
  useapiStatus?: 412 | 422 | 596
  /** Bare text answers of the seeds (404 of the account pages). */
  plainText?: boolean
  /** Seeds that print no `code` member. */
  withoutCode?: boolean
  /** Where the provider has a code of its own for this, its clients look for that. */
  providerCode?: string | number
  /** The field that is wrong, where the shape has a place for it. */
  field?: string
  /** The job was maybe started: what became of it can be asked under this id. */
  accountEmail?: string
  /** The jobs that the call is about, where they are known although their answer is not. */
  jobIds?: string[]
  /** Of an unknown outcome: it is being looked for, so the same call under its key may soon be answered. */
  isSearchedFor?: boolean
  /** The methods that the path has. */
  allow?: string
  /** What it needs was sealed by a key that is not there any more: nothing was sent. */
  isSealedAway?: boolean
  /** All slots for guesses are taken: there may be free ones, so it is no use to wait in the line. */
  isOfGuesses?: boolean
  /** Of a repeat: the request that it was taken for. */
  joined?: string
}

/** `message` is shown to the caller: never put an unexpected exception's text into it. */
export class AppError extends Error {
  override name = 'AppError' as const
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }

  get status(): number {
    return ERROR_STATUS[this.code]
  }
}

/** The sentence of seeds 000 and 004, bare. */
export const NO_CONFIGURATION =
  'Configuration not found. To create configuration use POST /accounts.'
