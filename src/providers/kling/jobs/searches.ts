/** Finds the task of a lost creation, by the name that the creation was sent with. */
import { isCut } from '#domain/jobs/fingerprint.ts'
import type { Lease } from '#domain/slots/lease.ts'
import type { JobSearch } from '#providers/contract/provider.ts'

/** Tasks that are not documented to be read by an external id. They are looked for in their list. */
const LISTED = new Set([
  '/v1/videos/lip-sync',
  '/v1/videos/video-extend',
  '/v1/images/multi-image2image',
  '/v1/general/ai-multi-shot',
])
/** Names that every server reads alike in a path. */
const PLAIN_NAME = /^[\w-]+$/

/** Reads a task by its name if that is possible, because the list of a busy account may not reach back to the task. */
export function searchOf(lease: Lease): JobSearch | undefined {
  const [, path = ''] = lease.route.split(' ')
  const { callbackId: name = '' } = lease.fingerprint
  // A very long name is stored cut off. A search for a part of a name would prove nothing.
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
