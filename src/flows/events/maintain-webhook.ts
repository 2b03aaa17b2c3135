/**
 * Keeps our webhook registered at a provider account. It is found by its id, and registered again when it is gone or off.
 * Leftovers of earlier registrations are removed first, so that no event comes twice. A registration whose answer was lost
 * is found by its address, which only we can make.
 */
import type { Account } from '#domain/accounts/account.ts'
import { failedHook, mayBeRegistered, registeredHook, type Hook } from '#domain/events/webhook.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider, ProviderWebhooks, RegisteredWebhook } from '#providers/contract/provider.ts'
import { keyIdOf } from '#domain/access/sealed-text.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { hookUrl, hookUrlStart, openTicket } from './tickets.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

/** The record of the registration after the check. */
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
  // One whose address is only sealed with an older key stays until the new one is there, so that no event is missed.
  // A second try removes it first, because the provider may have no room for both.
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
  // By its id: perhaps no key opens its address any more.
  const isGone = await webhooks.remove(upstream, open, current.id)
  return checkedAgainUnless(ports, maintained, areGone && isGone)
}

/** Until the others are gone each event may come twice. It counts once. */
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

/** True when none of ours is left, or nobody can find out. */
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
  // The last registration failed, or only its answer was lost: there may be one whose id we do not know.
  const listed = await webhooks.list(upstream, open)
  if (!listed.ok) return false
  return (await removeOurs(ports, account, open, webhooks, listed.webhooks)) && isGone
}

export function hookSecretIdentity(accountKey: string): string {
  return `webhook-secret/${accountKey}`
}
