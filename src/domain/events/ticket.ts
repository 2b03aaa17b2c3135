/** The content of the addresses that a provider calls: which account, and for a callback which creation. It is sealed there. */
import * as z from 'zod'

export interface Ticket {
  tenant: string
  accountKey: string
  /** Absent in a webhook's address. */
  requestId?: string
}

const form = z.tuple([z.string(), z.string(), z.string().optional()])

export function writeTicket({ tenant, accountKey, requestId }: Ticket): string {
  return JSON.stringify([tenant, accountKey, ...(requestId === undefined ? [] : [requestId])])
}

/** Throws when the text is not a ticket. */
export function readTicket(text: string): Ticket {
  const [tenant, accountKey, requestId] = form.parse(JSON.parse(text))
  return { tenant, accountKey, ...(requestId === undefined ? {} : { requestId }) }
}
