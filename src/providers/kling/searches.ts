/**
 * Where an id that nobody has seen is looked for. Results of tasks have no read of their own: the newest five hundred tasks
 * of an account show theirs, and without an API key those of each kind.
 */
import { isCut } from '#domain/jobs/fingerprint.ts'
import type { Finder, IdRef, IdSearch } from '#providers/contract/provider.ts'
import type { Lease } from '#domain/slots/lease.ts'
import { EXTERNAL } from './names.ts'
import { ROUTES } from './routes.ts'

const RESULT: IdSearch = {
  path: '/tasks',
  body: '{"limit":500}',
  rows: '/data/result/*/outputs/*/id',
}

/** The v1 lists in which such results stand. */
function listsWith(rows: string): IdSearch[] {
  const lists = ROUTES.filter((route) => route.lists.includes(rows))
  return lists.map(({ path }) => ({ path: `${path}?pageSize=500`, rows }))
}

export const SEARCHES: Record<string, IdSearch> = {
  video: { ...RESULT, otherwise: listsWith('/data/*/task_result/videos/*/id') },
  audio: { ...RESULT, otherwise: listsWith('/data/*/task_result/audios/*/id') },
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

/** Long numbers, UUIDs and what older tasks were called (reference/kling.md section 5). A client's own names may be anything short. */
const FORM = /^[\w=.:+/-]{1,128}$/
const NAME_CHARS_MAX = 256

export function isSearchable({ resource }: IdRef, id: string): boolean {
  return resource === EXTERNAL ? id.length <= NAME_CHARS_MAX : FORM.test(id)
}

/** External ids in a query can be asked for; in a creation they are new, or were remembered. */
export const NAMED_TASKS: IdSearch = {
  path: '/tasks?external_task_ids={id}',
  rows: '/data/*/external_id',
}

/** Their pages say nothing of reading a task by its external id, so it is looked for on the list. */
const LISTED = new Set([
  '/v1/videos/lip-sync',
  '/v1/videos/video-extend',
  '/v1/images/multi-image2image',
  '/v1/general/ai-multi-shot',
])
/** Of names that clients made up, those that any server reads alike in a path. */
const PLAIN_NAME = /^[\w-]+$/

/**
 * Every creation goes up under a name of its own, and a task can be read by it. A list would have an end, before which
 * busy accounts make many younger tasks.
 */
export function finderOf(lease: Lease): Finder | undefined {
  const [, path = ''] = lease.route.split(' ')
  const { callbackId: name = '' } = lease.fingerprint
  // Of a very long one not all is kept: to ask for what is left would find nothing, and prove nothing.
  if (isCut(name)) return undefined
  if (!path.startsWith('/v1/')) {
    return {
      path: `/tasks?external_task_ids=${encodeURIComponent(name)}`,
      rows: '/data/*',
      id: '/id',
      title: '/title',
      createdAt: '/create_time',
      callbackId: '/external_id',
      isExact: true,
    }
  }
  const isRead = PLAIN_NAME.test(name) && !LISTED.has(path)
  return {
    path: isRead ? `${path}/${name}` : `${path}?pageNum=1&pageSize=200`,
    rows: isRead ? '/data' : '/data/*',
    id: '/task_id',
    title: '/title',
    createdAt: '/created_at',
    callbackId: '/task_info/external_task_id',
    status: '/task_status',
    ...(isRead ? { isExact: true } : { counted: { page: 'pageNum', size: 200 } }),
  }
}
