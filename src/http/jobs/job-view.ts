/** A job as clients see it, its schema, and what lists of jobs are asked by. */
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import type { JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import { withoutAccounts, type StoryStep } from '#domain/jobs/story.ts'
import { isUnstarted, whyUnstarted } from '#domain/line/shown.ts'
import { hushed } from '#domain/line/waits-for.ts'
import { WAITS_FOR, type ItemShown } from '#domain/queue/item.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import type { Lease, Outcome } from '#domain/slots/lease.ts'
import { askedBy, jobNameOf, neverLeftLine } from '#domain/slots/queued-lease.ts'
import { isTimedId, timeOf } from '#domain/text/time-ordered-id.ts'
import { itsTenant } from '#http/request/partial.ts'
import type { Provider } from '#providers/contract/provider.ts'

const OUTCOMES: Outcome['status'][] = [
  'completed',
  'failed',
  'gone',
  'absent',
  'lost',
  'forced',
  'outcome_unknown',
]
export const job = z
  .object({
    ...itsTenant,
    jobid: z.nullable(z.string()),
    /** The provider's id of a job that was queued. `jobid` is its name then. */
    providerJob: z.optional(z.string()),
    requestId: z.string(),
    email: z.nullable(z.string()),
    type: z.string(),
    status: z.enum([...OUTCOMES, 'queued', 'running', 'waiting']),
    status_final: z.boolean(),
    detail: z.nullable(z.string()),
    created: z.string(),
    ended: z.nullable(z.string()),
  })
  .register(z.globalRegistry, { id: 'Job' })
const time = z.nullable(z.string())

const passedAccount = z
  .object({
    account: z.string(),
    why: z.string(),
    reason: z.optional(z.string()),
    until: z.optional(z.string()),
  })
  .register(z.globalRegistry, { id: 'PassedAccount' })

/** What happened to a job, in the order of time. `account` is missing where the token may not see it, and where it is removed. */
const storyStep = z
  .object({
    at: z.string(),
    what: z.enum([
      'asked',
      'queued',
      'chosen',
      'given_back',
      'slot',
      'answer_lost',
      'accepted',
      'found',
      'waits_for_person',
      'deleted',
      'ended',
      'event',
      'delivered',
      'given_up',
    ]),
    account: z.optional(z.string()),
    why: z.optional(z.string()),
    others: z.optional(z.array(passedAccount)),
    more: z.optional(z.number()),
    delivery: z.optional(z.string()),
  })
  .register(z.globalRegistry, { id: 'StoryStep' })

/** One job's life. */
export const jobInFull = z
  .extend(job, {
    title: z.optional(z.string()),
    times: z.object({
      asked: time,
      started: time,
      accepted: time,
      ended: time,
    }),
    place: z.optional(z.number()),
    startsAround: z.optional(z.string()),
    waitsFor: z.optional(z.enum(WAITS_FOR)),
    waitedMs: z.nullable(z.number()),
    tookMs: z.nullable(z.number()),
    deliveries: z.string(),
    story: z.array(storyStep),
    storyIsWhole: z.boolean(),
    files: z.optional(
      z.partial(z.object({ video: z.string(), image: z.string(), audio: z.string() }))
    ),
  })
  .register(z.globalRegistry, { id: 'JobInFull' })

export const jobListing = z.strictObject({
  state: z.optional(z.enum(['running', 'ended'])),
  outcome: z.optional(z.enum(OUTCOMES)),
  account: z.optional(z.string().check(z.maxLength(254))),
  since: z.optional(z.iso.datetime({ offset: true })),
  limit: z.optional(z.int().check(z.gte(1), z.lte(100))),
  cursor: z.optional(z.string().check(z.maxLength(400))),
})

export function toJobQuery({
  since,
  cursor,
  state,
  outcome,
  limit = 20,
}: Omit<z.infer<typeof jobListing>, 'account'>): Omit<JobQuery, 'tenant'> {
  return {
    limit,
    ...(state === undefined ? {} : { state }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
  }
}

/** The position in the list: a job's UUID, or the beginning of one with more behind it. */
function readCursor(cursor: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[\w.-]{1,300}$/.test(cursor)) return cursor
  throw new AppError('bad_request', 'cursor: is not a cursor of this list')
}

type Named = Pick<Lease, 'id' | 'requestId' | 'item' | 'state' | 'jobId'>

/** What clients call the job: its name if it was queued, else its id. Null for a suspected job, which may belong to another creation. */
export function nameOf(lease: Named): string | null {
  return jobNameOf(lease) ?? idOf(lease)
}

function idOf({ state, jobId }: Pick<Lease, 'state' | 'jobId'>): string | null {
  return state === 'suspect' ? null : (jobId ?? null)
}

/** The provider's id beside a name. Absent: the job is called by that id, or has none that is known. */
export function providerJobOf(lease: Named): { providerJob?: string } {
  const id = jobNameOf(lease) === undefined ? null : idOf(lease)
  return id === null ? {} : { providerJob: id }
}

function statusOf(lease: Pick<Lease, 'state'>): string {
  return lease.state === 'unbound' || lease.state === 'suspect' ? 'outcome_unknown' : lease.state
}

/**
 * The job as clients see it. A creation that has not answered yet is shown as `outcome_unknown`. The record of one that ended in the
 * line is kept by some account, which has nothing to do with it.
 */
export function toJobView(email: string | null, { lease, ended }: JobRecord) {
  const isOfLine = neverLeftLine(lease)
  return {
    jobid: nameOf(lease),
    ...providerJobOf(lease),
    requestId: askedBy(lease),
    email: isOfLine ? null : email,
    type: lease.route,
    status: ended?.outcome.status ?? statusOf(lease),
    status_final: ended !== undefined,
    detail: ended?.outcome.detail ?? null,
    created: new Date((isOfLine && lease.item?.askedAt) || lease.acquiredAt).toISOString(),
    ended: ended ? new Date(ended.endedAt).toISOString() : null,
  }
}

/** `own`: the own token that asks. It sees no account. */
export function toJobInFull(
  provider: Provider,
  email: string | null,
  record: JobRecord,
  own?: OwnScope
) {
  const { lease, ended } = record
  const { requestId, acquiredAt, boundAt, fingerprint, item } = lease
  const title = fingerprint?.title
  const asked = item?.askedAt ?? (isTimedId(requestId) ? timeOf(requestId) : undefined)
  const name = nameOf(lease) ?? requestId
  const accepted = idOf(lease) === null ? undefined : boundAt
  const isMade = ended?.outcome.status === 'completed' && email !== null
  const file = isMade ? provider.jobs.fileOf?.(lease) : undefined
  const path = `/v1/${provider.name}/jobs/${encodeURIComponent(name)}/file`
  return {
    ...toJobView(own ? null : email, record),
    ...(title === undefined ? {} : { title }),
    times: {
      asked: toTime(asked),
      started: new Date(acquiredAt).toISOString(),
      accepted: toTime(accepted),
      ended: toTime(ended?.endedAt),
    },
    waitedMs: asked === undefined ? null : Math.max(0, acquiredAt - asked),
    tookMs: ended ? Math.max(0, ended.endedAt - acquiredAt) : null,
    deliveries: `/v1/deliveries?job=${encodeURIComponent(name)}`,
    ...(file ? { files: { [file.kind]: path } } : {}),
  }
}

/**
 * A queued creation that has not begun, or ended without a start. `name`: by which it was asked for. `isNameless`: for a token that
 * sees only its own. `said`: the provider's words, if it refused it.
 */
export function toItemInFull(item: ItemShown, name: string, isNameless: boolean, said?: string) {
  const { names, askedAt, route, reason, place, startsAt, waitsFor, endedAt } = item
  const isOver = isUnstarted(item)
  const asked = new Date(askedAt).toISOString()
  const jobid = names.find((one) => one === name) ?? names[0] ?? item.item
  const outcome = OUTCOMES.find((status) => status === reason) ?? 'failed'
  const ended = toTime(isOver ? endedAt : undefined)
  return {
    jobid,
    requestId: item.requestId ?? item.item,
    email: null,
    type: route,
    status: isOver ? outcome : 'queued',
    status_final: isOver,
    detail: isOver ? (said ?? whyUnstarted(reason)) : null,
    created: asked,
    ended,
    times: { asked, started: null, accepted: null, ended },
    ...(place === undefined ? {} : { place }),
    ...(startsAt === undefined ? {} : { startsAround: new Date(startsAt).toISOString() }),
    ...(waitsFor === undefined ? {} : { waitsFor: isNameless ? hushed(waitsFor) : waitsFor }),
    waitedMs: null,
    tookMs: null,
    deliveries: `/v1/deliveries?job=${encodeURIComponent(jobid)}`,
  }
}

/** `isNameless`: for a token that sees only its own. It hears of no account. */
export function toStoryView(
  { steps, isWhole }: { steps: readonly StoryStep[]; isWhole: boolean },
  isNameless: boolean
) {
  const shown = isNameless ? withoutAccounts(steps) : steps
  return {
    story: shown.map(({ at, others, ...step }) => ({
      at: new Date(at).toISOString(),
      ...step,
      ...(others
        ? {
            others: others.map(({ until, ...other }) => ({
              ...other,
              ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
            })),
          }
        : {}),
    })),
    storyIsWhole: isWhole,
  }
}

function toTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
