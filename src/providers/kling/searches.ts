/**
 * Where an id that nobody has seen is looked for. Results of tasks have no read of their own: the newest five hundred tasks
 * of an account show theirs.
 */
import type { Finder, IdSearch } from '#providers/provider.ts'
import type { Lease } from '#domain/lease.ts'

const RESULT: IdSearch = {
  path: '/tasks',
  body: '{"limit":500}',
  rows: '/data/result/*/outputs/*/id',
}

export const SEARCHES: Record<string, IdSearch> = {
  video: RESULT,
  audio: RESULT,
  task: { path: '/tasks?task_ids={id}', rows: '/data/*/id' },
  voice: {
    path: '/v1/general/custom-voices?pageSize=1000',
    rows: '/data/*/task_result/voices/*/voice_id',
  },
  element: {
    path: '/v1/general/advanced-custom-elements?pageSize=500',
    rows: '/data/*/task_result/elements/*/element_id',
  },
}

/** External ids in a query can be asked for; in a creation they are new, or were remembered. */
export const NAMED_TASKS: IdSearch = {
  path: '/tasks?external_task_ids={id}',
  rows: '/data/*/external_id',
}

/** Every creation goes up under a name of its own, which the lists show. */
export function finderOf(lease: Lease): Finder {
  const [, path = ''] = lease.route.split(' ')
  if (!path.startsWith('/v1/')) {
    const name = encodeURIComponent(lease.clue.callbackId ?? '')
    return {
      path: `/tasks?external_task_ids=${name}`,
      rows: '/data/*',
      id: '/id',
      title: '/title',
      createdAt: '/create_time',
      callbackId: '/external_id',
    }
  }
  return {
    path: `${path}?pageNum=1&pageSize=200`,
    rows: '/data/*',
    id: '/task_id',
    title: '/title',
    createdAt: '/created_at',
    callbackId: '/task_info/external_task_id',
  }
}
