/** `/v1/{provider}/throughput` and `/admin/throughput`: jobs by account and hour. */
import { OpenAPIHono } from '@hono/zod-openapi'
import * as z from 'zod'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { ASKED_MAX_MS, HOUR_MS } from '#domain/live/throughput.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { readThroughput, type AccountHour } from '#flows/live/read-throughput.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { ownError, route, type App } from '#http/request/route.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { PROVIDERS } from '#providers/index.ts'
import { TENANTS_MAX } from '#flows/live/read-pool.ts'

const DAY_MS = 24 * HOUR_MS
/** Each tenant is a question to its desk and to each of its accounts. */
const TENANTS_AT_ONCE = 4

const count = z.number().int()
const hourView = z
  .object({
    hour: z.iso.datetime().meta({ description: 'The start of the hour, UTC' }),
    email: z.string(),
    started: count,
    ended: count,
    completed: count,
    failed: count,
    lost: count.meta({ description: 'Ended as lost, gone or outcome_unknown' }),
    refused: count.meta({
      description:
        'Creations that the account had no slot for or that the provider refused, counted at the next end of a job',
    }),
    waitedMs: count.meta({ description: 'From the request until the slot: sum over started' }),
    waitedMaxMs: count,
    tookMs: count.meta({
      description: 'From the slot until the end: sum over completed and failed',
    }),
    tookMaxMs: count,
  })
  .meta({ id: 'ThroughputHour' })
const adminHourView = hourView
  .extend({ tenant: z.string(), provider: z.string() })
  .meta({ id: 'TenantThroughputHour' })
const isWhole = z.boolean().meta({ description: 'false: an account did not answer' })
const view = z.object({ isWhole, hours: z.array(hourView) }).meta({ id: 'Throughput' })
const adminView = z
  .object({ isWhole, hours: z.array(adminHourView) })
  .meta({ id: 'TenantThroughput' })

const time = z.iso.datetime({ offset: true }).optional()
const asked = z.strictObject({
  since: time.meta({ description: 'Without it: a day before `until`. At most 14 days before it' }),
  until: time.meta({ description: 'Without it: now' }),
  account: z.string().max(254).optional().meta({ description: 'The email of one account' }),
})
const adminAsked = asked
  .omit({ account: true })
  .extend({ tenant: z.string().min(1).max(64).optional() })

export function throughput(provider: Provider): App {
  const app = new OpenAPIHono<AppEnv>()
  route(
    app,
    {
      method: 'get',
      path: '/',
      summary: 'Jobs by account and hour: started, ended, failed, refused, and how long they took',
      query: asked,
      answers: { 200: view, 400: ownError, 401: ownError, 404: ownError },
    },
    async (c) => {
      const { account, ...span } = readQuery(c, asked)
      const ports = c.get('ports')
      const query = { tenant: c.get('caller').tenant, ...spanOf(span, ports.now()) }
      const found = await readThroughput(ports, provider.name, query, account)
      return c.json({ isWhole: found.isWhole, hours: found.hours.map(toView) })
    }
  )
  return app
}

export const adminThroughput = new OpenAPIHono<AppEnv>()
adminThroughput.use(authenticateAdmin)

route(
  adminThroughput,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'Jobs by tenant, account and hour',
    query: adminAsked,
    answers: { 200: adminView, 400: ownError, 401: ownError },
  },
  async (c) => {
    const { tenant: name, ...span } = readQuery(c, adminAsked)
    const ports = c.get('ports')
    const { since, until } = spanOf(span, ports.now())
    const tenants = (await ports.registrar.listTenants())
      .map(({ id }) => id)
      .filter((id) => name === undefined || tenantNameOf(id) === name)
    const desks = tenants
      .slice(0, TENANTS_MAX)
      .flatMap((tenant) => PROVIDERS.map((provider) => ({ tenant, provider: provider.name })))
    const parts = await limitConcurrency(desks, TENANTS_AT_ONCE, async ({ tenant, provider }) => {
      const found = await readThroughput(ports, provider, { tenant, since, until })
      const of = { tenant: tenantNameOf(tenant), provider }
      return { ...found, hours: found.hours.map((hour) => ({ ...of, ...toView(hour) })) }
    })
    return c.json({
      isWhole: tenants.length <= TENANTS_MAX && parts.every((part) => part.isWhole),
      hours: parts.flatMap(({ hours }) => hours),
    })
  }
)

/** Begins with a whole hour. */
function spanOf(
  given: { since?: string | undefined; until?: string | undefined },
  now: number
): { since: number; until: number } {
  const until = given.until === undefined ? now : Date.parse(given.until)
  const from = given.since === undefined ? until - DAY_MS : Date.parse(given.since)
  if (from >= until) throw new AppError('bad_request', 'since: must be before until')
  if (until - from > ASKED_MAX_MS)
    throw new AppError('bad_request', 'since: at most 14 days before until')
  return { since: Math.floor(from / HOUR_MS) * HOUR_MS, until }
}

function toView({ hour, ...rest }: AccountHour) {
  return { hour: new Date(hour).toISOString(), ...rest }
}
