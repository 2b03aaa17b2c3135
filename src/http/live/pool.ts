/** `GET /v1/pool` and `GET /admin/pool`: the state of every account as one answer, for clients without a socket. */
import { Hono } from 'hono'
import * as z from 'zod'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { readPool } from '#flows/live/read-pool.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { ownError, route } from '#http/request/route.ts'
import { PROVIDERS } from '#providers/index.ts'

const time = z.iso.datetime()
const poolAccount = z
  .object({
    tenant: z.string(),
    provider: z.string(),
    email: z.string(),
    maxJobs: z.number().int(),
    held: z.number().int().meta({ description: 'Slots in use' }),
    free: z.number().int(),
    state: z.enum(['ok', 'full', 'parked', 'key_missing', 'unreachable']),
    parked: z.array(
      z.object({ scope: z.string(), reason: z.string(), detail: z.string(), until: time })
    ),
    credentials: z.array(z.string()).meta({ description: 'The kinds of its credentials' }),
    session: z.object({ expires: time.optional(), error: z.string().optional() }).optional(),
    webhook: z.object({
      state: z.enum(['ok', 'missing', 'none']),
      error: z.string().optional(),
      retry: time.optional(),
    }),
    jobs: z
      .array(
        z.object({
          id: z.string().nullable(),
          requestId: z.string(),
          type: z.string(),
          status: z
            .string()
            .meta({ description: 'starting, or as in the list of jobs: running, waiting, …' }),
          since: time,
        })
      )
      .meta({ description: 'Running jobs, newest first, at most 100' }),
    errors: z
      .array(
        z.object({
          at: time,
          status: z.number().int().nullable(),
          code: z.string().nullable(),
          text: z.string(),
          route: z.string(),
        })
      )
      .meta({ description: 'The last five refusals and failures, newest first' }),
    balance: z
      .object({ amount: z.number(), unit: z.string(), at: time })
      .optional()
      .meta({ description: 'Absent: unknown, which is not zero' }),
    deliveries: z.object({
      pending: z.number().int(),
      failing: z.number().int().meta({ description: 'Of these, tried in vain so far' }),
      dead: z.number().int().meta({ description: '1000: that many or more' }),
    }),
    at: time.meta({ description: 'When the account said this' }),
  })
  .meta({ id: 'PoolAccount' })

const poolView = z
  .object({
    at: time,
    isWhole: z
      .boolean()
      .meta({ description: 'false: there are more tenants or accounts than are shown' }),
    accounts: z.array(poolAccount),
  })
  .meta({ id: 'Pool' })

const whose = z.strictObject({ tenant: z.string().min(1).max(64).optional() })
const names = PROVIDERS.map(({ name }) => name)

export const pool = new Hono<AppEnv>()

route(
  pool,
  {
    method: 'get',
    path: '/',
    summary: 'The state of every account: slots, parkings, jobs, last errors',
    answers: { 200: poolView, 401: ownError },
  },
  async (c) => c.json(await readPool(c.get('ports'), names, [c.get('caller').tenant]))
)

export const adminPool = new Hono<AppEnv>()

adminPool.use(authenticateAdmin)

route(
  adminPool,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'The state of every account of all tenants, or of one',
    query: whose,
    answers: { 200: poolView, 400: ownError, 401: ownError },
  },
  async (c) => {
    const { tenant } = readQuery(c, whose)
    const tenants = await c.get('ports').registrar.listTenants()
    const asked = tenants.filter(({ id }) => tenant === undefined || tenantNameOf(id) === tenant)
    return c.json(
      await readPool(
        c.get('ports'),
        names,
        asked.map(({ id }) => id)
      )
    )
  }
)
