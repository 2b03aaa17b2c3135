/** `/v1/{provider}/scheduler` and `/jobs`: running and ended jobs (reference/useapi.md 2.3 and its last table). */
import { Hono, type Context } from 'hono'
import * as z from 'zod'
import type { Account } from '#domain/accounts/account.ts'
import { shortText } from '#domain/access/audit.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { holdsSlot, type Lease, type Outcome } from '#domain/slots/lease.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'
import { findJob } from '#flows/jobs/find-job.ts'
import { listJobs } from '#flows/jobs/list-jobs.ts'
import { CREDENTIAL_KEY_MISSING, isOpenable } from '#flows/access/missing-master-key.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readQuery } from '#http/request/read-body.ts'
import { ownError, route, type App } from '#http/request/route.ts'

interface AccountView {
  isMasterKeyMissing: boolean
  account: Account
  view: SlotsView
}

const task = z.object({
  id: z.string(),
  email: z.string(),
  started: z.string(),
  elapsed: z.string().meta({ description: 'MM:SS' }),
  replyUrl: z.string().nullable(),
  replyRef: z.string().nullable(),
})
const room = z.object({
  email: z.string(),
  maxJobs: z.number(),
  executing: z.number(),
  available: z.number(),
  error: z.string().optional(),
})
const availability = z.object({ executing: z.array(task), available: z.array(room) })
const running = z.object({
  jobid: z.string(),
  email: z.string(),
  created: z.string(),
  type: z.string(),
})
const load = z.object({ running: z.number(), maxJobs: z.number() })
const runningJobs = z.object({
  running: z.array(running),
  accounts: z.record(z.string(), load),
})
const OUTCOMES: Outcome['status'][] = [
  'completed',
  'failed',
  'gone',
  'absent',
  'lost',
  'forced',
  'outcome_unknown',
]
const job = z
  .object({
    jobid: z.string().nullable().meta({ description: "The provider's id. null: not known" }),
    requestId: z.string().meta({ description: 'The X-Request-Id of the call that created it' }),
    email: z.string().nullable().meta({ description: 'null: its account was removed' }),
    type: z.string().meta({ description: 'The route that created it' }),
    status: z
      .enum([...OUTCOMES, 'running', 'waiting'])
      .meta({ description: 'waiting: for a human. lost: no news of it for 48 h' }),
    status_final: z.boolean(),
    detail: z.string().nullable(),
    created: z.string(),
    ended: z.string().nullable(),
  })
  .meta({ id: 'Job' })
const jobPage = z.object({
  jobs: z.array(job),
  next: z
    .string()
    .nullable()
    .meta({ description: 'The `cursor` of the next page. null: there is no next page' }),
})
const listing = z.strictObject({
  state: z.enum(['running', 'ended']).optional(),
  outcome: z.enum(OUTCOMES).optional().meta({ description: 'Only jobs that ended so' }),
  account: z.string().max(254).optional().meta({ description: 'The email of the account' }),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Only jobs that were created then or later' }),
  limit: z.number().int().min(1).max(100).optional().meta({ description: 'Without it: 20' }),
  cursor: z.string().max(400).optional().meta({ description: '`next` of the page before' }),
  options: z.string().optional().meta({ description: "useapi.net's; ignored" }),
})
const force = z.object({ force: z.enum(['true', 'false']).optional() })
const missing = { 401: ownError, 404: ownError }

export function jobs(provider: Provider): App {
  const app = new Hono<AppEnv>()

  route(
    app,
    {
      method: 'get',
      path: '/scheduler',
      summary: 'Jobs that are running now',
      answers: { 200: z.array(task), 401: ownError },
    },
    async (c) => c.json(executing(await viewAll(c, provider), c.get('ports').now()))
  )

  route(
    app,
    {
      method: 'get',
      path: '/scheduler/available',
      summary: 'Running jobs, and free slots by account',
      answers: { 200: availability, 401: ownError },
    },
    async (c) => {
      const views = await viewAll(c, provider)
      const now = c.get('ports').now()
      const available = views.map((view) => roomOf(view, now))
      return c.json({ executing: executing(views, now), available })
    }
  )

  route(
    app,
    {
      method: 'delete',
      needs: 'use',
      path: '/scheduler/{id}',
      summary: 'Stop tracking a job. force=true also frees its slot',
      query: force,
      fullFlags: ['force'],
      answers: { 204: '', ...missing },
    },
    async (c) => untrack(c, provider, c.req.param('id') ?? '')
  )

  route(
    app,
    {
      method: 'get',
      path: '/jobs',
      summary:
        'Running jobs and the load of each account. With a parameter: all jobs of the last 30 days, newest first',
      query: listing,
      answers: { 200: z.union([runningJobs, jobPage]), 401: ownError, 404: ownError },
    },
    async (c) => {
      const { options: _, ...asked } = readQuery(c, listing)
      const isList = Object.values(asked).some((value) => value !== undefined)
      if (isList) return c.json(await listPage(c, provider, asked))
      return c.json(toRunningView(await viewAll(c, provider)))
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/jobs/{id}',
      summary: 'One job, by its id, its request id, or key:<Idempotency-Key>. Kept for 30 days',
      answers: { 200: job, ...missing },
    },
    async (c) => {
      const id = c.req.param('id') ?? ''
      const found = await findJob(c.get('ports'), provider, c.get('caller').tenant, id)
      if (!found) throw new AppError('not_found', `Unable to locate job ${id}`)
      return c.json(toJobView(found.account?.email ?? null, found.record))
    }
  )

  return app
}

/** One page of jobs. It may hold fewer than `limit`, because each request searches only some days. */
async function listPage(
  c: Context<AppEnv>,
  provider: Provider,
  { account, since, cursor, state, outcome, limit = 20 }: z.infer<typeof listing>
) {
  const query = {
    tenant: c.get('caller').tenant,
    limit,
    ...(state === undefined ? {} : { state }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
  }
  const { jobs: found, stoppedAt } = await listJobs(c.get('ports'), provider, query, account)
  return {
    jobs: found.map(({ email, ...record }) => toJobView(email, record)),
    next: stoppedAt ?? null,
  }
}

/** The position in the list: a job's UUID, or the beginning of one with more behind it. */
function readCursor(cursor: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[\w.-]{1,300}$/.test(cursor)) return cursor
  throw new AppError('bad_request', 'cursor: is not a cursor of this list')
}

async function untrack(c: Context<AppEnv>, provider: Provider, id: string): Promise<Response> {
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const isForced = readQuery(c, force).force === 'true'
  const found = await findJob(ports, provider, tenant, id)
  const account = found && !found.record.ended ? found.account : undefined
  if (account && isForced) await noteForced(c, provider, account, found?.record)
  if (!account || !(await ports.slots(account.key).untrack(tenant, id, isForced))) {
    throw new AppError('not_found', `Unable to locate running task_id ${id}`)
  }
  if (isForced) ports.hints.markFreed(account.key)
  return c.body(null, 204)
}

/** Writes the audit line before the slot is released, so that no slot is released by force without one. */
async function noteForced(
  c: Context<AppEnv>,
  provider: Provider,
  { email }: Account,
  record: JobRecord | undefined
): Promise<void> {
  const { tenant } = c.get('caller')
  const { name } = provider
  const { jobId, requestId } = record?.lease ?? {}
  const subject = shortText(jobId ?? requestId ?? '')
  const entry = {
    action: 'job.forced',
    tenant,
    provider: name,
    subject,
    detail: { email },
  } as const
  await c.get('ports').desk(tenant, name).noteAudit(entry, actorOf(c))
}

async function viewAll(c: Context<AppEnv>, provider: Provider): Promise<AccountView[]> {
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  return limitConcurrency(accounts, OBJECTS_AT_ONCE, async (account) => {
    const view = await ports.slots(account.key).view(tenant)
    // A slot that is shown as free must not be refused because this isolate remembers the account as full.
    if (view.held < view.maxJobs) ports.hints.markFreed(account.key)
    return { account, view, isMasterKeyMissing: !isOpenable(ports, account) }
  })
}

/** The account's slots in use and available. A parked account has none available, and `error` says why. */
function roomOf({ account, view, isMasterKeyMissing }: AccountView, now: number) {
  const { maxJobs, held, parkings } = view
  const { email } = account
  const parking = findParking(parkings, { isJob: true }, now)
  if (isMasterKeyMissing) {
    return { email, maxJobs, executing: held, available: 0, error: CREDENTIAL_KEY_MISSING }
  }
  if (!parking) return { email, maxJobs, executing: held, available: Math.max(0, maxJobs - held) }
  const until = new Date(parking.until).toISOString()
  const error = `Parked until ${until}: ${parking.detail}`
  return { email, maxJobs, executing: held, available: 0, error }
}

function toRunningView(views: AccountView[]) {
  const tracked = views.flatMap(({ account, view }) =>
    view.leases
      .filter((lease) => lease.isTracked)
      .map((lease) => ({
        jobid: nameOf(lease) ?? lease.id,
        email: account.email,
        created: new Date(lease.acquiredAt).toISOString(),
        type: lease.route,
      }))
  )
  const loads = views.map(({ account, view: { held, maxJobs } }) => [
    account.email,
    { running: held, maxJobs },
  ])
  return { running: tracked, accounts: Object.fromEntries(loads) as Record<string, unknown> }
}

function executing(views: AccountView[], now: number) {
  return views.flatMap(({ account, view }) =>
    view.leases
      .filter((lease) => lease.isTracked && holdsSlot(lease, now))
      .map((lease) => ({
        id: nameOf(lease) ?? lease.id,
        email: account.email,
        started: new Date(lease.acquiredAt).toISOString(),
        elapsed: minutesAndSeconds(now - lease.acquiredAt),
        replyUrl: lease.reply?.url ?? null,
        replyRef: lease.reply?.ref ?? null,
      }))
  )
}

function minutesAndSeconds(spanMs: number): string {
  const seconds = Math.floor(spanMs / 1000)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
}

/** The job's id. Null for a suspected job, which may belong to another creation. */
function nameOf(lease: Pick<Lease, 'state' | 'jobId'>): string | null {
  return lease.state === 'suspect' ? null : (lease.jobId ?? null)
}

function statusOf(lease: Pick<Lease, 'state'>): string {
  return lease.state === 'unbound' || lease.state === 'suspect' ? 'outcome_unknown' : lease.state
}

/** The job as clients see it. A creation that has not answered yet is shown as `outcome_unknown`. */
function toJobView(email: string | null, { lease, ended }: JobRecord) {
  return {
    jobid: nameOf(lease),
    requestId: lease.requestId,
    email,
    type: lease.route,
    status: ended?.outcome.status ?? statusOf(lease),
    status_final: ended !== undefined,
    detail: ended?.outcome.detail ?? null,
    created: new Date(lease.acquiredAt).toISOString(),
    ended: ended ? new Date(ended.endedAt).toISOString() : null,
  }
}
