/** Where Kling's task answers show the file that a task made (reference/kling.md). */
import type { Lease } from '#domain/slots/lease.ts'
import type { JobFile } from '#providers/contract/provider.ts'

/** In the older shape of a task, then in the newer one, which is a list. */
const AT = [
  '/data/task_result/videos/0/url',
  '/data/task_result/images/0/url',
  '/data/task_result/audios/0/url_mp3',
  '/data/0/outputs/0/url',
  '/data/0/outputs/0/mp3_url',
]

export function fileOf({ route, ask }: Pick<Lease, 'route' | 'ask'>): JobFile | undefined {
  if (ask === undefined) return undefined
  const [, , version, group] = route.split('/')
  const of = version === 'v1' ? group : version
  const kind = /image/.test(of ?? '') && !/video/.test(of ?? '') ? 'image' : 'video'
  return { kind: of === 'audio' ? 'audio' : kind, ask, at: AT }
}
