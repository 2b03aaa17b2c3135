/**
 * Re-seals with the first master key what an account's object keeps sealed. A text is written only if it is still the one
 * that was loaded. A webhook's address cannot be changed, so the alarm registers the webhook again.
 */
import { sealIdentity, type Account } from '#domain/accounts/account.ts'
import { checkHookNow, withSealedSecrets } from '#domain/events/webhook.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { nothingFound, withSealed, type ResealStep } from '#domain/access/reseal.ts'
import { Resealer } from '#flows/access/reseal-text.ts'
import { hookSecretIdentity } from '#flows/events/maintain-webhook.ts'
import { isReachable } from '#flows/events/tickets.ts'
import type { SlotsTables } from '#durable/account-tables/slots-tables.ts'

/** `key`: the id of the master key that is to seal. */
export async function resealAccount(
  ports: Ports,
  tables: SlotsTables,
  key: string
): Promise<ResealStep> {
  if (ports.vault.firstKey !== key) return { ...nothingFound(), behind: 1 }
  const account = tables.account()
  if (!account) return nothingFound()
  const sealer = new Resealer(ports.vault)
  await resealRecord(tables, account, sealer)
  await resealHook(tables, account, sealer)
  return { ...sealer.step, ...registerAgain(ports, tables, account, key) }
}

async function resealRecord(
  tables: SlotsTables,
  account: Account,
  sealer: Resealer
): Promise<void> {
  const identity = sealIdentity(account)
  const holder = { tenant: account.tenant, name: account.email }
  const credential = await sealer.text('credentials', identity, account.credential, holder)
  const session = await sealer.text('sessions', identity, account.session?.sealed, holder)
  const current = tables.account()
  const changed = current && withSealed(current, account, { credential, session })
  if (changed) tables.replaceAccount(changed)
}

async function resealHook(tables: SlotsTables, account: Account, sealer: Resealer): Promise<void> {
  const before = tables.hook()
  const identity = hookSecretIdentity(account.key)
  const holder = { tenant: account.tenant, name: account.email }
  const seal = (sealed: string | undefined) =>
    sealer.text('webhookSecrets', identity, sealed, holder)
  const [secret, previous] = [await seal(before?.secret), await seal(before?.previous?.secret)]
  const current = tables.hook()
  if (!current || (secret ?? previous) === undefined) return
  tables.saveHook(withSealedSecrets(current, before, { secret, previous }))
}

/**
 * A webhook that cannot be registered again is listed in the result, and the pass does not wait for it. Without a webhook,
 * the alarm's status checks find the ends of jobs.
 */
function registerAgain(
  ports: Ports,
  tables: SlotsTables,
  account: Account,
  key: string
): Pick<ResealStep, 'hooks' | 'stalledHooks'> {
  const hook = tables.hook()
  if (!hook || hook.key === key) return { hooks: 0, stalledHooks: [] }
  const message = isReachable(ports, account.publicOrigin) ? hook.message : UNREACHABLE
  if (message !== UNREACHABLE) tables.saveHook(checkHookNow(hook, ports.now()))
  if (message === undefined) return { hooks: 1, stalledHooks: [] }
  const { tenant, email } = account
  return { hooks: 0, stalledHooks: [{ tenant, account: email, message }] }
}

const UNREACHABLE = 'the gateway has no address that the provider may call'
