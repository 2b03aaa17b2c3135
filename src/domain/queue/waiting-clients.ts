/**
 * Clients that wait for a slot (`Prefer: wait=N`), as the order of the line sees them: items without a row, without a lane and
 * without a deadline. So one order decides between them and items, and neither can hold the other up for ever.
 */
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { WaitingItem } from './item-lists.ts'
import { mayStartBy, type Pull } from './may-start.ts'

/** A client, and what the order needs of its call beside. Absent members are those that an older Worker does not send. */
export interface ClientWish extends Waiter {
  token: string
  /** As asked: 1 to 5. */
  priority?: number
  /** The row of its call. Absent: a parking of one row does not stop it here, and it comes back from there. */
  route?: string
  meter?: string
  part?: string
  /** Its own limit on running jobs of its account. */
  limit?: number
}

/** `item` is the client's own id. */
export interface WaitingClient extends WaitingItem {
  accounts: ReadonlySet<string>
}

const USUAL_PRIORITY = 3

export function clientInLine(wish: ClientWish): WaitingClient {
  const { id, since, accounts, slots = 1, token, priority, route, meter, part, limit } = wish
  return {
    item: id,
    accounts: new Set(accounts),
    sort: {
      state: 'waiting',
      lane: '',
      token,
      priority: priority ?? USUAL_PRIORITY,
      askedAt: since,
      startBy: Infinity,
      bytes: 0,
      route: route ?? '',
      ...(meter === undefined ? {} : { meter }),
      ...(part === undefined ? {} : { part }),
      ...(limit === undefined ? {} : { limit }),
      slots,
    },
  }
}

/**
 * The test for this pull. `gaveBack` counts for clients too: one that found the account full a moment ago is not sent there again.
 * Pauses do not: they are about the line, and this client would be served without one.
 */
export function mayServeBy(pull: Pull, now: number): (waiting: WaitingItem) => boolean {
  const mayStart = mayStartBy(pull, now)
  return (waiting) => {
    const isHere = 'accounts' in waiting && (waiting as WaitingClient).accounts.has(pull.account)
    return isHere && mayStart(waiting)
  }
}
