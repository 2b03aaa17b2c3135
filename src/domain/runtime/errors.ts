/**
 * Lists all error codes of the gateway with their HTTP status. The list is closed. http/request/respond-error.ts writes the
 * bodies.
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
  resource_not_ready: 409,
  conflict: 409,
  gone: 410,
  too_large: 413,
  slots_full: 429,
  queue_full: 429,
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
  /** The status on useapi.net's surface: 412 for an account without credit, 596 for one in an error state. */
  useapiStatus?: 412 | 422 | 596
  /** The body is plain text, as in the seeds (404 of the account pages). */
  plainText?: boolean
  /** The body has no `code`, as in some seeds. */
  withoutCode?: boolean
  /** The provider's own code for this error, which its clients look for. */
  providerCode?: string | number
  /** The wrong field, if the body has a place for it. */
  field?: string
  /** The account of the call, for X-Gateway-Account. */
  accountEmail?: string
  /** The jobs of the call, if they are known although the answer is not. */
  jobIds?: string[]
  /** For an unknown outcome: the gateway is still looking for the job, so a repeat under the same key may be answered soon. */
  isSearchedFor?: boolean
  /** The methods of the path, for Allow. */
  allow?: string
  /** Nothing was sent, because the account's credential cannot be opened or its sign-in has ended. */
  isUnsent?: boolean
  /** All slots for guessed jobs are taken. Other slots may be free, so waiting in line does not help. */
  isOfGuesses?: boolean
  /** The limit of the token that is reached, with its value: for X-Gateway-Limit. */
  limit?: string
  /** The wait is long and known: `Retry-After` has its true seconds, and clients are told not to repeat by themselves. */
  isLongWait?: boolean
  /** The message names no account and nobody's jobs, so an own token may read it. */
  isNameless?: boolean
  /** For a repeated creation: the id of the request that it repeats. */
  joined?: string
}

/** The caller sees `message`. Never put the text of an unexpected exception into it. */
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

/** The plain text of seeds 000 and 004. */
export const NO_CONFIGURATION =
  'Configuration not found. To create configuration use POST /accounts.'
