/**
 * Endpoints that are in no catalogue, as HeyGen adds them: `/v3/unlisted/{kind}`. Their jobs count like any other. The
 * beginning of the kind's name says what it does: `accepted…` answers 202 without a status, `plain…` starts nothing,
 * `speech…` answers when it is done, the job of `ghost…` cannot be read. All others answer 200 with `<kind>_id` and a status.
 */
import { mediaUrl } from '../../answers/links.ts'
import { endJob, startJob } from '../../jobs/jobs.ts'
import { planJob } from '../../jobs/plan.ts'
import { newId } from '../../state/ids.ts'
import type { Job } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import type { Call, Reply } from '../answers/call.ts'
import { refuse } from '../answers/errors.ts'
import type { HeygenMatch, Row } from '../catalogue/catalogue.ts'
import { assertRoom } from './limits.ts'
import { runSync } from './synchronous.ts'

export const UNLISTED = 'unlisted'

const FORM = /^\/v3\/unlisted\/([\w-]+)(?:\/([^/]+))?(?:\/([\w-]+))?$/

export function matchUnlisted(method: string, path: string): HeygenMatch | undefined {
  const [, kind, id, verb] = FORM.exec(path) ?? []
  if (kind === undefined) return undefined
  const names = Object.entries({ kind, id, verb }).filter(([, value]) => value !== undefined)
  const template = `/v3/unlisted${names.map(([name]) => `/{${name}}`).join('')}`
  const decoded = names.map(([name, value]) => [name, decodeURIComponent(value ?? '')])
  const params = Object.fromEntries(decoded) as Record<string, string>
  return { row: rowOf(method === 'HEAD' ? 'GET' : method, template), params }
}

function rowOf(method: string, path: string): Row {
  return {
    method,
    host: 'api.heygen.com',
    path,
    family: 'v3',
    kind: UNLISTED,
    ownerIdIn: [],
    createdIdOut: [],
    listedIdOut: [],
    mixesSharedRows: false,
    terminal: null,
    successStatus: 200,
    queryParams: [],
    pathExample: {},
    queryExample: {},
    requestContentType: ['POST', 'PATCH', 'PUT'].includes(method) ? 'application/json' : null,
    requestExample: {},
    responseExample: {},
    errorExamples: [],
  }
}

const ok = (data: unknown, status = 200): Reply => ({ status, body: { data } })

export function serveUnlisted(call: Call): Reply | Promise<Reply> {
  const { id, verb, kind = '' } = call.params
  const isCreation = call.row.method === 'POST' && id === undefined
  if (isCreation) return create(call, kind)
  if (call.row.method === 'POST' && verb === undefined && /^(search|list|query)$/.test(id ?? ''))
    return ok([])
  if (id === undefined) return listed(call)
  const job = jobsOf(call).find((one) => one.id === id)
  if (!job || (kind.startsWith('ghost') && call.row.method === 'GET')) throw missing()
  if (call.row.method === 'DELETE') endJob(call.state, job, { outcome: 'cancelled' })
  return ok(viewOf(call, job))
}

/** One page, which has no next one. */
function listed(call: Call): Reply {
  const limit = Number(call.query.get('limit') ?? 20)
  const data = jobsOf(call)
    .slice(0, limit)
    .map((job) => viewOf(call, job))
  return { status: 200, body: { data, has_more: false, next_token: null } }
}

function jobsOf({ state, account, params }: Call): Job[] {
  // Newest first.
  return [...state.jobs.values()]
    .toReversed()
    .filter(
      (job) => job.account === account.key && job.type === UNLISTED && job.doc.kind === params.kind
    )
}

function create(call: Call, kind: string): Reply | Promise<Reply> {
  const { state, account, body } = call
  if (kind.startsWith('plain')) return ok({ id: newId(UNLISTED), status: 'active' })
  if (kind.startsWith('speech')) {
    assertRoom(call, UNLISTED, 1)
    return runSync(call, () => ok({ audio_url: mediaUrl(call.site, 'made-up.mp3') }))
  }
  const parent = body.parent_id
  if (typeof parent === 'string' && state.jobs.get(parent)?.account !== account.key) throw missing()
  assertRoom(call, UNLISTED, 1)
  const id = newId(UNLISTED)
  const job = startJob(state, account, {
    id,
    creation: newId('creation'),
    type: UNLISTED,
    row: call.name,
    ...planJob(state, account, { type: UNLISTED, path: call.row.path, text: call.text }),
    callbackId: null,
    callbackUrl: null,
    doc: { kind, entityId: id, origin: call.site.origin },
  })
  return kind.startsWith('accepted') ? ok({ id }, 202) : ok(viewOf(call, job))
}

function viewOf({ params, state }: Call, job: Job): Doc {
  const name = `${(params.kind ?? '').replace(/s$/, '').replaceAll('-', '_')}_id`
  const isFresh = state.now() - job.createdAt < 5 && job.status === 'running'
  const status = job.status === 'ended' ? job.outcome : isFresh ? 'pending' : 'processing'
  return { [name]: job.id, status, created_at: Math.floor(job.createdAt / 1000) }
}

function missing() {
  const facts = { status: 404, number: 404, code: 'not_found', message: 'Not found.' }
  return refuse('v3', facts)
}
