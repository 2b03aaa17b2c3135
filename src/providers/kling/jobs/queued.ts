/** Which of Kling's creations can be queued, and how their tasks are shown until they begin (reference/kling.md section 0). */
import { isUnstarted, whyUnstarted } from '#domain/queue/shown.ts'
import type { IdForm, ItemShown } from '#domain/queue/item.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

/** The v1 paths. The status of one task is read at the same path and its id. */
const QUEUEABLE = new Set(['/v1/videos/text2video'])

export function queueForm({ route, added }: RouteMatch): IdForm | undefined {
  const isQueueable = !added && route.method === 'POST' && QUEUEABLE.has(route.path)
  return isQueueable ? { kind: 'decimal' } : undefined
}

export function showQueued(
  { route }: RouteMatch,
  name: string,
  shown: ItemShown
): object | undefined {
  if (!isStatus(route)) return undefined
  const { askedAt, reason, refusal } = shown
  const isOver = isUnstarted(shown)
  const said = refusal === undefined ? undefined : textAt(parseJson(refusal), '/message')
  return {
    code: 0,
    message: 'SUCCEED',
    data: {
      task_id: name,
      task_status: isOver ? 'failed' : 'submitted',
      task_status_msg: isOver ? (said ?? whyUnstarted(reason)) : '',
      task_info: {},
      created_at: askedAt,
      updated_at: askedAt,
    },
  }
}

function isStatus({ method, path }: RouteMatch['route']): boolean {
  return method === 'GET' && path.endsWith('/{id}') && QUEUEABLE.has(path.slice(0, -'/{id}'.length))
}
