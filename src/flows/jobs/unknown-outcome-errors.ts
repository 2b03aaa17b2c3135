/** The errors for a call that the provider may have accepted. A client must not simply send it again. */
import { AppError, type ErrorDetails } from '#domain/runtime/errors.ts'

/** Of a creation. The message says where its outcome can be asked for. */
export function unknownOutcome(
  provider: string,
  requestId: string,
  details: Pick<ErrorDetails, 'accountEmail' | 'isSearchedFor' | 'joined'> = {}
): AppError {
  const where = `GET /v1/${provider}/jobs/${requestId}`
  const message = `Whether the job was started is not known and is being found out; it was not sent again. See ${where}.`
  return new AppError('outcome_unknown', message, details)
}

/** Of a call without a job: its outcome cannot be asked for later. */
export function unknownEffect(accountEmail?: string): AppError {
  const message = 'Whether the provider did this is not known; it was not sent again.'
  return new AppError(
    'outcome_unknown',
    message,
    accountEmail === undefined ? {} : { accountEmail }
  )
}

/** Under a key, while the first call runs or its job is searched for. */
export function stillInProgress(accountEmail?: string): AppError {
  const message = 'A request with this Idempotency-Key is still in progress.'
  const who = accountEmail === undefined ? {} : { accountEmail }
  return new AppError('request_in_progress', message, who)
}
