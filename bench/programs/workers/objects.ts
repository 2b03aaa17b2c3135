/**
 * The gateway, with two paths more that call one of its objects directly: how many jobs an account's object and how many ids a
 * tenant's desk take in a second. They check no token, so this is never deployed.
 *
 * POST /__bench/slots?tenant=  a job on the tenant's first account, from `acquire` to its end: three object requests
 * POST /__bench/learn?tenant=  an owner at the tenant's desk: one object request
 */
import worker from '../../../src/index.ts'
import type { Desk } from '#domain/ports/desk.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const keys = new Map<string, string>()

/** As the gateway types it: the types of RPC make a union of `snapshot`'s answer that nothing fits. */
function deskOf(env: Env, tenant: string): Desk {
  return env.TENANT_DESK.getByName(`heygen:${tenant}`) as unknown as Desk
}

/** The name of the object of the tenant's first account. */
async function accountOf(env: Env, tenant: string): Promise<string> {
  const known = keys.get(tenant)
  if (known !== undefined) return known
  const { accounts } = await deskOf(env, tenant).snapshot()
  const key = accounts[0]?.key ?? ''
  keys.set(tenant, key)
  return key
}

async function runJob(env: Env, tenant: string): Promise<Response> {
  const slots = env.ACCOUNT_SLOTS.getByName(await accountOf(env, tenant))
  const id = crypto.randomUUID()
  const watch = `video:${id}`
  const ask: LeaseAsk = {
    leaseId: id,
    tenant,
    kind: 'job',
    route: 'POST /v3/videos',
    count: 1,
    meter: 'video',
    fingerprint: { title: 'Demo' },
    expectsEvent: true,
  }
  const granted = await slots.acquire(ask)
  if (!granted.ok) return Response.json(granted, { status: 429 })
  await slots.bind(id, [{ jobId: id, watch: [watch], ask: `/v3/videos/${id}` }])
  return Response.json({ isDone: await slots.settle([{ watch, state: 'completed' }]) })
}

async function learn(env: Env, tenant: string): Promise<Response> {
  const id = `video:${crypto.randomUUID()}`
  const source = 'created'
  const owner = { id, email: 'ann@example.com', source, mayBeShared: false } as const
  await deskOf(env, tenant).learn([{ ...owner, lease: crypto.randomUUID() }])
  return Response.json({ isDone: true })
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    const tenant = searchParams.get('tenant') ?? ''
    if (pathname === '/__bench/slots') return runJob(env, tenant)
    if (pathname === '/__bench/learn') return learn(env, tenant)
    return worker.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
