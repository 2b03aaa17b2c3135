/** The RPC interface of a hub (domain/live/hub.ts). During a deploy an older Worker may call a newer object, and the reverse. */
import type { Ticket } from '#domain/live/hub.ts'
import type { Pool, PoolAccount } from '#domain/live/pool-account.ts'

export interface Hub {
  /** Keeps a ticket's hash until it is used. False: too many pages are open or about to be opened. */
  keepTicket(hash: string, ticket: Ticket): Promise<boolean>
  /** Takes the summary of an account that has changed. False: nobody looks, so the account need not push any more. */
  push(summary: PoolAccount): Promise<boolean>
  /** The pool as the hub knows it. The hub goes on looking for five minutes. */
  look(): Promise<Pool>
  /** Opens a socket with a ticket. 101, or 401 for an unknown ticket, or 429 for too many sockets. Never repeated. */
  connect(ticketHash: string): Promise<Response>
}

/** The header by which `connect` names the ticket's hash to the object. */
export const TICKET_HEADER = 'x-ticket-hash'
