/**
 * Reads, verifies and builds Kling's events. Kling sends the bare task to the callback of its creation, signed if the account has a
 * webhook secret (reference/kling.md section 8). It is not documented whether v1 callbacks are signed then. So a callback without
 * a signature is not refused. It only causes a status check.
 */
import { parseJson } from '#domain/text/json-text.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { isCut } from '#domain/jobs/fingerprint.ts'
import type { EndedJob, JobReport, Lease } from '#domain/slots/lease.ts'
import { isSignedStandard } from '#domain/events/signatures.ts'
import type { ProviderEvents, Route } from '#providers/contract/provider.ts'
import { names } from './names.ts'
import { ROUTES } from './routes/table.ts'
import { toOldShape } from './events/old-shape.ts'
import { tasks } from './useapi/tasks.ts'

const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/** Kling sends every change. These states say nothing new, because the task is still running. */
const GOES_ON = new Set(['submitted', 'processing'])

/** Creations that are not documented to take a callback. */
const WITHOUT_CALLBACK = new Set([
  '/v1/images/omni-image',
  '/v1/images/multi-image2image',
  '/v1/images/editing/expand',
])

export const events: ProviderEvents = {
  signatureHeaders: HEADERS,

  isSigned: (secret, headers, body) =>
    isSignedStandard(
      secret,
      {
        id: headers['webhook-id'] ?? null,
        timestamp: headers['webhook-timestamp'] ?? null,
        signature: headers['webhook-signature'] ?? null,
      },
      body
    ),

  callbackSecret: ({ secrets }) => secrets['webhookSecret'],

  read(body) {
    const task = parseJson(body)
    const id = textAt(task, '/task_id') ?? textAt(task, '/id')
    const word = textAt(task, '/task_status') ?? textAt(task, '/status')
    if (id === undefined || word === undefined || GOES_ON.has(word)) return undefined
    const reports = reportsOf(id, word, task)
    return { type: typeOf(word), body, reports, subject: id, mentions: [id] }
  },

  notifiesEndOf: addsCallback,
  callbackUrlAt: (route) =>
    route.path.startsWith('/v1/') ? '/callback_url' : '/options/callback_url',
  addsCallback,

  build(end, _id, at) {
    const task = end.heard?.facts?.['task']
    const known = typeof task === 'string' ? names.toClient(task, end.lease.tenant) : undefined
    const isDone = end.outcome.status === 'completed'
    return {
      type: typeOf(isDone ? 'succeed' : 'failed'),
      body: known === undefined ? bareBody(end, at) : inShape(end.lease, known),
    }
  },

  jobIdsAt: ['/task_id', '/id'],

  // An event is the bare task.
  madeAt: Object.fromEntries(
    ROUTES.filter(({ kind }) => kind === 'job-status')
      .flatMap(({ creates }) => creates)
      .map((at) => [at.replace(/^\/data(\/\*)?/, ''), ''])
  ),

  replyBody(lease, body) {
    if (lease.reply?.form !== 'task') return undefined
    const view = tasks.taskView({ data: parseJson(body) }, lease.ask ?? '')
    const { ref } = lease.reply
    return view && JSON.stringify(ref === undefined ? view : { ...view, replyRef: ref })
  },
}

function addsCallback(route: Route): boolean {
  return route.job !== undefined && route.job !== null && !WITHOUT_CALLBACK.has(route.path)
}

function reportsOf(id: string, word: string, task: unknown): JobReport[] {
  const watch = `task:${id}`
  if (word === 'succeed' || word === 'succeeded') return [{ watch, state: 'completed' }]
  if (word !== 'failed') return []
  const detail = textAt(task, '/task_status_msg') ?? textAt(task, '/message')
  return [{ watch, state: 'failed', ...(detail ? { detail: detail.slice(0, 200) } : {}) }]
}

function typeOf(word: string): string {
  return `task.${word === 'succeeded' ? 'succeed' : word}`
}

/** A v1 task may have come in the newer shape, but its client reads only the older shape. */
function inShape(lease: Lease, task: string): string {
  const old = isV1(lease) ? toOldShape(parseJson(task)) : undefined
  return old === undefined ? task : JSON.stringify(old)
}

function bareBody(end: EndedJob, at: number): string {
  return names.toClient(JSON.stringify(bareTask(end, at)), end.lease.tenant)
}

/** The task to send if nothing is known about it but its end. */
function bareTask({ lease, outcome }: EndedJob, at: number): Record<string, unknown> {
  const isDone = outcome.status === 'completed'
  const why = isDone ? '' : (outcome.detail ?? `${outcome.status}: nothing more is known`)
  const id = lease.jobId ?? null
  const times = lease.acquiredAt
  // As it was sent up, so with the gateway's mark, or a name of the gateway's own.
  const { callbackId: name } = lease.fingerprint
  const isKnown = name !== undefined && !isCut(name)
  return isV1(lease)
    ? {
        task_id: id,
        task_status: isDone ? 'succeed' : 'failed',
        task_status_msg: why,
        task_info: isKnown ? { external_task_id: name } : {},
        created_at: times,
        updated_at: at,
      }
    : {
        id,
        status: isDone ? 'succeeded' : 'failed',
        message: why,
        create_time: times,
        update_time: at,
        outputs: [],
        ...(isKnown ? { external_id: name } : {}),
      }
}

function isV1(lease: Lease): boolean {
  return lease.route.includes(' /v1/')
}
