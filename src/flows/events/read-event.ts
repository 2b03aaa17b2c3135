/**
 * An event that reached an account's object: is it the provider's, and what does it say. One that came to the webhook
 * is believed only when it is signed with the webhook's own secret; one that came to a callback is believed because
 * nobody else could know its address. The time in a header is not signed, so nothing is refused by it.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { ParsedEvent } from '#domain/events/incoming-event.ts'
import { parseJson, withoutMark } from '#domain/text/json-text.ts'
import { hexHash } from '#domain/text/hash.ts'
import { secretsOf, type Hook } from '#domain/events/webhook.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReceivedEvent } from '#domain/ports/slots.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { unseal } from '#flows/accounts/open-account.ts'
import { hookSecretIdentity } from './maintain-webhook.ts'

const EVENT_ID = /^[\w-]{1,100}$/

/** Undefined: it is the provider's, but it says nothing that we can use. */
export async function readEvent(
  ports: Ports,
  provider: Provider,
  { account, hook }: { account: Account | undefined; hook: Hook | undefined },
  received: ReceivedEvent
): Promise<ParsedEvent | 'refused' | undefined> {
  const { events } = provider
  if (!events) return 'refused'
  if (
    received.via.kind === 'hook' &&
    !(await isOfWebhook(ports, provider, account, hook, received))
  )
    return 'refused'
  const proof =
    received.via.kind === 'hook' ? 'good' : await callbackProof(ports, provider, account, received)
  if (proof === 'bad') return 'refused'
  const text = withoutMark(received.body)
  const body = provider.names?.toClient(text, received.tenant) ?? text
  const event = events.read(body)
  if (!event) return undefined
  const { id } = event
  const isUsable = id !== undefined && EVENT_ID.test(id)
  const newsId = await hashOf(
    [account?.key ?? received.tenant, event.type, event.subject ?? '', withoutTimes(body)].join(
      '\n'
    )
  )
  const heard = { ...event, id: isUsable ? id : await hashOf(received.body), newsId }
  if (proof === 'good') return heard
  const { ending: _, ...unsure } = heard
  return { ...unsure, reports: [] }
}

/** Signed with the secret of our webhook, or for a day of the one before. Without a secret nothing is. */
async function isOfWebhook(
  ports: Ports,
  provider: Provider,
  account: Account | undefined,
  hook: Hook | undefined,
  { tenant, headers, body, bytes }: ReceivedEvent
): Promise<boolean> {
  if (!account || account.tenant !== tenant) return false
  for (const sealed of secretsOf(hook, ports.now())) {
    const secret = await ports.vault.open(hookSecretIdentity(account.key), sealed).catch(() => '')
    if (await provider.events?.isSigned(secret, headers, bytes ?? body)) return true
  }
  return false
}

/**
 * Where callbacks may be signed, what is signed wrongly is refused; what is not signed although it might be is only a
 * reason to ask.
 */
async function callbackProof(
  ports: Ports,
  provider: Provider,
  account: Account | undefined,
  { headers, body, bytes }: ReceivedEvent
): Promise<'good' | 'none' | 'bad'> {
  const { events } = provider
  if (!account || !events?.callbackSecret) return 'good'
  const open = await unseal(ports, account).catch(() => undefined)
  // Whether it is signed rightly cannot be told: it is only a reason to ask.
  if (!open) return 'none'
  const secret = events.callbackSecret(open.credential)
  if (secret === undefined) return 'good'
  if (Object.keys(headers).length === 0) return 'none'
  return (await events.isSigned(secret, headers, bytes ?? body)) ? 'good' : 'bad'
}

/** For events without an id of their own: the same bytes are the same event. */
async function hashOf(body: string): Promise<string> {
  return `evt_${(await hexHash(body)).slice(0, 32)}`
}

/** The same event sent again may have been written anew: its times say nothing about what it tells. */
function withoutTimes(body: string): string {
  const event = parseJson(body)
  return event === undefined
    ? body
    : JSON.stringify(event, (name, value: unknown) => (IS_TIME.test(name) ? undefined : value))
}

const IS_TIME = /^(created_at|updated_at|timestamp|time|sent_at|date)$/
