/** `/v1/usage` and `/admin/usage`: what was made, by day, token, account, route and outcome. JSON or CSV. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import type { Caller } from '#domain/access/token.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { toCsv } from '#domain/usage/csv.ts'
import { DAY_MS, dayOf } from '#domain/usage/job-end.ts'
import { percentile } from '#domain/usage/sums.ts'
import type { UsageQuery } from '#domain/usage/usage.ts'
import { tenantsNamed } from '#flows/accounts/places.ts'
import { TENANTS_MAX } from '#flows/live/read-pool.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import { readUsage, type MissingUsage, type UsageRow } from '#flows/usage/read-usage.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { notePartial, wholeness } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { PROVIDERS } from '#providers/index.ts'

/** Each tenant is a question to its desks and to each of its accounts. */
const TENANTS_AT_ONCE = 4
const DAYS_MAX = 91
const DAYS_UNLESS_SAID = 30
/** Some ten megabytes. */
const ROWS_MAX = 40_000

const count = z.int()
const known = z.nullable(z.number())
const usageRow = z
  .object({
    tenant: z.optional(z.string()),
    day: z.iso.date(),
    provider: z.string(),
    account: z.nullable(z.string()),
    token: z.nullable(z.string()),
    route: z.string(),
    outcome: z.string(),
    jobs: count,
    failures: count,
    seconds: known,
    secondsJobs: count,
    credits: known,
    creditsJobs: count,
    waitedP50Ms: known,
    waitedP90Ms: known,
    tookP50Ms: known,
    tookP90Ms: known,
  })
  .register(z.globalRegistry, { id: 'UsageRow' })
const view = z
  .object({ since: z.iso.date(), until: z.iso.date(), ...wholeness, rows: z.array(usageRow) })
  .register(z.globalRegistry, { id: 'Usage' })
type View = z.infer<typeof usageRow>

const COLUMNS = [
  'day',
  'provider',
  'account',
  'token',
  'route',
  'outcome',
  'jobs',
  'failures',
  'seconds',
  'secondsJobs',
  'credits',
  'creditsJobs',
  'waitedP50Ms',
  'waitedP90Ms',
  'tookP50Ms',
  'tookP90Ms',
] as const

const asked = z.strictObject({
  since: z.optional(z.iso.date()),
  until: z.optional(z.iso.date()),
  token: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  format: z.optional(z.enum(['json', 'csv'])),
})
const adminAsked = z.extend(asked, {
  tenant: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
})

const NAMES = PROVIDERS.map(({ name }) => name)

export const usage = newApp()

route(
  usage,
  {
    method: 'get',
    path: '/',
    summary:
      'Usage by day, token, account, route and outcome. A token with the scope use sees its own. Kept for 90 days. CSV with `format=csv`',
    query: asked,
    answers: { 200: view, 400: ownError, 401: ownError, 403: ownError, 413: ownError },
  },
  async (c) => {
    const query = readQuery(c, asked)
    const ports = c.get('ports')
    const caller = c.get('caller')
    const token = tokenFor(caller, query.token)
    const span = spanOf(query, ports.now())
    // A token that sees only its own does not learn which accounts there are.
    const isHidden = caller.sees === 'own'
    const asks = { tenant: caller.tenant, ...span, ...token }
    const found = await readUsage(ports, NAMES, asks, isHidden)
    const rows = found.rows.map(toView)
    const missing = isHidden ? withoutNames(found.missing) : found.missing
    return answer(c, { span, format: query.format, isWhole: true, missing, rows })
  }
)

export const adminUsage = newApp()
adminUsage.use(authenticateAdmin)

route(
  adminUsage,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'Usage of all tenants, or of one, in the form of `GET /v1/usage`',
    query: adminAsked,
    answers: { 200: view, 400: ownError, 401: ownError, 413: ownError },
  },
  async (c) => {
    const { tenant: name, token, ...query } = readQuery(c, adminAsked)
    const ports = c.get('ports')
    const span = spanOf(query, ports.now())
    const tenants = await tenantsNamed(ports, name)
    // A file does not say that it lacks something.
    if (tenants.length > TENANTS_MAX && wantsCsv(c, query.format))
      throw new AppError('too_large', `There are more than ${TENANTS_MAX} tenants. Name one.`)
    const parts = await limitConcurrency(
      tenants.slice(0, TENANTS_MAX),
      TENANTS_AT_ONCE,
      async (tenant) => {
        const of = { tenant, ...span, ...(token === undefined ? {} : { token }) }
        const { rows, missing } = await readUsage(ports, NAMES, of)
        const shown = tenantNameOf(tenant)
        return { rows: rows.map((row) => ({ tenant: shown, ...toView(row) })), missing }
      }
    )
    return answer(c, {
      span,
      format: query.format,
      isWhole: tenants.length <= TENANTS_MAX,
      missing: parts.flatMap(({ missing }) => missing),
      rows: parts.flatMap(({ rows }) => rows),
      isOfTenants: true,
    })
  }
)

/** The token that the answer is about. A token that does not see its tenant sees its own. */
function tokenFor({ id, scope, sees }: Caller, wanted: string | undefined): { token?: string } {
  if (scope === 'full' && sees !== 'own') return wanted === undefined ? {} : { token: wanted }
  if (wanted !== undefined && wanted !== id)
    throw new AppError('forbidden', 'token: this token sees its own usage only')
  return { token: id }
}

/** Each provider once: how many accounts there are, and whose they are, is not told. */
function withoutNames(missing: readonly MissingUsage[]): MissingUsage[] {
  const providers = new Set(missing.map(({ provider }) => provider))
  return Array.from(providers, (provider) => ({ tenant: '', provider }))
}

type Span = Pick<UsageQuery, 'since' | 'until'>

/** Both days are included. */
function spanOf(
  given: { since?: string | undefined; until?: string | undefined },
  now: number
): Span {
  const until = given.until === undefined ? dayOf(now) : dayIn(given.until)
  const since = given.since === undefined ? until - DAYS_UNLESS_SAID + 1 : dayIn(given.since)
  if (since > until) throw new AppError('bad_request', 'since: must not be after until')
  if (until - since >= DAYS_MAX)
    throw new AppError('bad_request', `since: at most ${DAYS_MAX - 1} days before until`)
  return { since, until }
}

function dayIn(date: string): number {
  return dayOf(Date.parse(date))
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

interface Answered {
  span: Span
  format: 'json' | 'csv' | undefined
  isWhole: boolean
  missing: readonly MissingUsage[]
  rows: readonly View[]
  isOfTenants?: boolean
}

function answer(c: Context<AppEnv>, { span, rows, missing, ...how }: Answered): Response {
  if (rows.length > ROWS_MAX)
    throw new AppError('too_large', `There are more than ${ROWS_MAX} rows. Ask for fewer days.`)
  notePartial(
    c,
    missing.map(({ email }) => (email === undefined ? {} : { account: { email } }))
  )
  if (wantsCsv(c, how.format)) {
    const columns = how.isOfTenants ? (['tenant', ...COLUMNS] as const) : COLUMNS
    return c.body(toCsv(columns, rows), 200, { 'content-type': 'text/csv; charset=utf-8' })
  }
  return c.json({
    since: dateOf(span.since),
    until: dateOf(span.until),
    isWhole: how.isWhole && missing.length === 0,
    missing: missing.map(({ tenant, provider, email }) => ({
      tenant: tenantNameOf(tenant),
      provider,
      email: email ?? null,
    })),
    rows,
  })
}

function wantsCsv(c: Context<AppEnv>, format: Answered['format']): boolean {
  if (format !== undefined) return format === 'csv'
  return /^\s*text\/csv\b/i.test(c.req.header('accept') ?? '')
}

/** What nothing told is null and never 0. */
function toView({ day, provider, email, token, route: row, outcome, sums }: UsageRow): View {
  const at = (share: number) => ({
    waited: percentile(sums.waited, share) ?? null,
    took: percentile(sums.took, share) ?? null,
  })
  const [half, most] = [at(0.5), at(0.9)]
  return {
    day: dateOf(day),
    provider,
    account: email ?? null,
    token: token === '' ? null : token,
    route: row,
    outcome,
    jobs: sums.jobs,
    failures: outcome === 'failed' ? sums.jobs : 0,
    seconds: sums.seconds?.sum ?? null,
    secondsJobs: sums.seconds?.jobs ?? 0,
    credits: sums.credits?.sum ?? null,
    creditsJobs: sums.credits?.jobs ?? 0,
    waitedP50Ms: half.waited,
    waitedP90Ms: most.waited,
    tookP50Ms: half.took,
    tookP90Ms: most.took,
  }
}
