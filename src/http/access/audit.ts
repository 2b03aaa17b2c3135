/** `/admin/audit` and `/v1/audit`: who changed what, when and from where. Kept for 90 days. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import type { AuditLine } from '#domain/access/audit.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { incarnationOf, tenantNameOf } from '#domain/access/tenant.ts'
import { readAudit, type AuditPage } from '#flows/access/read-audit.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'

/** The most tenants whose desks one request asks. A request may call a thousand objects, and each tenant has two desks. */
const TENANTS_MAX = 400
/** How many tenants with the same name are asked. */
const INCARNATIONS_MAX = 50

const limit = z.optional(z.int().check(z.gte(1), z.lte(500)))
const cursor = z.optional(z.string().check(z.maxLength(1500)))
const since = z.optional(z.iso.datetime({ offset: true }))
const own = z.strictObject({ since, limit, cursor })
const all = z.extend(own, { tenant: z.optional(z.string().check(z.maxLength(100))) })

const line = z.object({
  id: z.string(),
  at: z.string(),
  by: z.string(),
  from: z.nullable(z.string()),
  requestId: z.string(),
  action: z.string(),
  tenant: z.nullable(z.string()),
  incarnation: z.nullable(z.number()),
  provider: z.nullable(z.string()),
  subject: z.nullable(z.string()),
  detail: z.record(z.string(), z.unknown()),
})
const page = z.object({
  lines: z.array(line),
  next: z.nullable(z.string()),
  isWhole: z.boolean(),
})

export const adminAudit = newApp()

route(
  adminAudit,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary:
      'Who changed what, latest first. Kept for 90 days, at most 5,000 lines for each tenant and day',
    query: all,
    answers: { 200: page, 400: ownError, 401: ownError },
  },
  async (c) => {
    const { tenant, ...query } = readQuery(c, all)
    const { registrar } = c.get('ports')
    const isOfThem = tenant !== undefined
    const known = isOfThem
      ? await registrar.tenantIdsOf(tenant)
      : (await registrar.listTenants()).map(({ id }) => id)
    // If one name has had too many tenants, only the latest are asked. If there are too many in all, only the registrar is.
    const isWhole = known.length <= (isOfThem ? INCARNATIONS_MAX : TENANTS_MAX)
    const tenants = isWhole ? known : isOfThem ? known.slice(0, INCARNATIONS_MAX) : []
    const found = await read(c, { tenants, isOfThem }, query)
    return c.json({ ...toPage(found), isWhole })
  }
)

export const audit = newApp()

route(
  audit,
  {
    method: 'get',
    needs: 'full',
    path: '/',
    summary: 'Who changed what in your tenant, latest first. Kept for 90 days',
    query: own,
    answers: { 200: page, 400: ownError, 401: ownError, 403: ownError },
  },
  async (c) => {
    const { tenant } = c.get('caller')
    const found = await read(c, { tenants: [tenant], isOfThem: true }, readQuery(c, own))
    // A tenant must not see the operator's address.
    const lines = found.lines.map(({ by: { from, ...by }, ...rest }) =>
      by.token === undefined || from === undefined
        ? { ...rest, by }
        : { ...rest, by: { ...by, from } }
    )
    return c.json({ ...toPage({ ...found, lines }), isWhole: true })
  }
)

function read(
  c: Context<AppEnv>,
  whose: { tenants: string[]; isOfThem: boolean },
  query: z.infer<typeof own>
): Promise<AuditPage> {
  const names = PROVIDERS.map(({ name }) => name)
  return readAudit(c.get('ports'), names, whose, {
    limit: query.limit ?? 100,
    ...(query.since === undefined ? {} : { since: Date.parse(query.since) }),
    ...(query.cursor === undefined ? {} : { before: readCursor(query.cursor) }),
  })
}

function toPage({ lines, next }: AuditPage) {
  return { lines: lines.map(toView), next: next === undefined ? null : toCursor(next) }
}

function toView({ id, at, by, action, tenant, provider, subject, detail }: AuditLine) {
  return {
    id: toCursor(id),
    at: new Date(at).toISOString(),
    by: by.token ?? 'operator',
    from: by.from ?? null,
    requestId: by.requestId,
    action,
    tenant: tenant === undefined ? null : tenantNameOf(tenant),
    incarnation: tenant === undefined ? null : incarnationOf(tenant),
    provider: provider ?? null,
    subject: subject === undefined ? null : subject === tenant ? tenantNameOf(subject) : subject,
    detail: detail ?? {},
  }
}

/** Encodes an id as base64url, because ids contain emails in any alphabet. */
function toCursor(id: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(id))
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function readCursor(text: string): string {
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)))
  } catch {
    throw new AppError('bad_request', 'cursor: is not a cursor of this list')
  }
}
