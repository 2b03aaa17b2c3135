/**
 * An account that came by an import is parked until somebody unparks it, because another gateway may still run it. Its desk's
 * record says so (`isImported`), so that every isolate knows it and no object must be asked.
 */
import type { Account } from './account.ts'
import type { Parking } from './parking.ts'

/** No time ends this parking. A year with four digits, so that every client can read it. */
export const NEVER = Date.UTC(9999, 11, 31)

const IMPORTED =
  'it was imported, and another gateway may still run it. Unpark it when that gateway has stopped'

/**
 * Whether the account's object may ask the provider anything by itself. The account may have been here before, so its object may
 * still know what it wanted to ask.
 */
export function mayAsk(account: Pick<Account, 'isImported'> | undefined): boolean {
  return account !== undefined && account.isImported !== true
}

export function importedParking(account: Pick<Account, 'isImported'>): Parking | undefined {
  if (mayAsk(account)) return undefined
  return { scope: 'all', reason: 'imported', detail: IMPORTED, until: NEVER, streak: 1 }
}

/** Somebody must end it. */
export function hasNoEnd({ reason }: Pick<Parking, 'reason'>): boolean {
  return reason === 'imported' || reason === 'drained'
}

/** When a parking ends, as part of a sentence. */
export function parkedUntil({ reason, until }: Pick<Parking, 'reason' | 'until'>): string {
  return hasNoEnd({ reason }) ? 'parked' : `parked until ${new Date(until).toISOString()}`
}

export function parkedSentence(parking: Pick<Parking, 'reason' | 'until' | 'detail'>): string {
  const { until, detail } = parking
  const when = hasNoEnd(parking) ? 'Parked' : `Parked until ${new Date(until).toISOString()}`
  return `${when}: ${detail}`
}
