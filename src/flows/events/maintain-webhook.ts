/**
 * Keeps our webhook registered at an account: looked for by its id, registered again when it is gone or switched off,
 * and what is left of an earlier one removed first, so that no event comes twice. A registration whose answer was
 * lost is found again by its address, which only we could have made.
 */
import type { Account } from '#domain/accounts/account.ts'
import { failedHook, mayBeThere, registeredHook, type Hook } from '#domain/events/webhook.ts'
import type { OpenAccount, Ports } from '#domain/ports/ports.ts'
import type { Provider, ProviderWebhooks, RegisteredWebhook } from '#providers/contract/provider.ts'
import { keyIdOf } from '#domain/access/sealed-text.ts'
import { openAccount } from '#flows/accounts/open-account.ts'
import { hookUrl, hookUrlStart, openTicket } from './tickets.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

export async function tendHook(
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
  const isSound = current?.isOn === true && current.url.startsWith(start) && !hook.isDoubted
  const { firstKey: key } = ports.vault
  const isOfKey = isSound && keyIdOf(current.url.slice(start.length)) === key
  if (isOfKey && hook.secret !== undefined) {
    const kept = { id: current.id, secret: hook.secret, key }
    const others = listed.webhooks.filter((one) => one !== current)
    const areGone = await removeOurs(ports, account, open, webhooks, others)
    return again(ports, registeredHook(hook, kept, ports.now(), ports.durations), areGone)
  }
  // What only has an older key's address hears on until the new one is there, so that no event is missed.
  // A second try makes room for it first.
  const isReplaced = isSound && !isOfKey && hook.tries === 0
  if (!isReplaced) await removeOurs(ports, account, open, webhooks, listed.webhooks)
  const added = await webhooks.add(upstream, open, await hookUrl(ports, account))
  if (!added.ok) return fail(added.message)
  const secret = await ports.vault.seal(hookSecretIdentity(account.key), added.secret)
  const registered = { id: added.id, secret, key }
  const tended = registeredHook(hook, registered, ports.now(), ports.durations)
  if (!isReplaced) return tended
  const others = listed.webhooks.filter((one) => one !== current)
  const areGone = await removeOurs(ports, account, open, webhooks, others)
  // By its id, since perhaps no key opens its address any more.
  const isGone = await webhooks.remove(upstream, open, current.id)
  return again(ports, tended, areGone && isGone)
}

/** Until the others are gone both tell the same, and each event counts once. */
function again(ports: Ports, tended: Hook, areGone: boolean): Hook {
  return areGone ? tended : { ...tended, nextAt: ports.now() + ports.durations.hookRetryMs }
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

/** True when nothing of ours is left there, or nobody could tell. */
export async function removeHook(
  ports: Ports,
  provider: Provider,
  account: Account,
  hook: Hook | undefined
): Promise<boolean> {
  const webhooks = provider.events?.webhooks
  if (!webhooks || !mayBeThere(hook)) return true
  const open = await openAccount(ports, account).catch(() => undefined)
  if (!open) return true
  const upstream = makeUpstream(ports)
  const isGone = hook.id === undefined || (await webhooks.remove(upstream, open, hook.id))
  if (hook.tries === 0) return isGone
  // A registration failed, or only its answer was lost.
  const listed = await webhooks.list(upstream, open)
  if (!listed.ok) return false
  return (await removeOurs(ports, account, open, webhooks, listed.webhooks)) && isGone
}

export function hookSecretIdentity(accountKey: string): string {
  return `webhook-secret/${accountKey}`
}
