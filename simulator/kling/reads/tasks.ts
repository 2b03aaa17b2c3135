/** Reading tasks: one by its path, lists by page, and the two calls of /tasks. */
import type { Job } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { asDoc, type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { packTypeOf } from '../tasks/products.ts'
import { findByExternalId, findTask, listTasks, phaseOf, taskDoc } from '../tasks/task.ts'
import { toNew, toV1 } from '../tasks/views.ts'

const IDS_MAX = 20
const THIRTY_DAYS_MS = 30 * 86_400_000

/** By the task's id or its external id, at the path of its creation. */
export function readTask(call: Call): Doc {
  const { state, account, row, params } = call
  const id = params.id ?? ''
  const job = findTask(state, account, id) ?? findByExternalId(state, account, id)
  if (!job || `${taskDoc(job).path}/{id}` !== row.path)
    throw refused(1201, `Task not found by id/external id: ${id}`)
  return succeed(toV1(state, job))
}

export function listByPage(call: Call): Doc {
  const { state, account, row } = call
  const own = listTasks(state, account).filter((job) => taskDoc(job).path === row.path)
  return succeed(takePage(call, own).map((job) => toV1(state, job)))
}

/** The answer has no total and no next page. That numbers out of the documented range are refused is a [guess]. */
export function takePage<T>({ row, query }: Call, all: T[]): T[] {
  const most = row.queryParams.some((each) => each.startsWith('pageSize (1-1000')) ? 1000 : 500
  const page = readNumber(query.get('pageNum'), 1, 1000, 'pageNum')
  const size = readNumber(query.get('pageSize'), 30, most, 'pageSize')
  return all.slice((page - 1) * size, page * size)
}

function readNumber(text: string | null, otherwise: number, most: number, name: string): number {
  if (text === null || text === '') return otherwise
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw refused(1201, `${name} must be between 1 and ${most}`)
  return value
}

export function readTasks({ state, account, query }: Call): Doc {
  const split = (name: string): string[] =>
    (query.get(name) ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
  const [ids, externalIds] = [split('task_ids'), split('external_task_ids')]
  if (ids.length + externalIds.length === 0)
    throw refused(1201, 'task_ids or external_task_ids is required')
  if (ids.length > 0 && externalIds.length > 0)
    throw refused(1201, 'task_ids and external_task_ids cannot be used together')
  if (ids.length + externalIds.length > IDS_MAX)
    throw refused(1201, 'task_ids and external_task_ids cannot exceed 20 in total')
  const jobs = [
    ...ids.map((id) => findTask(state, account, id)),
    ...externalIds.map((id) => findByExternalId(state, account, id)),
  ].filter((job) => job !== undefined)
  // Ids that are unknown or another account's are left out.
  return succeed(jobs.map((job) => toNew(state, job)))
}

export type Filter = { key: string; values: string[] }
type Window = { start: number; end: number; offset: number; filters: Filter[] }

export function listByCursor(call: Call): Doc {
  const { state, account, body } = call
  const window = readWindow(call, { start: -THIRTY_DAYS_MS, end: state.now() })
  const limit = readLimit(body.limit, 100)
  const all = listTasks(state, account).filter(
    (job) =>
      job.createdAt >= window.start &&
      job.createdAt <= window.end &&
      window.filters.every((filter) => passes(call, job, filter))
  )
  const result = all.slice(window.offset, window.offset + limit)
  return succeed({
    result: result.map((job) => toNew(state, job)),
    // Of this page [guess].
    count: result.length,
    ...toNext(window, limit, all.length),
  })
}

function passes({ state }: Call, job: Job, { key, values }: Filter): boolean {
  const phase = phaseOf(state, job)
  if (key === 'status') return values.includes(phase === 'done' ? 'succeeded' : phase)
  if (key === 'product_type') return values.includes(packTypeOf(taskDoc(job).path))
  throw refused(1201, `filters key ${key} is not supported`)
}

/** A cursor overrides times and filters. `otherwise.end` is the default, and `otherwise.start` is added to the end. */
export function readWindow({ body }: Call, otherwise: { start: number; end: number }): Window {
  if (typeof body.cursor === 'string' && body.cursor !== '') return readCursor(body.cursor)
  const end = readTime(body.end_time) ?? otherwise.end
  const start = readTime(body.start_time) ?? end + otherwise.start
  const given = Array.isArray(body.filters) ? body.filters.map(asDoc) : []
  const filters = given.map(({ key, values }) => ({
    key: String(key),
    values: Array.isArray(values) ? values.map(String) : [],
  }))
  return { start, end, offset: 0, filters }
}

function readCursor(cursor: string): Window {
  try {
    return JSON.parse(atob(cursor)) as Window
  } catch {
    throw refused(1201, 'cursor is invalid')
  }
}

/** Takes numbers and strings. */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const time = Number(value)
  if (!Number.isFinite(time)) throw refused(1201, 'start_time and end_time must be milliseconds')
  return time
}

export function readLimit(value: unknown, otherwise: number): number {
  if (value === undefined || value === null) return otherwise
  const limit = Number(value)
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw refused(1201, 'limit must be between 1 and 500')
  return limit
}

export function toNext(window: Window, limit: number, total: number): Doc {
  const offset = window.offset + limit
  const has_more = offset < total
  return { next_cursor: has_more ? btoa(JSON.stringify({ ...window, offset })) : '', has_more }
}
