/** `/admin/export` and `/admin/import`: takes a gateway's tenants, tokens and accounts to another gateway (docs/operate.md). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { EXPORT_BYTES_MAX, type Imported } from '#domain/backup/exported.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { readUtf8 } from '#domain/text/json-text.ts'
import { makeExport } from '#flows/backup/make-export.ts'
import { openExport, runImport } from '#flows/backup/run-import.ts'
import { drain, readBytes } from '#flows/upstream/read-answer.ts'
import { addedRowForm, findProvider, PROVIDERS, refusalOf, routeOf } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { OWN } from '#http/routing/admin-routes.ts'

/** The most reasons in an answer. */
const SKIPPED_SHOWN = 1000

const which = z.object({ tenant: z.optional(z.string()) })
const report = z.object({
  added: z.record(z.string(), z.number()),
  skipped: z.array(
    z.object({
      what: z.string(),
      name: z.string(),
      tenant: z.optional(z.string()),
      provider: z.optional(z.string()),
      why: z.string(),
    })
  ),
  skippedInAll: z.number(),
})

export const backup = newApp()

backup.use('/export', authenticateAdmin)
backup.use('/import', authenticateAdmin)

route(
  backup,
  {
    isAdmin: true,
    method: 'get',
    path: '/export',
    summary: 'Tenants, tokens, accounts, endpoints and added routes as one sealed text',
    query: which,
    answers: { 200: 'key.nonce.ciphertext', 404: ownError, 413: ownError },
  },
  async (c) => {
    const { tenant } = readQuery(c, which)
    const ports = c.get('ports')
    const names = PROVIDERS.map(({ name }) => name)
    const { text, tenants, accounts } = await makeExport(ports, names, tenant)
    // The line comes first, so that no export leaves without one.
    const entry = { action: 'export.made', detail: { tenants, accounts } } as const
    await ports.registrar.noteAudit(entry, actorOf(c))
    ports.log('export_made', { tenants, accounts })
    const day = new Date(ports.now()).toISOString().slice(0, 10)
    return c.body(text, 200, {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="gateway-${day}.export"`,
      'cache-control': 'no-store',
    })
  }
)

route(
  backup,
  {
    isAdmin: true,
    method: 'post',
    path: '/import',
    summary: 'Add what an export has and this gateway has not. Replaces nothing',
    answers: { 200: report, 400: ownError, 413: ownError },
  },
  async (c) => {
    const ports = c.get('ports')
    const exported = await openExport(ports, await readText(c))
    const imported = await runImport(ports, exported, {
      providers: PROVIDERS.map(({ name }) => name),
      publicOrigin: ports.settings.publicOrigin || new URL(c.req.url).origin,
      refusalOf: refusal,
      by: actorOf(c),
    })
    ports.addedRoutes.remember(await ports.registrar.listRoutes())
    const detail = { ...imported.added, skipped: imported.skipped.length }
    await ports.registrar.noteAudit({ action: 'import.made', detail }, actorOf(c))
    ports.log('import_made', detail)
    return c.json(toReport(imported))
  }
)

function toReport({ added, skipped }: Imported): z.infer<typeof report> {
  return { added, skipped: skipped.slice(0, SKIPPED_SHOWN), skippedInAll: skipped.length }
}

async function readText(c: Context<AppEnv>): Promise<string> {
  const isTooLong = Number(c.req.header('content-length') ?? 0) > EXPORT_BYTES_MAX
  if (isTooLong) await drain(c.req.raw.body, EXPORT_BYTES_MAX)
  const bytes = isTooLong ? undefined : await readBytes(c.req.raw.body, EXPORT_BYTES_MAX)
  if (!bytes)
    throw new AppError(
      'too_large',
      'An export may have up to 16 MiB. Export one tenant at a time with ?tenant=.'
    )
  const text = readUtf8(bytes)
  if (text === undefined) throw new AppError('bad_request', 'The body is not UTF-8.')
  return text
}

/** Checked as when it was added, because this gateway may be newer than the one that it comes from. */
function refusal({ provider, form }: AddedRoute): string | undefined {
  const found = findProvider(provider)
  const read = addedRowForm.safeParse(form)
  if (!found || !read.success) return 'This gateway does not know its provider or its members.'
  return refusalOf(found, routeOf(found, read.data), OWN)
}
