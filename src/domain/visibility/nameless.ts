/** Errors for own tokens: without the name of an account, and without what tells of other tokens' jobs. */
import { AppError, type ErrorCode } from '#domain/runtime/errors.ts'

/** A full pool says how long to wait from when others' jobs end. So this says always the same. */
const RETRY_SECONDS = 15

/** useapi.net's status of a refused text or picture. Its others are about the account. */
const MODERATED = 422

/** The sentences of codes whose own sentence may name an account. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  slots_full: `All slots are taken. Try again in ${RETRY_SECONDS} s.`,
  queue_full: `The line is full. Nothing was queued. Try again in ${RETRY_SECONDS} s.`,
  account_unavailable: 'No account can serve this just now. Try again later.',
  no_accounts: 'No account can serve this.',
  owners_conflict: 'The call names things that one account cannot use together.',
  upstream_unreachable: 'The provider could not be reached.',
  upstream_timeout: 'The provider did not answer in time.',
}

export function namelessError(error: AppError): AppError {
  const { accountEmail: _, useapiStatus, ...others } = error.details
  const rest = useapiStatus === MODERATED ? { ...others, useapiStatus } : others
  const sentence = rest.isNameless ? error.message : (SENTENCES[error.code] ?? withoutNames(error))
  const isFull = error.code === 'slots_full' || (error.code === 'queue_full' && !rest.isNameless)
  const details = isFull ? { ...rest, retryAfterSeconds: RETRY_SECONDS } : rest
  return new AppError(error.code, sentence, details)
}

/** Every account's name has an `@`. */
function withoutNames({ message }: AppError): string {
  return message.replaceAll(/\S+@\S+/g, 'of the pool')
}

/** An own token knows no account, so whichever its client names is not found. */
export function noAccount(email: string): AppError {
  const message = `Account ${email.slice(0, 254)} not found`
  return new AppError('account_not_found', message, { isNameless: true })
}
