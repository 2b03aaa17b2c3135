/** A job as clients see it, its schema, and what lists of jobs are asked by. */
import * as z from 'zod'
import { AppError } from '#domain/runtime/errors.ts'
import type { JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Lease, Outcome } from '#domain/slots/lease.ts'
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
    jobid: z.string().nullable().meta({ description: "The provider's id. null: not known" }),
    requestId: z.string().meta({ description: 'The X-Request-Id of the call that created it' }),
    email: z.string().nullable().meta({ description: 'null: its account was removed' }),
    type: z.string().meta({ description: 'The route that created it' }),
    status: z
      .enum([...OUTCOMES, 'running', 'waiting'])
      .meta({ description: 'waiting: for a human. lost: no news of it for 48 h' }),
    status_final: z.boolean().meta({ description: 'Whether it has ended.' }),
    detail: z.string().nullable(),
    created: z.string(),
    ended: z.string().nullable(),
  })
  .meta({ id: 'Job' })
const time = z.string().nullable()

/** One job's life. */
export const jobInFull = job
  .extend({
    title: z.string().optional().meta({ description: 'The title that its creation gave it' }),
    times: z
      .object({
        asked: time.meta({ description: 'When the request came. null: not known' }),
        started: z.string().meta({ description: 'When it got its slot' }),
        accepted: time.meta({ description: 'When the provider had accepted it. null: not known' }),
        ended: time,
      })
      .meta({ description: 'When what happened.' }),
    waitedMs: z.number().nullable().meta({ description: 'From asked to started' }),
    tookMs: z.number().nullable().meta({ description: 'From started to ended' }),
    deliveries: z.string().meta({ description: 'Where the calls to your own URLs are listed' }),
    files: z
      .object({ video: z.string(), image: z.string(), audio: z.string() })
      .partial()
      .optional()
      .meta({ description: 'Where the file of a completed job is' }),
  })
  .meta({ id: 'JobInFull' })

export const jobListing = z.strictObject({
  state: z.enum(['running', 'ended']).optional(),
  outcome: z.enum(OUTCOMES).optional().meta({ description: 'Only jobs that ended so' }),
  account: z.string().max(254).optional().meta({ description: 'The email of the account' }),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Only jobs that were created then or later' }),
  limit: z.number().int().min(1).max(100).optional().meta({ description: 'Without it: 20' }),
  cursor: z.string().max(400).optional().meta({ description: '`next` of the page before' }),
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

/** The job's id. Null for a suspected job, which may belong to another creation. */
export function nameOf(lease: Pick<Lease, 'state' | 'jobId'>): string | null {
  return lease.state === 'suspect' ? null : (lease.jobId ?? null)
}

function statusOf(lease: Pick<Lease, 'state'>): string {
  return lease.state === 'unbound' || lease.state === 'suspect' ? 'outcome_unknown' : lease.state
}

/** The job as clients see it. A creation that has not answered yet is shown as `outcome_unknown`. */
export function toJobView(email: string | null, { lease, ended }: JobRecord) {
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

export function toJobInFull(provider: Provider, email: string | null, record: JobRecord) {
  const { lease, ended } = record
  const { requestId, acquiredAt, boundAt, fingerprint } = lease
  const title = fingerprint?.title
  const asked = isTimedId(requestId) ? timeOf(requestId) : undefined
  const name = nameOf(lease) ?? requestId
  const accepted = nameOf(lease) === null ? undefined : boundAt
  const isMade = ended?.outcome.status === 'completed' && email !== null
  const file = isMade ? provider.jobs.fileOf?.(lease) : undefined
  const path = `/v1/${provider.name}/jobs/${encodeURIComponent(name)}/file`
  return {
    ...toJobView(email, record),
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

function toTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
