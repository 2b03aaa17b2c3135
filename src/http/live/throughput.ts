/** `/v1/{provider}/throughput` and `/admin/throughput`: jobs by account and hour. */
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { ASKED_MAX_MS, HOUR_MS } from '#domain/live/throughput.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { tenantsNamed } from '#flows/accounts/places.ts'
import { readThroughput, type AccountHour } from '#flows/live/read-throughput.ts'
import { limitConcurrency } from '#flows/upstream/limit-concurrency.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { PROVIDERS } from '#providers/index.ts'
import { TENANTS_MAX } from '#flows/live/read-pool.ts'

const DAY_MS = 24 * HOUR_MS
/** Each tenant is a question to its desk and to each of its accounts. */
const TENANTS_AT_ONCE = 4

const count = z.int()
const view = z
  .object({
    isWhole: z.boolean(),
    hours: z.array(
      z
        .object({
          tenant: z.optional(z.string()),
          provider: z.optional(z.string()),
          hour: z.iso.datetime(),
          email: z.string(),
          started: count,
          ended: count,
          completed: count,
          failed: count,
          lost: count,
          refused: count,
          waitedMs: count,
          waitedMaxMs: count,
          tookMs: count,
          tookMaxMs: count,
        })
        .register(z.globalRegistry, { id: 'ThroughputHour' })
    ),
  })
  .register(z.globalRegistry, { id: 'Throughput' })

const time = z.optional(z.iso.datetime({ offset: true }))
const asked = z.strictObject({
  since: time,
  until: time,
  account: z.optional(z.string().check(z.maxLength(254))),
})
const adminAsked = z.extend(z.omit(asked, { account: true }), {
  tenant: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
})

export function throughput(provider: Provider): App {
  const app = newApp()
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

export const adminThroughput = newApp()
adminThroughput.use(authenticateAdmin)

route(
  adminThroughput,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'Jobs by tenant, account and hour',
    query: adminAsked,
    answers: { 200: view, 400: ownError, 401: ownError },
  },
  async (c) => {
    const { tenant: name, ...span } = readQuery(c, adminAsked)
    const ports = c.get('ports')
    const { since, until } = spanOf(span, ports.now())
    const tenants = await tenantsNamed(ports, name)
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
