/** The error for a call that only a parked account could serve. */
import type { Account } from '#domain/accounts/account.ts'
import { parkedUntil } from '#domain/accounts/imported.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'

export function unavailable(account: Account, parking: Parking, now: number): AppError {
  const message = `Account ${account.email} is ${parkedUntil(parking)}: ${parking.detail}.`
  const seconds = retryAfterSeconds(parking.until, now)
  const status = { credit: 412, credential: 596, blocked: 596, imported: 596 } as const
  const useapiStatus = status[parking.reason as keyof typeof status]
  return new AppError('account_unavailable', message, {
    retryAfterSeconds: seconds,
    accountEmail: account.email,
    ...(useapiStatus === undefined ? {} : { useapiStatus }),
  })
}
