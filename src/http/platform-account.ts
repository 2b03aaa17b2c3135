/** `/v2/account`: useapi.net's platform account, which its clients use to test a credential (useapi.md 3.10). */
import { OpenAPIHono } from '@hono/zod-openapi'
import * as z from 'zod'
import { AppError } from '#domain/errors.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from './app-env.ts'
import { fullScope } from './authenticate.ts'
import { documented, ownError } from './documented.ts'
import { readBody } from './read-body.ts'

const form = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  replyUrl: z.string().optional(),
})

export const platformAccount = new OpenAPIHono<AppEnv>()

platformAccount.get('/', async (c) => {
  const ports = c.get('ports')
  const { id, tenant, expiresAt } = c.get('caller')
  const record = await ports.registrar.findTenant(tenant)
  const counts = await Promise.all(
    PROVIDERS.map(async ({ name }) => {
      const { accounts } = await ports.accounts.list(tenant, name)
      return [name, { total: accounts.length }]
    })
  )
  return c.json({
    id: tenant,
    name: record?.name ?? null,
    created: new Date(record?.createdAt ?? 0).toISOString(),
    token: id,
    subscriptionIsActive: true,
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    accounts: Object.fromEntries(counts) as Record<string, unknown>,
    replyUrl: record?.replyUrl ?? null,
  })
})

platformAccount.post('/', fullScope, async (c) => {
  const { name, replyUrl } = await readBody(c, form)
  if (replyUrl !== undefined && replyUrl.length > 1024) {
    throw new AppError('bad_request', 'replyUrl is too long')
  }
  if (replyUrl && !/^https?:$/.test(URL.parse(replyUrl)?.protocol ?? '')) {
    throw new AppError('bad_request', 'replyUrl: must be an http(s) URL')
  }
  await c.get('ports').registrar.changeTenant(c.get('caller').tenant, {
    ...(name === undefined ? {} : { name }),
    ...(replyUrl === undefined ? {} : { replyUrl: replyUrl || null }),
  })
  return c.body(null, 204)
})

const view = z.looseObject({
  id: z.string(),
  subscriptionIsActive: z.boolean(),
  accounts: z.looseObject({}),
})
documented(platformAccount, {
  method: 'get',
  path: '/',
  summary: 'Who this token belongs to',
  answers: { 200: view, 401: ownError, 402: ownError },
})
documented(platformAccount, {
  method: 'post',
  path: '/',
  summary: 'Set the name and the default replyUrl',
  body: form,
  answers: { 204: '', 400: ownError, 401: ownError, 403: ownError },
})
