/** `GET /v1/pool` and `GET /admin/pool`: the state of every account as one answer, for clients without a socket. */
import * as z from 'zod/mini'
import { tenantsNamed } from '#flows/accounts/places.ts'
import { readPool } from '#flows/live/read-pool.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { PROVIDERS } from '#providers/index.ts'

const time = z.iso.datetime()
const poolAccount = z
  .object({
    tenant: z.string(),
    provider: z.string(),
    email: z.string(),
    maxJobs: z.int(),
    held: z.int(),
    free: z.int(),
    state: z.enum(['ok', 'full', 'parked', 'key_missing', 'unreachable']),
    parked: z.array(
      z.object({ scope: z.string(), reason: z.string(), detail: z.string(), until: time })
    ),
    credentials: z.array(z.string()),
    session: z.optional(z.object({ expires: z.optional(time), error: z.optional(z.string()) })),
    webhook: z.object({
      state: z.enum(['ok', 'missing', 'none']),
      error: z.optional(z.string()),
      retry: z.optional(time),
    }),
    jobs: z.array(
      z.object({
        id: z.nullable(z.string()),
        requestId: z.string(),
        type: z.string(),
        status: z.string(),
        since: time,
      })
    ),
    errors: z.array(
      z.object({
        at: time,
        status: z.nullable(z.int()),
        code: z.nullable(z.string()),
        text: z.string(),
        route: z.string(),
      })
    ),
    balance: z.optional(z.object({ amount: z.number(), unit: z.string(), at: time })),
    lastsAboutHours: z.optional(z.number()),
    deliveries: z.object({
      pending: z.int(),
      failing: z.int(),
      dead: z.int(),
    }),
    at: time,
  })
  .register(z.globalRegistry, { id: 'PoolAccount' })

const poolQueue = z
  .object({
    tenant: z.string(),
    provider: z.string(),
    waiting: z.int(),
    starting: z.int(),
    oldest: z.nullable(time),
    startsAMinute: z.number(),
  })
  .register(z.globalRegistry, { id: 'PoolQueue' })

const poolView = z
  .object({
    at: time,
    isWhole: z.boolean(),
    accounts: z.array(poolAccount),
    queues: z.array(poolQueue),
  })
  .register(z.globalRegistry, { id: 'Pool' })

const whose = z.strictObject({
  tenant: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
})
const names = PROVIDERS.map(({ name }) => name)

export const pool = newApp()

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

export const adminPool = newApp()

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
    const ports = c.get('ports')
    return c.json(await readPool(ports, names, await tenantsNamed(ports, tenant)))
  }
)
