/** `/v1/{provider}/scheduler` and `/jobs`: running and ended jobs (reference/useapi.md 2.3 and its last table). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import type { Account } from '#domain/accounts/account.ts'
import { parkedSentence } from '#domain/accounts/imported.ts'
import { shortText } from '#domain/access/audit.ts'
import { noAccount } from '#domain/visibility/nameless.ts'
import { ownScopeOf, type OwnScope } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { isUnstarted } from '#domain/line/shown.ts'
import { markOf } from '#domain/queue/item-name.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { holdsSlot } from '#domain/slots/lease.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { SlotsView } from '#domain/ports/slots.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import { findJobOrItem } from '#flows/jobs/find-job.ts'
import { listJobs } from '#flows/jobs/list-jobs.ts'
import { readStory } from '#flows/jobs/read-story.ts'
import { openRefusal } from '#flows/queue/refusal.ts'
import { CREDENTIAL_KEY_MISSING, isOpenable } from '#flows/access/missing-master-key.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { notePartial } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import { serveJobFile } from './job-file.ts'
import {
  job,
  jobInFull,
  jobListing,
  nameOf,
  providerJobOf,
  toItemInFull,
  toJobInFull,
  toJobQuery,
  toJobView,
  toStoryView,
} from './job-view.ts'

interface AccountView {
  isMasterKeyMissing: boolean
  account: Account
  view: SlotsView | undefined
}

type SeenAccount = AccountView & { view: SlotsView }

const NOT_REACHED = 'The record of this account could not be read just now. Try again in a minute.'

const task = z.object({
  id: z.string(),
  providerJob: z.optional(z.string()),
  email: z.string(),
  started: z.string(),
  elapsed: z.string(),
  replyUrl: z.nullable(z.string()),
  replyRef: z.nullable(z.string()),
})
const room = z.object({
  email: z.string(),
  maxJobs: z.number(),
  executing: z.number(),
  available: z.number(),
  error: z.optional(z.string()),
})
const availability = z.object({ executing: z.array(task), available: z.array(room) })
const running = z.object({
  jobid: z.string(),
  providerJob: z.optional(z.string()),
  email: z.string(),
  created: z.string(),
  type: z.string(),
})
const load = z.object({ running: z.number(), maxJobs: z.number() })
const runningJobs = z.object({
  running: z.array(running),
  accounts: z.record(z.string(), load),
})
const jobPage = z.object({
  jobs: z.array(job),
  next: z.nullable(z.string()),
})
const listing = z.extend(jobListing, {
  options: z.optional(z.string()),
})
const force = z.object({ force: z.optional(z.enum(['true', 'false'])) })
const missing = { 401: ownError, 404: ownError }

export function jobs(provider: Provider): App {
  const app = newApp()

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
      const { running: jobsNow, accounts } = toRunningView(await viewAll(c, provider))
      return c.json({ running: jobsNow, accounts: ownScopeOf(c.get('caller')) ? {} : accounts })
    }
  )

  oneJob(app, provider)
  return app
}

function oneJob(app: App, provider: Provider): void {
  route(
    app,
    {
      method: 'get',
      path: '/jobs/{id}',
      summary:
        'One job with its story: what happened when, and why other accounts did not get it. By its id, its request id, or key:<Idempotency-Key>. Kept for 30 days',
      answers: { 200: jobInFull, ...missing },
    },
    async (c) => {
      const id = c.req.param('id') ?? ''
      const ports = c.get('ports')
      const caller = c.get('caller')
      const own = ownScopeOf(caller)
      const found = await findJobOrItem(ports, provider, caller.tenant, id, own)
      if (!found) throw new AppError('not_found', `Unable to locate job ${id}`)
      const told = await readStory(ports, provider, caller.tenant, found, own)
      const story = toStoryView(told, own !== undefined)
      const shown =
        'item' in found
          ? toItemInFull(
              found.item,
              id,
              own !== undefined,
              await refusalIn(c, provider, found.item)
            )
          : toJobInFull(provider, found.account?.email ?? null, found.record, own)
      return c.json({ ...shown, ...story })
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/jobs/{id}/file',
      summary: 'The file that a finished job made, with ranges: a video, a picture or a sound',
      answers: { 200: '', 206: '', ...missing, 502: ownError, 503: ownError },
    },
    async (c) => serveJobFile(c, provider)
  )
}

/** What the provider said, if that ended it. */
async function refusalIn(
  c: Context<AppEnv>,
  provider: Provider,
  { refusal }: ItemShown
): Promise<string | undefined> {
  if (refusal === undefined) return undefined
  const opened = await openRefusal(c.get('ports'), provider, c.get('caller').tenant, refusal)
  return opened?.message
}

/** One page of jobs. It may hold fewer than `limit`, because each request searches only some days. */
async function listPage(
  c: Context<AppEnv>,
  provider: Provider,
  { account, ...asked }: z.infer<typeof listing>
) {
  const own = ownScopeOf(c.get('caller'))
  if (own && account !== undefined) throw noAccount(account)
  const query = { tenant: c.get('caller').tenant, ...toJobQuery(asked), ...ofOwn(own) }
  const found = await listJobs(c.get('ports'), provider, query, account)
  notePartial(c, found.missing)
  return {
    jobs: found.jobs.map(({ at, ...record }) =>
      toJobView(own ? null : (at.account?.email ?? null), record)
    ),
    next: found.stoppedAt ?? null,
  }
}

const NOT_FORCED = 'Slots are of whole accounts, and this token sees only its own.'

function ofOwn(own: OwnScope | undefined): { ownToken?: string } {
  return own ? { ownToken: own.token } : {}
}

async function untrack(c: Context<AppEnv>, provider: Provider, id: string): Promise<Response> {
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const isForced = readQuery(c, force).force === 'true'
  const own = ownScopeOf(c.get('caller'))
  if (own && isForced) throw new AppError('forbidden', NOT_FORCED)
  const any = await findJobOrItem(ports, provider, tenant, id, own)
  if (any && 'item' in any && !isUnstarted(any.item)) {
    const advice = `DELETE /v1/${provider.name}/queue/${id} cancels it.`
    throw new AppError('not_found', `${id} waits in the queue, and does not run. ${advice}`)
  }
  const found = any && 'record' in any ? any : undefined
  const account = found && !found.record.ended ? found.account : undefined
  if (account && isForced) await noteForced(c, provider, account, found?.record)
  // An account's object knows a queued job by its real id only.
  const { jobId = id } = found?.record.lease ?? {}
  const known = markOf(id) ? jobId : id
  if (!account || !(await ports.slots(account.key).untrack(tenant, known, isForced))) {
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

/** Throws if no account can be reached. An account that cannot be reached has no `view`. */
async function viewAll(c: Context<AppEnv>, provider: Provider): Promise<AccountView[]> {
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const asked = await askReachable(ports, accounts, ({ key }) => ports.slots(key).view(tenant))
  asked.failIfNone()
  notePartial(
    c,
    asked.missing.map((account) => ({ account }))
  )
  const views = new Map(asked.answers.map(({ item, answer }) => [item, answer]))
  const own = ownScopeOf(c.get('caller'))
  return accounts.map((account) => {
    const view = views.get(account)
    // A slot that is shown as free must not be refused because this isolate remembers the account as full.
    if (view && view.held < view.maxJobs) ports.hints.markFreed(account.key)
    const shown = { account, view, isMasterKeyMissing: !isOpenable(ports, account) }
    return own ? seenByOwn(shown, own) : shown
  })
}

/** Only the token's own jobs, and no name. */
function seenByOwn(seen: AccountView, own: OwnScope): AccountView {
  const leases = seen.view?.leases.filter((lease) => lease.ownToken === own.token) ?? []
  const view = seen.view && { ...seen.view, leases }
  return { ...seen, view, account: { ...seen.account, email: '' } }
}

/** The account's slots in use and available. A parked account has none available, and `error` says why. */
function roomOf({ account, view, isMasterKeyMissing }: AccountView, now: number) {
  const { email } = account
  if (!view)
    return { email, maxJobs: account.maxJobs, executing: 0, available: 0, error: NOT_REACHED }
  const { maxJobs, held, parkings } = view
  const parking = findParking(parkings, { isJob: true }, now)
  if (isMasterKeyMissing) {
    return { email, maxJobs, executing: held, available: 0, error: CREDENTIAL_KEY_MISSING }
  }
  if (!parking) return { email, maxJobs, executing: held, available: Math.max(0, maxJobs - held) }
  return { email, maxJobs, executing: held, available: 0, error: parkedSentence(parking) }
}

function toRunningView(all: AccountView[]) {
  const views = all.filter(isSeen)
  const tracked = views.flatMap(({ account, view }) =>
    view.leases
      .filter((lease) => lease.isTracked)
      .map((lease) => ({
        jobid: nameOf(lease) ?? lease.id,
        ...providerJobOf(lease),
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

function isSeen(view: AccountView): view is SeenAccount {
  return view.view !== undefined
}

function executing(views: AccountView[], now: number) {
  return views.filter(isSeen).flatMap(({ account, view }) =>
    view.leases
      .filter((lease) => lease.isTracked && holdsSlot(lease, now))
      .map((lease) => ({
        id: nameOf(lease) ?? lease.id,
        ...providerJobOf(lease),
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
