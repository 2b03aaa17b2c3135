/** Makes the errors for a call that the provider may have accepted. A client must not simply send the call again. */
import { AppError, type ErrorDetails } from '#domain/runtime/errors.ts'

/** The error for a creation. The message says where its outcome can be read later. */
export function unknownOutcome(
  provider: string,
  requestId: string,
  details: Pick<ErrorDetails, 'accountEmail' | 'isSearchedFor' | 'joined'> = {}
): AppError {
  const where = `GET /v1/${provider}/jobs/${requestId}`
  const message = `Whether the job was started is not known and is being found out; it was not sent again. See ${where}.`
  return new AppError('outcome_unknown', message, details)
}

/** The error for a call without a job, whose outcome cannot be read later. */
export function unknownEffect(accountEmail?: string): AppError {
  const message = 'Whether the provider did this is not known; it was not sent again.'
  return new AppError(
    'outcome_unknown',
    message,
    accountEmail === undefined ? {} : { accountEmail }
  )
}

/** The error for a repeat under a key, while the first call runs or its job is searched for. */
export function stillInProgress(accountEmail?: string): AppError {
  const message = 'A request with this Idempotency-Key is still in progress.'
  const who = accountEmail === undefined ? {} : { accountEmail }
  return new AppError('request_in_progress', message, who)
}
