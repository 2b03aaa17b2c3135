/**
 * Verifies and parses an incoming event. An event to the webhook must be signed with the webhook's own secret. An event to a
 * callback address is accepted because only the provider knows that address. The time in a header is not signed, so no
 * event is refused because of it.
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

/** Undefined: the event is genuine, but contains nothing that the gateway uses. */
export async function readEvent(
  ports: Ports,
  provider: Provider,
  { account, hook }: { account: Account | undefined; hook: Hook | undefined },
  received: ReceivedEvent
): Promise<ParsedEvent | 'refused' | undefined> {
  const { events } = provider
  if (!events) return 'refused'
  const proof =
    received.via.kind === 'hook'
      ? await webhookProof(ports, provider, account, hook, received)
      : await callbackProof(ports, provider, account, received)
  if (proof === 'bad') return 'refused'
  const text = withoutMark(received.body)
  const body = provider.names?.toClient(text, received.tenant) ?? text
  const event = events.read(body)
  if (!event) return undefined
  const { id } = event
  const isUsable = id !== undefined && EVENT_ID.test(id)
  const contentId = await hashOf(
    [account?.key ?? received.tenant, event.type, event.subject ?? '', withoutTimes(body)].join(
      '\n'
    )
  )
  const parsed = { ...event, id: isUsable ? id : await hashOf(received.body), contentId }
  if (proof === 'good') return parsed
  const { ending: _, ...unproved } = parsed
  return { ...unproved, reports: [] }
}

/** `good`: signed with the secret of our webhook, or of its previous registration, which counts for a day. */
async function webhookProof(
  ports: Ports,
  provider: Provider,
  account: Account | undefined,
  hook: Hook | undefined,
  { tenant, headers, body, bytes }: ReceivedEvent
): Promise<'good' | 'bad'> {
  if (!account || account.tenant !== tenant) return 'bad'
  for (const sealed of secretsOf(hook, ports.now())) {
    const secret = await ports.vault.open(hookSecretIdentity(account.key), sealed).catch(() => '')
    if (await provider.events?.isSigned(secret, headers, bytes ?? body)) return 'good'
  }
  return 'bad'
}

/**
 * `good`: the event is accepted. `bad`: it is refused, because its signature is wrong. `none`: it only causes a status check,
 * because it has no signature although the provider could have signed it, or its signature cannot be verified.
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
  if (!open) return 'none'
  const secret = events.callbackSecret(open.credential)
  if (secret === undefined) return 'good'
  if (Object.keys(headers).length === 0) return 'none'
  return (await events.isSigned(secret, headers, bytes ?? body)) ? 'good' : 'bad'
}

/** The id of an event that has none: a hash of its bytes. */
async function hashOf(body: string): Promise<string> {
  return `evt_${(await hexHash(body)).slice(0, 32)}`
}

/** The body without its times, which may differ when the provider repeats an event. */
function withoutTimes(body: string): string {
  const event = parseJson(body)
  return event === undefined
    ? body
    : JSON.stringify(event, (name, value: unknown) => (IS_TIME.test(name) ? undefined : value))
}

const IS_TIME = /^(created_at|updated_at|timestamp|time|sent_at|date)$/
