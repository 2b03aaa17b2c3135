/** Makes the errors for a call to which no account granted a slot. domain/slots/why-no-slot.ts decides the reason. */
import { AppError } from '#domain/runtime/errors.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import type { NoSlot } from '#domain/slots/why-no-slot.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import { unavailable } from '#flows/accounts/unavailable.ts'

const WAIT_INSTEAD = 'With the header Prefer: wait=60 this call waits for its turn among them.'

/** `email`: the only account that could serve the call. */
export function noSlotError(
  why: NoSlot,
  { count, slots = 1 }: LeaseAsk,
  email: string | undefined,
  now: number
): AppError {
  switch (why.kind) {
    case 'full':
      return slotsFull(why.retryAt, email, now, why)
    case 'busy':
      return busy(why, now)
    case 'parked':
      return unavailable(why.account, why.parking, now)
    case 'never': {
      const what = slots === 1 ? `starts ${count} jobs at once` : `takes ${count * slots} slots`
      const message = `This call ${what}, and no account may hold more than ${why.mostSlots}.`
      return new AppError('bad_request', message)
    }
    case 'none':
      return new AppError('no_accounts', 'No account is left that could serve this.')
  }
}

/**
 * `isForGuesses`: only the slots for paths without a row are taken. `isQueued`: queued creations take each slot that comes free, so a
 * call that comes again would find none for long. One that waits stands in one order with them.
 */
export function slotsFull(
  retryAt: number,
  email: string | undefined,
  now: number,
  { isForGuesses = false, isQueued = false }: { isForGuesses?: boolean; isQueued?: boolean } = {}
): AppError {
  const seconds = retryAfterSeconds(retryAt, now)
  const whose = email === undefined ? 'all accounts' : `account ${email}`
  const which = isForGuesses ? 'All slots for paths that the gateway does not know' : 'All slots'
  const queued = isQueued ? ` Queued jobs wait for them. ${WAIT_INSTEAD}` : ''
  const message = `${which} of ${whose} are taken. Try again in ${seconds} s.${queued}`
  const who = email === undefined ? {} : { accountEmail: email }
  const details = { retryAfterSeconds: seconds, isOfGuesses: isForGuesses, ...who }
  return new AppError('slots_full', message, details)
}

function busy({ account, parking, retryAt }: Extract<NoSlot, { kind: 'busy' }>, now: number) {
  const until = new Date(parking.until).toISOString()
  const message = `Account ${account.email} is parked until ${until}: ${parking.detail}.`
  const seconds = retryAfterSeconds(retryAt, now)
  return new AppError('slots_full', message, {
    retryAfterSeconds: seconds,
    accountEmail: account.email,
  })
}
