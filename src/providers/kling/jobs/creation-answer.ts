/** Rebuilds Kling's answer to a creation from the task that was found (reference/kling.md section 0). */
import { textAt } from '#domain/text/json-pointer.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

export function buildAnswer(
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
  const newer = { id, status: 'submitted', create_time: now, update_time: now, ...named }
  return { code: 0, message: 'SUCCEED', data: isOld ? old : newer }
}
