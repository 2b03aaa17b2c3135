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

/** By the first segment of the creation's path. Tasks for voices and elements make no file. */
const KINDS: Record<string, JobFile['kind']> = {
  videos: 'video',
  images: 'image',
  audio: 'audio',
  'text-to-video': 'video',
  'image-to-video': 'video',
  'omni-video': 'video',
  'motion-control': 'video',
}

export function fileOf({ route, ask }: Pick<Lease, 'route' | 'ask'>): JobFile | undefined {
  const group = /^POST \/(?:v1\/)?([^/]+)/.exec(route)?.[1] ?? ''
  const kind = KINDS[group]
  return kind === undefined || ask === undefined ? undefined : { kind, ask, at: AT }
}
