/** `POST /v1/{provider}/accounts/{email}/test`: a person asks whether an account works now. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { isGood, whyNotGood } from '#domain/accounts/account-test.ts'
import type { Account } from '#domain/accounts/account.ts'
import { CREDENTIAL_KEY_MISSING, isOpenable } from '#flows/access/missing-master-key.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { NOT_REACHED, parking, seeAccounts, toShown } from './account-view.ts'

export const testView = z
  .object({
    ok: z.boolean(),
    at: z.string(),
    ms: z.number(),
    status: z.optional(z.number()),
    error: z.optional(z.string()),
    balance: z.optional(
      z.object({
        amount: z.number(),
        unit: z.string(),
        at: z.string(),
      })
    ),
    lifted: z.array(z.string()),
    parked: z.array(parking),
  })
  .register(z.globalRegistry, { id: 'AccountTest' })

export async function testAccount(
  c: Context<AppEnv>,
  provider: Provider,
  account: Account
): Promise<z.infer<typeof testView>> {
  const ports = c.get('ports')
  const { key, tenant, email } = account
  const none = { ok: false, at: iso(ports.now()), ms: 0, lifted: [], parked: [] }
  if (!isOpenable(ports, account)) return { ...none, error: CREDENTIAL_KEY_MISSING }
  const test = await ports.slots(key).test(tenant)
  if (!test) return { ...none, error: NOT_REACHED }
  const isChanged = test.lifted.length + test.parked.length > 0
  if (isChanged && !test.isRepeat) await noteChange(c, provider, account, test)
  const seen = await seeAccounts(ports, [account])
  const now = ports.now()
  const standing = (seen.get(account)?.parkings ?? []).filter(({ until }) => until > now)
  const status = test.parts.findLast((part) => part.status !== undefined)?.status
  const error = whyNotGood(test)
  ports.log('account_tested', { provider: provider.name, tenant, email, isGood: isGood(test) })
  return {
    ok: error === undefined,
    at: iso(test.at),
    ms: test.ms,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    ...(test.balance ? { balance: { ...test.balance, at: iso(test.balance.at) } } : {}),
    lifted: test.lifted,
    parked: standing.map(toShown),
  }
}

/** The line comes after the change, because only the provider's answer shows whether there is one. */
async function noteChange(
  c: Context<AppEnv>,
  { name }: Provider,
  { tenant, email, key }: Account,
  { lifted, parked }: { lifted: string[]; parked: string[] }
): Promise<void> {
  const ports = c.get('ports')
  ports.hints.forget(key)
  const entry = { action: 'account.tested', tenant, provider: name, subject: email } as const
  await ports.desk(tenant, name).noteAudit({ ...entry, detail: { lifted, parked } }, actorOf(c))
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
