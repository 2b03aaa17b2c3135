/** Whether an account can start an item now. An item that it cannot start is stepped over, and keeps its place. */
import { findParking, type Parking } from '#domain/accounts/parking.ts'
import type { WaitingItem } from './item-lists.ts'

/** What an account's object said when it asked for work, and what the desk knows beside. */
export interface Pull {
  /** The account's key. */
  account: string
  /** The name of the account's own lane. */
  lane: string
  /** How many of its slots are free, and how many are taken. */
  free: number
  held: number
  parkings: readonly Parking[]
  /** Items that it gave back a moment ago. */
  gaveBack?: ReadonlySet<string>
  /** Tokens of which no item may start now. Their waiting clients may. */
  stopped?: ReadonlySet<string>
  /** How many jobs of an item's token may start now, for items of several jobs. Of tokens without room all is stopped. */
  roomOf?: (token: string) => number
  /** The item for which slots are being saved up here. Nothing else starts. */
  savedFor?: string
}

/** The open lane, and the account's own. */
export function servesLane({ lane: own }: Pick<Pull, 'lane'>, lane: string): boolean {
  return lane === '' || lane === own
}

/** The account as if nothing ran there: what it can start then, it can start one day. */
export function asIfEmpty(pull: Pull): Pull {
  const { savedFor: _, ...rest } = pull
  return { ...rest, free: pull.free + pull.held, held: 0 }
}

/** The test for this pull. Thousands of items may be stepped over, so parkings are looked at once for each kind of call. */
export function mayStartBy(pull: Pull, now: number): (waiting: WaitingItem) => boolean {
  const parked = new Map<string, boolean>()
  const isParked = ({ sort: { route, meter, part } }: WaitingItem): boolean => {
    const kind = `${route}\n${meter ?? ''}\n${part ?? ''}`
    const known = parked.get(kind)
    if (known !== undefined) return known
    const wish = { isJob: true, row: route, meter, part }
    const found = findParking(pull.parkings, wish, now) !== undefined
    parked.set(kind, found)
    return found
  }
  return (waiting) => {
    if (pull.savedFor !== undefined && pull.savedFor !== waiting.item) return false
    const { slots, limit = Infinity, startBy, leftOut, jobs, token } = waiting.sort
    if (slots > pull.free || pull.held + slots > limit || startBy <= now) return false
    if (jobs !== undefined && pull.roomOf && jobs > pull.roomOf(token)) return false
    if (leftOut?.includes(pull.account) || pull.gaveBack?.has(waiting.item)) return false
    return pull.parkings.length === 0 || !isParked(waiting)
  }
}
