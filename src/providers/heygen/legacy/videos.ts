/** Older calls that make, show, list and delete videos. */
import type { LegacyCall } from '#providers/contract/provider.ts'
import { orNull, segment, textOf, v1 } from './words.ts'

const STATES = new Set(['waiting', 'pending', 'processing', 'completed', 'failed'])

export const VIDEOS = {
  'GET /v1/video_status.get': { carry: videoStatus },
}

/** v3 shows no `callback_id`, and its subtitles are .srt where v1 had .ass. */
async function videoStatus(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'video_id', call.query.get('video_id'))
  const { body } = await call.ask({ method: 'GET', path: `/v3/videos/${id}` })
  const status = stateOf(textOf(body, '/data/status'))
  return v1({
    id: orNull(body, '/data/id'),
    status,
    video_url: orNull(body, '/data/video_url'),
    thumbnail_url: orNull(body, '/data/thumbnail_url'),
    gif_url: orNull(body, '/data/gif_url'),
    duration: orNull(body, '/data/duration'),
    created_at: orNull(body, '/data/created_at'),
    video_url_caption: orNull(body, '/data/captioned_video_url'),
    caption_url: orNull(body, '/data/subtitle_url'),
    callback_id: null,
    error: status === 'failed' ? failureOf(body) : null,
  })
}

function stateOf(status: string | undefined): string {
  return status !== undefined && STATES.has(status) ? status : 'processing'
}

function failureOf(body: unknown): unknown {
  const message = orNull(body, '/data/failure_message')
  return { code: orNull(body, '/data/failure_code'), detail: message, message }
}
