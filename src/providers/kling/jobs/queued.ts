/**
 * Which of Kling's creations can be queued, and how their tasks are shown until they begin (reference/kling.md section 0): every
 * creation of a task. The status of a v1 task is read at the path of its creation and its id, that of a newer one in a list.
 */
import { isUnstarted, whyUnstarted } from '#domain/line/shown.ts'
import type { IdForm, ItemShown } from '#domain/queue/item.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

const OLD_IDS = '/data/task_id'

export function queueForm({ route, added }: RouteMatch): IdForm | undefined {
  const isQueueable = !added && route.kind === 'creates-job' && Boolean(route.job)
  return isQueueable ? { kind: 'decimal' } : undefined
}

export function showQueued(
  { route }: RouteMatch,
  name: string,
  shown: ItemShown
): object | undefined {
  if (route.kind !== 'job-status') return undefined
  const { askedAt, reason, refusal, taskName } = shown
  const isOver = isUnstarted(shown)
  const said = refusal === undefined ? undefined : textAt(parseJson(refusal), '/message')
  const status = isOver ? 'failed' : 'submitted'
  const message = isOver ? (said ?? whyUnstarted(reason)) : ''
  const old = {
    task_id: name,
    task_status: status,
    task_status_msg: message,
    task_info: taskName === undefined ? {} : { external_task_id: taskName },
    created_at: askedAt,
    updated_at: askedAt,
  }
  const newer = {
    id: name,
    status,
    message,
    create_time: askedAt,
    update_time: askedAt,
    ...(taskName === undefined ? {} : { external_id: taskName }),
  }
  const data = route.reports?.id === `answer:${OLD_IDS}` ? old : [newer]
  return { code: 0, message: 'SUCCEED', data }
}
