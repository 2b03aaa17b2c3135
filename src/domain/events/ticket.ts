/** What is sealed into the addresses that a provider calls: whose account, and of a callback which creation. */
import * as z from 'zod'

export interface Ticket {
  tenant: string
  accountKey: string
  /** Absent in the id of a webhook. */
  requestId?: string
}

const form = z.tuple([z.string(), z.string(), z.string().optional()])

export function writeTicket({ tenant, accountKey, requestId }: Ticket): string {
  return JSON.stringify([tenant, accountKey, ...(requestId === undefined ? [] : [requestId])])
}

/** Throws when it is no ticket. */
export function readTicket(text: string): Ticket {
  const [tenant, accountKey, requestId] = form.parse(JSON.parse(text))
  return { tenant, accountKey, ...(requestId === undefined ? {} : { requestId }) }
}
