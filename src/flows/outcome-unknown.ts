/** The error for a creation that may have been accepted, with the address where its end can be asked for. */
import { AppError } from '#domain/errors.ts'

export function unknownOutcome(provider: string, requestId: string, email?: string): AppError {
  const where = `GET /v1/${provider}/jobs/${requestId}`
  const message = `Whether the job was started is not known and is being found out; it was not sent again. See ${where}.`
  return new AppError(
    'outcome_unknown',
    message,
    email === undefined ? {} : { accountEmail: email }
  )
}
