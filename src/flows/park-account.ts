/**
 * Parks an account: its object remembers it for all, this isolate for its own next calls. One request parks at most
 * one, so that a call which every account refuses does not empty the pool.
 */
import type { Account } from '#domain/account.ts'
import type { ParkOrder, Parking } from '#domain/parking.ts'
import type { Ports } from '#domain/ports.ts'

export async function parkAccount(
  ports: Ports,
  account: Account,
  order: ParkOrder
): Promise<Parking | undefined> {
  if (ports.hasParked.isTrue) return undefined
  ports.hasParked.isTrue = true
  const parking = await ports.slots(account.key).park(order, account.tenant)
  ports.hints.noteParked(account.key, parking, ports.now())
  ports.log('parked', {
    provider: account.provider,
    tenant: account.tenant,
    email: account.email,
    scope: parking.scope,
    reason: parking.reason,
    until: new Date(parking.until).toISOString(),
  })
  return parking
}
