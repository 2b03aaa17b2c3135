/**
 * Saves up slots for an item that needs several at once. Each slot that comes free goes to an item that needs one, so the wider item
 * would never find enough. One account at a time is kept for it until it fits: slots stand idle meanwhile, which is the price.
 */
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { asIfEmpty, mayStartBy, servesLane, type Pull } from '#domain/queue/may-start.ts'

export interface Saving {
  item: string
  /** The account's key. */
  account: string
}

/** Where slots are saved up for the item: where the fewest are lacking. Undefined: no account has so many, or none may serve it. */
export function saverFor(
  waiting: WaitingItem,
  accounts: readonly Pull[],
  now: number
): string | undefined {
  const { slots } = waiting.sort
  const able = accounts.filter((pull) => couldStart(pull, waiting, now))
  const lacking = ({ free }: Pull) => Math.max(0, slots - free)
  const sizeOf = ({ free, held }: Pull) => free + held
  const [best] = able.toSorted(
    (one, other) =>
      lacking(one) - lacking(other) ||
      sizeOf(other) - sizeOf(one) ||
      (one.account < other.account ? -1 : 1)
  )
  return best?.account
}

/** Whether the account could start it if nothing ran there. */
function couldStart(pull: Pull, waiting: WaitingItem, now: number): boolean {
  return servesLane(pull, laneName(waiting.sort)) && mayStartBy(asIfEmpty(pull), now)(waiting)
}

/**
 * The saving from now on, decided before an account is given anything. One goes on while its item waits and its account could serve
 * it. A new one begins for an item whose turn it is here, that has waited a whole step and does not fit.
 *
 * `turn`: whose turn it would be at this account as if it were empty (`ItemOrder.peek`). `find`: an item that waits.
 */
export function savingAt(
  saving: Saving | undefined,
  turn: { next: WaitingItem; isLate: boolean } | undefined,
  { pull, accounts, now }: { pull: Pull; accounts: readonly Pull[]; now: number },
  find: (item: string) => WaitingItem | undefined
): Saving | undefined {
  const known = [...accounts.filter(({ account }) => account !== pull.account), pull]
  const item = saving && find(saving.item)
  const at = known.find(({ account }) => account === saving?.account)
  if (item && at && couldStart(at, item, now)) return saving
  if (!turn?.isLate || turn.next.sort.slots <= pull.free) return undefined
  const account = saverFor(turn.next, known, now)
  return account === undefined ? undefined : { item: turn.next.item, account }
}

/** The pull as the choice sees it: at the account where slots are saved up, only that item starts. */
export function withSaving(pull: Pull, saving: Saving | undefined): Pull {
  return saving?.account === pull.account ? { ...pull, savedFor: saving.item } : pull
}
