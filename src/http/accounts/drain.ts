/** `POST /v1/{provider}/accounts/{email}/drain` and `/undrain`: the account's jobs end, and it takes no new ones. */
import type { Context } from 'hono'
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { toView } from './account-view.ts'

export async function drainAccount(
  c: Context<AppEnv>,
  provider: Provider,
  account: Account,
  isDrained: boolean
): Promise<Response> {
  const ports = c.get('ports')
  const { key, tenant, email } = account
  const desk = ports.desk(tenant, provider.name)
  const action = isDrained ? 'account.drained' : 'account.undrained'
  // The audit line comes first, so that no account is drained without one.
  const by = actorOf(c)
  await desk.noteAudit({ action, tenant, provider: provider.name, subject: email }, by)
  const saved = await desk.drainAccount(email, isDrained, by)
  if (!saved.ok) throw new AppError('conflict', 'The account is being changed. Try again.')
  ports.accounts.remember(tenant, provider.name, saved.snapshot)
  ports.hints.forget(key)
  ports.log(isDrained ? 'account_drained' : 'account_undrained', {
    provider: provider.name,
    tenant,
    email,
  })
  return c.json(await toView(ports, provider, { ...account, isDrained }))
}
