/** Says why a creation that waits is not started, as far as the desk knows. It decides nothing. */
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import type { WaitsFor } from '#domain/queue/item.ts'
import { servesLane } from '#domain/queue/may-start.ts'
import { isPaused, type Pause } from './pauses.ts'

interface LineBeside {
  /** What is known of its token. */
  token?: 'subscription' | 'token_limit' | undefined
  /** The tenant's accounts. `parkings`: as the account said when it asked for work last. */
  accounts: readonly { lane: string; isDrained: boolean; parkings: readonly Parking[] }[]
  pauses: readonly Pause[]
  now: number
}

/** Of several reasons the first: what must be over before the next one counts. */
export function waitsFor(
  { sort }: Pick<WaitingItem, 'sort'>,
  { token, accounts, pauses, now }: LineBeside
): WaitsFor {
  if (token) return token
  const { route, meter, part } = sort
  const wish = { isJob: true, row: route, meter, part }
  const lane = laneName(sort)
  const serving = accounts.filter((one) => servesLane(one, lane))
  const open = serving.filter((one) => !isPaused(pauses, sort.token, one.lane))
  if (open.length === 0 && serving.length > 0) return 'pause'
  const isUp = open.some(
    ({ isDrained, parkings }) => !isDrained && findParking(parkings, wish, now) === undefined
  )
  return isUp ? 'slot' : 'account'
}

/** For a token that sees only its own: what happens to the pool's accounts, and to other tokens, is not its business. */
export function hushed(why: WaitsFor): WaitsFor {
  return why === 'pause' || why === 'account' ? 'slot' : why
}
