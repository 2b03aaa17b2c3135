/**
 * Which endpoints an end missed, because the account's object was told late of them. The desk answers a change of an endpoint after
 * two seconds, although an object may not have it yet. What ended there meanwhile is delivered when it takes the change [I3].
 */
import { expandEndpoints, type Delivery } from './delivery.ts'
import { isSubscribed, type DeliveryTargets, type Endpoint } from './endpoint.ts'

/** Since when ends may have missed an endpoint, epoch ms. Undefined: none can have. */
export function missedSince(before: DeliveryTargets, after: DeliveryTargets): number | undefined {
  const late = after.endpoints.filter((one) => {
    const known = before.endpoints.find(({ id }) => id === one.id)
    return one.status === 'enabled' && (!known || wishOf(known) !== wishOf(one))
  })
  return late.length === 0 ? undefined : Math.min(...late.map((one) => sinceOf(one, before)))
}

/** `toEndpoints`: stands for the deliveries of an end that went by `before`. */
export function missedDeliveries(
  toEndpoints: Delivery,
  endedAt: number,
  targets: { before: DeliveryTargets; after: DeliveryTargets },
  now: number
): Delivery[] {
  const { before, after } = targets
  const { event, mentions, ownToken } = toEndpoints
  const about = { type: event.type, mentions, ...(ownToken === undefined ? {} : { ownToken }) }
  const isFor = (one: Endpoint) => isSubscribed(one, about)
  const had = new Set(before.endpoints.filter(isFor).map(({ id }) => id))
  const missed = after.endpoints.filter(
    (one) => !had.has(one.id) && sinceOf(one, before) <= endedAt
  )
  return expandEndpoints(toEndpoints, { endpoints: missed }, now)
}

/** An endpoint that is not known at all may have been changed since it was made. */
function sinceOf({ id, createdAt, wishedAt }: Endpoint, before: DeliveryTargets): number {
  const isKnown = before.endpoints.some((one) => one.id === id)
  return isKnown ? (wishedAt ?? Infinity) : createdAt
}

export function wishOf({ events, entityId, status }: Endpoint): string {
  return JSON.stringify([events, entityId, status])
}
