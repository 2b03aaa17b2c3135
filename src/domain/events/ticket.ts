/** The content of the URLs that a provider calls, in sealed form: the account, and for a callback the creation. */
import * as z from 'zod/mini'

export interface Ticket {
  tenant: string
  accountKey: string
  /** The creation's request. Absent in a webhook's URL. */
  requestId?: string
}

const form = z.tuple([z.string(), z.string(), z.optional(z.string())])

export function writeTicket({ tenant, accountKey, requestId }: Ticket): string {
  return JSON.stringify([tenant, accountKey, ...(requestId === undefined ? [] : [requestId])])
}

/** Throws when the text is not a ticket. */
export function readTicket(text: string): Ticket {
  const [tenant, accountKey, requestId] = form.parse(JSON.parse(text))
  return { tenant, accountKey, ...(requestId === undefined ? {} : { requestId }) }
}
