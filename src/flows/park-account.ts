/** Parks an account: its object remembers it for all, this isolate for its own next calls. */
import type { Account } from '#domain/account.ts'
import type { ParkOrder, Parking } from '#domain/parking.ts'
import type { Ports } from '#domain/ports.ts'

export async function parkAccount(
  ports: Ports,
  account: Account,
  order: ParkOrder
): Promise<Parking> {
  const parking = await ports.slots(account.key).park(order)
  ports.hints.noteParked(account.key, parking)
  ports.log('parked', {
    provider: account.provider,
    email: account.email,
    scope: parking.scope,
    reason: parking.reason,
    until: new Date(parking.until).toISOString(),
  })
  return parking
}
