/**
 * Keeps our webhook registered at a provider account. The webhook is found by its id, and registered again when it is gone or
 * off. Earlier registrations are removed first, so that no event comes twice. A registration whose answer was lost is found by
 * its URL, which only the gateway can make.
 */
import type { Account } from '#domain/accounts/account.ts'
import { failedHook, mayBeRegistered, registeredHook, type Hook } from '#domain/events/webhook.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider, ProviderWebhooks, RegisteredWebhook } from '#providers/contract/provider.ts'
import { keyIdOf } from '#domain/access/sealed-text.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { hookUrl, hookUrlStart, openTicket } from './tickets.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

/** Checks the registration and returns its new record. */
export async function maintainHook(
  ports: Ports,
  provider: Provider,
  account: Account,
  hook: Hook
): Promise<Hook> {
  const webhooks = provider.events?.webhooks
  if (!webhooks) return hook
  const fail = (message: string) => failedHook(hook, message, ports.now(), ports.durations)
  const open = await openAccount(ports, account).catch(() => undefined)
  if (!open) return fail('the credential could not be opened')
  const upstream = makeUpstream(ports)
  const listed = await webhooks.list(upstream, open)
  if (!listed.ok) return fail(listed.message)
  const start = hookUrlStart(ports, account)
  const current = listed.webhooks.find((one) => one.id === hook.id)
  const isUsable = current?.isOn === true && current.url.startsWith(start) && !hook.isDoubted
  const { firstKey: key } = ports.vault
  const isOfKey = isUsable && keyIdOf(current.url.slice(start.length)) === key
  if (isOfKey && hook.secret !== undefined) {
    const kept = { id: current.id, secret: hook.secret, key }
    const others = listed.webhooks.filter((one) => one !== current)
    const areGone = await removeOurs(ports, account, open, webhooks, others)
    return checkedAgainUnless(
      ports,
      registeredHook(hook, kept, ports.now(), ports.durations),
      areGone
    )
  }
  // A working webhook whose URL is sealed with an older key stays until the new one is registered, so that no event is missed.
  // The second try removes the old one first, because the provider may not accept both.
  const isReplaced = isUsable && !isOfKey && hook.tries === 0
  if (!isReplaced) await removeOurs(ports, account, open, webhooks, listed.webhooks)
  const added = await webhooks.add(upstream, open, await hookUrl(ports, account))
  if (!added.ok) return fail(added.message)
  const secret = await ports.vault.seal(hookSecretIdentity(account.key), added.secret)
  const registered = { id: added.id, secret, key }
  const maintained = registeredHook(hook, registered, ports.now(), ports.durations)
  if (!isReplaced) return maintained
  const others = listed.webhooks.filter((one) => one !== current)
  const areGone = await removeOurs(ports, account, open, webhooks, others)
  // The old webhook is removed by its id, because perhaps no key opens its URL any more.
  const isGone = await webhooks.remove(upstream, open, current.id)
  return checkedAgainUnless(ports, maintained, areGone && isGone)
}

/** Schedules an early check while other webhooks of ours remain. Until then an event may come twice, but counts once. */
function checkedAgainUnless(ports: Ports, hook: Hook, areGone: boolean): Hook {
  return areGone ? hook : { ...hook, nextAt: ports.now() + ports.durations.hookRetryMs }
}

async function removeOurs(
  ports: Ports,
  account: Account,
  open: OpenAccount,
  webhooks: ProviderWebhooks,
  listed: readonly RegisteredWebhook[]
): Promise<boolean> {
  let areGone = true
  for (const { id, url } of listed) {
    const [, text] = /\/webhooks\/[^/]+\/([^/?#]+)$/.exec(url) ?? []
    const ticket = text && (await openTicket(ports, account.provider, 'webhook', text))
    if (ticket && ticket.accountKey === account.key)
      areGone = (await webhooks.remove(makeUpstream(ports), open, id)) && areGone
  }
  return areGone
}

/** Removes our webhook. True: no webhook of ours is left, or the account cannot be asked. */
export async function removeHook(
  ports: Ports,
  provider: Provider,
  account: Account,
  hook: Hook | undefined
): Promise<boolean> {
  const webhooks = provider.events?.webhooks
  if (!webhooks || !mayBeRegistered(hook)) return true
  const open = await openAccount(ports, account).catch(() => undefined)
  if (!open) return true
  const upstream = makeUpstream(ports)
  const isGone = hook.id === undefined || (await webhooks.remove(upstream, open, hook.id))
  if (hook.tries === 0) return isGone
  // After a failed registration, the provider may have a webhook whose id we do not know: perhaps only the answer was lost.
  const listed = await webhooks.list(upstream, open)
  if (!listed.ok) return false
  return (await removeOurs(ports, account, open, webhooks, listed.webhooks)) && isGone
}

export function hookSecretIdentity(accountKey: string): string {
  return `webhook-secret/${accountKey}`
}
