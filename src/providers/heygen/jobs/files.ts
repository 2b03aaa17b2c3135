/** Where HeyGen's status answers show the file that a job made (reference/heygen-endpoints.json, the examples). */
import type { Lease } from '#domain/slots/lease.ts'
import type { JobFile } from '#providers/contract/provider.ts'

const VIDEO = ['/data/video_url']

/** By the kind of the watched thing. */
const FILES: Record<string, Omit<JobFile, 'ask'>> = {
  video: { kind: 'video', at: [...VIDEO, '/data/audio_url'] },
  translation: { kind: 'video', at: [...VIDEO, '/data/url'] },
  lipsync: { kind: 'video', at: VIDEO },
  render: { kind: 'video', at: VIDEO },
  'filler-word-removal': { kind: 'video', at: VIDEO },
  'background-removal': { kind: 'video', at: VIDEO },
  podcast: { kind: 'video', at: VIDEO },
  'ai-clipping': { kind: 'video', at: ['/data/clips/0/video_url'] },
  'photo-generation': { kind: 'image', at: ['/data/image_url_list/0'] },
}

export function fileOf({ watch, ask }: Pick<Lease, 'watch' | 'ask'>): JobFile | undefined {
  const [first = ''] = watch
  const known = FILES[first.slice(0, first.indexOf(':'))]
  if (known) return ask === undefined ? undefined : { ...known, ask }
  // The session of an agent shows only the id of its video.
  const video = watch.find((name) => name.startsWith('video:'))?.slice('video:'.length)
  if (video === undefined) return undefined
  return { kind: 'video', ask: `/v3/videos/${encodeURIComponent(video)}`, at: VIDEO }
}
