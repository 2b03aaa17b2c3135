/**
 * Makes and opens the URLs that a provider calls. Each contains a sealed ticket, which names the tenant and account, and for a
 * creation's callback also its request. Only the gateway can make a ticket. It is opened without a lookup, and it works for one
 * provider only. Tickets are never logged.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { TargetPolicy } from '#domain/events/callback-target.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'
import { readTicket, writeTicket, type Ticket } from '#domain/events/ticket.ts'

type Kind = 'webhook' | 'ticket'

/** Whether the provider can call us: over https, or on loopback where that is allowed. */
export function isReachable(ports: Ports, publicOrigin: string): boolean {
  const origin = ports.settings.publicOrigin || publicOrigin
  const isLoopback = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(origin)
  return origin.startsWith('https://') || (isLoopback && ports.settings.allowLoopbackCallbacks)
}

function originOf(ports: Ports, account: Account): string {
  return ports.settings.publicOrigin || account.publicOrigin
}

/** The rules for URLs that we may deliver to. `origins`: further origins of the gateway beside the one in the settings. */
export function targetPolicy(ports: Ports, ...origins: string[]): TargetPolicy {
  const { publicOrigin, allowLoopbackCallbacks: allowLoopback } = ports.settings
  const ownOrigins = [publicOrigin, ...origins].filter((origin) => origin !== '')
  return { allowLoopback, ownOrigins }
}

export async function hookUrl(ports: Ports, account: Account): Promise<string> {
  const ticket = { tenant: account.tenant, accountKey: account.key }
  return `${hookUrlStart(ports, account)}${await seal(ports, account.provider, 'webhook', ticket)}`
}

export function hookUrlStart(ports: Ports, account: Account): string {
  return `${originOf(ports, account)}/webhooks/${account.provider}/`
}

export async function callbackUrl(
  ports: Ports,
  account: Account,
  requestId: string
): Promise<string> {
  const ticket = { tenant: account.tenant, accountKey: account.key, requestId }
  const text = await seal(ports, account.provider, 'ticket', ticket)
  return `${originOf(ports, account)}/callbacks/${account.provider}/${text}`
}

async function seal(ports: Ports, provider: string, kind: Kind, ticket: Ticket): Promise<string> {
  return toUrlText(await ports.vault.seal(`${kind}/${provider}`, writeTicket(ticket)))
}

/** Undefined: the text is not a ticket of this gateway for this provider and kind, or it was changed. */
export async function openTicket(
  ports: Ports,
  provider: string,
  kind: Kind,
  text: string
): Promise<Ticket | undefined> {
  try {
    return readTicket(await ports.vault.open(`${kind}/${provider}`, fromUrlText(text)))
  } catch (error) {
    logMissingKey(ports, kind, error, text)
    return undefined
  }
}
