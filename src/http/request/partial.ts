/** Says which accounts are missing in an answer because their objects could not be reached, to a tenant and to the operator. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { emailToHeader } from '#domain/accounts/account.ts'
import { toMissing, type Place, type Places } from '#flows/accounts/places.ts'
import type { AppEnv } from './app-env.ts'

const NAMES_MAX = 20

/** Sets `X-Gateway-Partial`: the emails, with commas; `removed` for an account that was removed. */
export function notePartial(
  c: Context<AppEnv>,
  missing: readonly { account?: { email: string } | undefined }[]
): void {
  if (missing.length === 0) return
  const names = missing.map(({ account }) => (account ? emailToHeader(account.email) : 'removed'))
  c.header('X-Gateway-Partial', [...new Set(names)].slice(0, NAMES_MAX).join(', '))
}

/** What the operator's lists over all tenants are asked by. */
export const ofTenants = {
  tenant: z.optional(z.string().check(z.maxLength(100))),
  provider: z.optional(z.string().check(z.maxLength(50))),
}

/** What each item has in the operator's lists beside the tenant's own view. */
export const itsTenant = {
  tenant: z.optional(z.string()),
  provider: z.optional(z.string()),
}

/** What the operator's lists say about themselves. */
export const wholeness = {
  isWhole: z.boolean(),
  missing: z.array(
    z.object({ tenant: z.string(), provider: z.string(), email: z.nullable(z.string()) })
  ),
}

/** `more`: places that could not be reached when they were asked. */
export function toWholeness({ isWhole, missing }: Places, more: readonly Place[]) {
  const all = [...missing, ...more.map(toMissing)]
  return { isWhole, missing: all.map((one) => ({ ...one, tenant: tenantNameOf(one.tenant) })) }
}
