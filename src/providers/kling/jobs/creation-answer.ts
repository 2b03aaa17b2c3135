/** Kling's answer to a creation, made of the task that was found when the real one was lost (reference/kling.md 0). */
import { textAt } from '#domain/text/json-pointer.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

export function creationAnswer(
  { route }: RouteMatch,
  [start]: readonly JobStart[],
  body: unknown,
  now: number
): object {
  const isOld = route.path.startsWith('/v1/')
  const name = textAt(body, isOld ? '/external_task_id' : '/options/external_task_id')
  const id = start?.jobId ?? null
  const old = {
    task_id: id,
    task_status: 'submitted',
    task_info: name === undefined ? {} : { external_task_id: name },
    created_at: now,
    updated_at: now,
  }
  const named = name === undefined ? {} : { external_id: name }
  const young = { id, status: 'submitted', create_time: now, update_time: now, ...named }
  return { code: 0, message: 'SUCCEED', data: isOld ? old : young }
}
