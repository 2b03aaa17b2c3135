/** Tasks of paths that are in no catalogue, as Kling adds them: `/v1/unlisted/{kind}`, read at the same path and `/{id}`. */
import { planJob } from '../../jobs/plan.ts'
import type { Doc } from '../../text/json.ts'
import { asDoc, type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import type { KlingMatch } from '../catalogue/catalogue.ts'
import { findTask } from '../tasks/task.ts'
import { toCreated, toV1 } from '../tasks/views.ts'
import { assertAllowed, assertRoom, beginTask } from './start.ts'

const FORM = /^\/v1\/unlisted\/([\w-]+)(?:\/(\d+))?$/

export const UNLISTED = 'unlisted'

export function matchUnlisted(method: string, path: string): KlingMatch | undefined {
  const [, kind, id] = FORM.exec(path) ?? []
  if (kind === undefined || method !== (id === undefined ? 'POST' : 'GET')) return undefined
  const row = {
    method,
    host: '',
    path: `/v1/unlisted/${kind}`,
    family: 'v1' as const,
    kind: UNLISTED,
    ownerIdIn: [],
    terminal: null,
    successStatus: 200,
    queryParams: [],
    pathExample: {},
    queryExample: {},
    requestContentType: method === 'POST' ? 'application/json' : null,
    requestExample: {},
    responseExample: {},
    keys: 'both' as const,
  }
  return { row, params: id === undefined ? {} : { id } }
}

export function serveUnlisted(call: Call): Doc {
  const { state, account, row, body, text, params } = call
  if (params.id !== undefined) {
    const task = findTask(state, account, params.id)
    if (!task) throw refused(1201, 'task not found')
    return succeed(toV1(state, task))
  }
  assertAllowed(call, 'video', 1)
  assertRoom(call, 'video', 1)
  const job = beginTask(state, account, {
    path: row.path,
    row: call.name,
    origin: call.site.origin,
    body: asDoc(body),
    externalId: null,
    callbackUrl: null,
    watermark: false,
    ...planJob(state, account, { type: 'video', path: row.path, text }),
  })
  return succeed(toCreated(state, job, {}))
}
