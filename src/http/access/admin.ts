/** `/admin/*`: tokens and tenants, for the operator (`ADMIN_TOKEN`). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import {
  accessKeyOf,
  hashToken,
  limitsOf,
  newRecordId,
  newSecretKey,
  newToken,
  pairSealName,
  SCOPES,
  SUBSCRIPTIONS,
  type TokenRecord,
} from '#domain/access/token.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { adminAudit } from './audit.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readBody } from '#http/request/read-body.ts'
import { reseal } from './reseal.ts'
import { ownForm, ownIn, ownShown, ownView } from './own-fields.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { limitsForm, limitsIn, limitsShown, limitsView } from './token-fields.ts'

const expiresAt = z.nullable(z.iso.datetime({ offset: true }))

const newTokenForm = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(200)),
  tenant: z.optional(
    z
      .string()
      .check(
        z.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 letters, digits, or _ . -')
      )
  ),
  scope: z._default(z.enum(SCOPES), 'full'),
  subscription: z._default(z.enum(SUBSCRIPTIONS), 'active'),
  expiresAt: z.optional(expiresAt),
  ...limitsForm,
  ...ownForm,
})

const changeForm = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  scope: z.optional(z.enum(SCOPES)),
  subscription: z.optional(z.enum(SUBSCRIPTIONS)),
  expiresAt: z.optional(expiresAt),
  ...limitsForm,
  ...ownForm,
})

const tokenView = z
  .object({
    id: z.string(),
    tenant: z.string(),
    name: z.string(),
    scope: z.enum(SCOPES),
    subscription: z.enum(SUBSCRIPTIONS),
    createdAt: z.string(),
    expiresAt: z.nullable(z.string()),
    ...limitsView,
    ...ownView,
  })
  .register(z.globalRegistry, { id: 'Token' })

const tenantView = z
  .object({
    id: z.string(),
    name: z.string(),
    createdAt: z.string(),
    tokens: z.number(),
  })
  .register(z.globalRegistry, { id: 'Tenant' })

const withSecret = z.extend(tokenView, {
  token: z.string(),
  accessKey: z.string(),
  secretKey: z.string(),
})
const tokensView = z.object({ tokens: z.array(tokenView) })
const tenantsView = z.object({ tenants: z.array(tenantView) })
const errors = { 401: ownError, 404: ownError }

export const admin = newApp()

admin.use(authenticateAdmin)
admin.route('/reseal', reseal)
admin.route('/audit', adminAudit)

route(
  admin,
  {
    isAdmin: true,
    method: 'post',
    path: '/tokens',
    summary: 'Make a token. Also makes its tenant, if there is none of that name',
    body: newTokenForm,
    form: true,
    answers: { 201: withSecret, 400: ownError, ...errors },
  },
  async (c) => {
    const form = await readBody(c, newTokenForm)
    const { registrar, vault, now, randomBytes } = c.get('ports')
    if (form.expiresAt && Date.parse(form.expiresAt) <= now()) {
      throw new AppError('bad_request', 'expiresAt: is in the past')
    }
    if (form.tenant !== undefined) await checkTenant(c, form.tenant)
    const tenant = form.tenant ?? newRecordId('tnt', randomBytes)
    const token = newToken(randomBytes)
    const tokenId = newRecordId('tok', randomBytes)
    const secretKey = newSecretKey(randomBytes)
    const record: TokenRecord = {
      id: tokenId,
      hash: await hashToken(token),
      tenant,
      name: form.name,
      scope: form.scope,
      subscription: form.subscription,
      createdAt: now(),
      expiresAt: form.expiresAt ? Date.parse(form.expiresAt) : null,
      secretKey: await vault.seal(pairSealName(tokenId), secretKey),
      ...limitsOf(limitsIn(form)),
      ...ownIn(form),
    }
    const owner = { id: tenant, name: form.name, replyUrl: null, createdAt: now() }
    const hasPast = form.tenant !== undefined && (await hasDesks(c.get('ports'), form.tenant))
    const saved = (await registrar.saveToken(record, owner, hasPast, actorOf(c))) ?? record
    logToken(c, 'token_made', saved)
    const { id, ...view } = toTokenView(saved)
    return c.json({ id, token, accessKey: accessKeyOf(record.hash), secretKey, ...view }, 201)
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'get',
    path: '/tokens',
    summary: 'All tokens, without their secrets',
    answers: { 200: tokensView, 401: ownError },
  },
  async (c) => {
    const tokens = await c.get('ports').registrar.listTokens()
    return c.json({ tokens: tokens.map(toTokenView) })
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'get',
    path: '/tokens/{id}',
    summary: 'One token, without its secrets',
    answers: { 200: tokenView, ...errors },
  },
  async (c) => {
    const tokens = await c.get('ports').registrar.listTokens()
    const token = tokens.find(({ id }) => id === c.req.param('id'))
    if (!token) throw noToken()
    return c.json(toTokenView(token))
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'patch',
    path: '/tokens/{id}',
    summary: 'Change a token',
    body: changeForm,
    form: true,
    answers: { 200: tokenView, 400: ownError, ...errors },
  },
  async (c) => {
    const form = await readBody(c, changeForm)
    const { expiresAt: end, name, scope, subscription } = form
    const ports = c.get('ports')
    const expires = end === undefined ? {} : { expiresAt: end === null ? null : Date.parse(end) }
    const change = { ...withoutUndefined({ name, scope, subscription }), ...expires }
    const { sees, grants } = form
    const own = ownIn({ ...(sees === undefined ? {} : { sees }), grants })
    const changed = { ...change, ...limitsIn(form), ...own }
    const token = await ports.registrar.changeToken(c.req.param('id') ?? '', changed, actorOf(c))
    if (!token) throw noToken()
    ports.tokens.forget(token.hash)
    logToken(c, 'token_changed', token)
    return c.json(toTokenView(token))
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'delete',
    path: '/tokens/{id}',
    summary: 'Remove a token. It stops working everywhere within about a minute',
    answers: { 204: '', ...errors },
  },
  async (c) => {
    const ports = c.get('ports')
    const removed = await ports.registrar.removeToken(c.req.param('id') ?? '', actorOf(c))
    if (!removed) throw noToken()
    ports.tokens.forget(removed.hash)
    logToken(c, 'token_removed', removed)
    return c.body(null, 204)
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'get',
    path: '/tenants',
    summary: 'All tenants',
    answers: { 200: tenantsView, 401: ownError },
  },
  async (c) => {
    const { registrar } = c.get('ports')
    const [tenants, tokens] = await Promise.all([registrar.listTenants(), registrar.listTokens()])
    const views = tenants.map(({ id, name, createdAt }) => ({
      id: tenantNameOf(id),
      name,
      createdAt: new Date(createdAt).toISOString(),
      tokens: tokens.filter((token) => token.tenant === id).length,
    }))
    return c.json({ tenants: views })
  }
)

route(
  admin,
  {
    isAdmin: true,
    method: 'delete',
    path: '/tenants/{tenant}',
    summary: 'Remove a tenant, its tokens and its accounts',
    answers: { 204: '', ...errors },
  },
  async (c) => {
    const ports = c.get('ports')
    const found = await ports.registrar.findTenant(c.req.param('tenant') ?? '', true)
    if (!found) throw new AppError('not_found', 'There is no such tenant')
    for (const { name } of PROVIDERS) {
      await ports.desk(found.id, name).close()
      // This replaces the accounts in the isolate's cache.
      await ports.accounts.fresh(found.id, name)
    }
    // The tenant is named by its id, because a new tenant may have its name by now.
    const tokens = await ports.registrar.removeTenant(found.id, actorOf(c))
    for (const token of tokens ?? []) ports.tokens.forget(token.hash)
    ports.log('tenant_removed', { tenant: found.id, tokens: tokens?.length ?? 0 })
    return c.body(null, 204)
  }
)

/** Throws for an unknown id (`tnt_…`), which must be a typing error. Any other name is accepted and makes a new tenant. */
async function checkTenant(c: Context<AppEnv>, tenant: string): Promise<void> {
  if (!tenant.startsWith('tnt_')) return
  if (await c.get('ports').registrar.findTenant(tenant, true)) return
  const advice = 'Leave tenant out for a new one, or give a name that does not start with tnt_.'
  throw new AppError('not_found', `There is no tenant ${tenant}. ${advice}`)
}

/** Logs a change of a token. `changed` in the line is the token's id. */
function logToken(c: Context<AppEnv>, event: string, token: TokenRecord): void {
  const { id, tenant, scope, subscription } = token
  c.get('ports').log(event, { tenant, changed: id, scope, subscription, ...limitsOf(token) })
}

/** Whether a tenant of this name was removed by an older version: its desks had accounts, but the registrar kept no name. */
async function hasDesks(ports: Ports, name: string): Promise<boolean> {
  if (await ports.registrar.findTenant(name, true)) return false
  const snapshots = await Promise.all(
    PROVIDERS.map((provider) => ports.desk(name, provider.name).snapshot())
  )
  return snapshots.some(({ version }) => version > 0)
}

function noToken(): AppError {
  return new AppError('not_found', 'There is no such token')
}

function withoutUndefined<T extends object>(fields: T) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function toTokenView(token: TokenRecord): z.infer<typeof tokenView> {
  const { id, tenant, name, scope, subscription } = token
  return {
    id,
    tenant: tenantNameOf(tenant),
    name,
    scope,
    subscription,
    createdAt: new Date(token.createdAt).toISOString(),
    expiresAt: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
    ...limitsShown(token),
    ...ownShown(token),
  }
}
