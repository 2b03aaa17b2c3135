/** Makes the ticket with which a page opens its socket, because browsers cannot send a header there. It names its hub, sealed. */
import { fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'
import type { Maker } from '#domain/live/hub.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { hexHash } from '#domain/text/hash.ts'

const IDENTITY = 'live-ticket'

/** Undefined: too many pages are open. */
export async function makeTicket(
  ports: Ports,
  hub: string,
  maker: Maker
): Promise<{ ticket: string; until: number } | undefined> {
  const until = ports.now() + ports.durations.ticketMs
  // The nonce of the sealing makes each ticket another.
  const ticket = toUrlText(await ports.vault.seal(IDENTITY, hub))
  const isKept = await ports.hub(hub).keepTicket(await hexHash(ticket), { maker, until })
  return isKept ? { ticket, until } : undefined
}

/** Opens the socket. Undefined: the text is no ticket of this gateway. */
export async function openWithTicket(ports: Ports, ticket: string): Promise<Response | undefined> {
  const hub = await ports.vault.open(IDENTITY, fromUrlText(ticket)).catch(() => undefined)
  return hub === undefined ? undefined : ports.hub(hub).connect(await hexHash(ticket))
}
