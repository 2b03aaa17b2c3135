/**
 * The states of a queued creation and what may change them. All changes go through `move`, so that what the table does not name
 * cannot happen: an item that was begun never waits again, and one whose end was told never starts.
 */
import type { ItemState } from './item.ts'

/** `absent` is the state of an item that is not there yet. */
type From = ItemState | 'absent'

/**
 * `enqueue_held`: it names a job that has not ended. `ready`: none that it names runs any more. `again`: the account is handed the
 * item under one more lease id. `back`: nothing ran, and another try may. `refused`: by so many accounts that no other is tried, or by all that are left.
 * `over`: the account's object has told its end. `told`: an end without a start was written where it is told from. `not_ready`: the
 * provider says that a job named in it has not ended.
 */
const MOVES = {
  enqueue: { absent: 'waiting' },
  enqueue_held: { absent: 'held' },
  ready: { held: 'waiting' },
  dependency_failed: { held: 'untold' },
  choose: { waiting: 'chosen' },
  again: { chosen: 'chosen' },
  back: { chosen: 'waiting' },
  not_ready: { chosen: 'held' },
  cancel: { waiting: 'untold', held: 'untold' },
  start_deadline: { waiting: 'untold', held: 'untold' },
  token_removed: { waiting: 'untold', held: 'untold' },
  account_removed: { waiting: 'untold', held: 'untold' },
  refused: { chosen: 'untold', waiting: 'untold', held: 'untold' },
  over: { chosen: 'ended' },
  told: { untold: 'ended' },
  // A start may come to light late, under the lease id of an earlier try. To refuse it would start the job a second time.
  begun: { chosen: 'begun', waiting: 'begun', held: 'begun', untold: 'begun' },
} as const satisfies Record<string, Partial<Record<From, ItemState>>>

export type ItemEvent = keyof typeof MOVES

export const ITEM_EVENTS = Object.keys(MOVES) as ItemEvent[]

/** The state after the event. `refused`: the event changes nothing, because the item is not, or no longer, in a state for it. */
export function move(from: ItemState | undefined, event: ItemEvent): ItemState | 'refused' {
  const moves: Partial<Record<From, ItemState>> = MOVES[event]
  return moves[from ?? 'absent'] ?? 'refused'
}
