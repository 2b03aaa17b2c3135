/**
 * Writes the gateway's own errors as Kling's clients read them: `{code, message, request_id}`, with Kling's number if one fits.
 */
import type { ErrorCode } from '#domain/runtime/errors.ts'
import type { OwnError } from '#providers/contract/provider.ts'

const NUMBERS: Record<ErrorCode, number> = {
  unauthorized: 1002,
  too_many_failures: 1302,
  subscription_required: 1101,
  forbidden: 1103,
  bad_request: 1201,
  no_accounts: 1203,
  account_not_found: 1203,
  not_found: 1203,
  method_not_allowed: 1202,
  account_exists: 1200,
  owners_conflict: 1200,
  request_in_progress: 1200,
  resource_not_ready: 1200,
  conflict: 1200,
  gone: 1202,
  too_large: 1201,
  slots_full: 1303,
  queue_full: 1303,
  token_limit: 1303,
  account_unavailable: 5001,
  upstream_unreachable: 5002,
  upstream_timeout: 5002,
  // The number is not 5000 to 5002. Published clients repeat such calls, and a repeat may be a second paid task.
  outcome_unknown: 1200,
  not_implemented: 1202,
  loop_detected: 1200,
  internal: 5000,
}

export function errorBody(
  _path: string,
  { code, message, requestId, providerCode }: OwnError
): unknown {
  return { code: providerCode ?? NUMBERS[code], message, request_id: requestId }
}
