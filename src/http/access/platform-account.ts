/** `/v2/account`: useapi.net's platform account. Its clients use it to test a token (useapi.md 3.10). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { SCOPES, type Caller } from '#domain/access/token.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readBody } from '#http/request/read-body.ts'
import { checkTarget } from '#http/calls/reply-url.ts'
import { newApp, ownError, route } from '#http/request/route.ts'

const form = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  replyUrl: z.optional(z.string()),
})

const view = z.looseObject({
  id: z.string(),
  scope: z.enum(SCOPES),
  subscriptionIsActive: z.boolean(),
  accounts: z.looseObject({}),
})

export const platformAccount = newApp()

route(
  platformAccount,
  {
    method: 'get',
    path: '/',
    summary: 'The tenant that this token belongs to',
    answers: { 200: view, 401: ownError, 402: ownError },
  },
  async (c) => {
    const ports = c.get('ports')
    const caller = c.get('caller')
    if (ownScopeOf(caller)) return c.json(ownAccount(caller))
    const { id, tenant, scope, expiresAt } = caller
    const record = await ports.registrar.findTenant(tenant)
    const counts = PROVIDERS.map(async ({ name }) => {
      const { accounts } = await ports.accounts.list(tenant, name)
      return [name, { total: accounts.length }]
    })
    return c.json({
      id: tenantNameOf(tenant),
      name: record?.name ?? null,
      created: new Date(record?.createdAt ?? 0).toISOString(),
      token: id,
      scope,
      subscriptionIsActive: true,
      expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      accounts: Object.fromEntries(await Promise.all(counts)) as Record<string, unknown>,
      replyUrl: record?.replyUrl ?? null,
    })
  }
)

route(
  platformAccount,
  {
    method: 'post',
    needs: 'full',
    path: '/',
    summary: 'Set the name and the default replyUrl',
    body: form,
    form: true,
    answers: { 204: '', 400: ownError, 401: ownError, 403: ownError },
  },
  async (c) => {
    const { name, replyUrl } = await readBody(c, form)
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(replyUrl === undefined ? {} : { replyUrl: checkReplyUrl(c, replyUrl) }),
    }
    const { registrar, tokens } = c.get('ports')
    const caller = c.get('caller')
    const { tenant, hash } = caller
    if (!ownScopeOf(caller)) await registrar.changeTenant(tenant, change, actorOf(c))
    else {
      if (name !== undefined) throw new AppError('forbidden', NOT_ITS_NAME)
      const own = 'replyUrl' in change ? { replyUrl: change.replyUrl ?? null } : {}
      await registrar.changeToken(caller.id, own, actorOf(c))
    }
    tokens.forget(hash)
    return c.body(null, 204)
  }
)

const NOT_ITS_NAME = 'name: this token sees only its own, and the name is the tenant’s.'

/** What a token that sees only its own may know: itself. */
function ownAccount({ id, name, createdAt, scope, expiresAt, replyUrl = null }: Caller) {
  return {
    id,
    name,
    created: new Date(createdAt).toISOString(),
    token: id,
    scope,
    subscriptionIsActive: true,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    accounts: {},
    replyUrl,
  }
}

/** Null for an empty text, which removes the default. The error for a text that is too long has useapi.net's wording. */
function checkReplyUrl(c: Context<AppEnv>, replyUrl: string): string | null {
  if (replyUrl.length > 1024) throw new AppError('bad_request', 'replyUrl is too long')
  return replyUrl === '' ? null : checkTarget(c, 'replyUrl', replyUrl)
}
