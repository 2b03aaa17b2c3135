/**
 * Kling tells a task's changes to the callback of its creation alone: the bare task, unsigned unless the account has
 * a webhook secret (reference/kling.md section 8). Whether v1 callbacks are signed then is not said, so one without a
 * signature is not refused, but believed only as far as asking goes.
 */
import { parseJson } from '#domain/text/json-text.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { elementsAt, sliceAt } from '#domain/text/json-slices.ts'
import type { EndedJob, JobReport, Lease } from '#domain/slots/lease.ts'
import { isSignedStandard } from '#domain/events/signatures.ts'
import type { ProviderEvents, Route, RouteMatch } from '#providers/contract/provider.ts'
import { klingNames } from './names.ts'
import { toOldShape } from './events/old-shape.ts'
import { klingTasks } from './useapi/tasks.ts'

const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
const TASK_CHARS_MAX = 256 * 1024

/** Every change is told. That a task goes on is no news, and no reason to ask. */
const GOES_ON = new Set(['submitted', 'processing'])

/** Their pages name no callback. */
const WITHOUT_CALLBACK = new Set([
  '/v1/images/omni-image',
  '/v1/images/multi-image2image',
  '/v1/images/editing/expand',
])

export const klingEvents: ProviderEvents = {
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

  tells: (route) => addsCallback(route),
  callbackUrlAt: (route) =>
    route.path.startsWith('/v1/') ? '/callback_url' : '/options/callback_url',
  addsCallback,

  build(end, _id, at) {
    const task = end.heard?.facts?.['task']
    const known = typeof task === 'string' ? klingNames.down(task, end.lease.tenant) : undefined
    const isDone = end.outcome.status === 'completed'
    return {
      type: typeOf(isDone ? 'succeed' : 'failed'),
      body: known === undefined ? JSON.stringify(bareTask(end, at)) : inShape(end.lease, known),
    }
  },

  replyBody(lease, body) {
    if (lease.reply?.form !== 'task') return undefined
    const view = klingTasks.taskView({ data: parseJson(body) }, lease.ask ?? '')
    const { ref } = lease.reply
    return view && JSON.stringify(ref === undefined ? view : { ...view, replyRef: ref })
  },
}

function addsCallback(route: Route): boolean {
  return route.job !== undefined && route.job !== null && !WITHOUT_CALLBACK.has(route.path)
}

/** The whole task goes with the report of its end, in Kling's own bytes: its numbers are larger than JavaScript's. */
export function withTask(
  match: RouteMatch,
  reports: JobReport[],
  text: string | undefined
): JobReport[] {
  const at = match.route.reports && text !== undefined ? tasksIn(text) : []
  return reports.map((report) => {
    const isEnd = report.state === 'completed' || report.state === 'failed'
    const task = isEnd ? at.find((one) => `task:${one.id}` === report.watch)?.task : undefined
    return task === undefined ? report : { ...report, facts: { task } }
  })
}

function tasksIn(text: string): { id: string | undefined; task: string }[] {
  const data = sliceAt(text, '/data/result') ?? sliceAt(text, '/data')
  if (!data) return []
  const slices = text[data.start] === '[' ? elementsAt(text, data.start) : [data]
  return slices.flatMap(({ start, end }) => {
    if (end - start > TASK_CHARS_MAX) return []
    const task = text.slice(start, end)
    const read = parseJson(task)
    return [{ id: textAt(read, '/task_id') ?? textAt(read, '/id'), task }]
  })
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

/** A v1 task may have been heard of in the newer shape; its client reads the older one alone. */
function inShape(lease: Lease, task: string): string {
  const old = isV1(lease) ? toOldShape(parseJson(task)) : undefined
  return old === undefined ? task : JSON.stringify(old)
}

/** What is known of an end that nobody described. */
function bareTask({ lease, outcome }: EndedJob, at: number): Record<string, unknown> {
  const isDone = outcome.status === 'completed'
  const why = isDone ? '' : (outcome.detail ?? `${outcome.status}: nothing more is known`)
  const id = lease.jobId ?? null
  const times = lease.acquiredAt
  return isV1(lease)
    ? {
        task_id: id,
        task_status: isDone ? 'succeed' : 'failed',
        task_status_msg: why,
        task_info: {},
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
      }
}

function isV1(lease: Lease): boolean {
  return lease.route.includes(' /v1/')
}
