/** Older calls that show, list and delete videos. */
import { markOf } from '#domain/queue/item-name.ts'
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import {
  type Body,
  clamped,
  orNull,
  segment,
  textOf,
  v1,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

const STATES = new Set(['waiting', 'pending', 'processing', 'completed', 'failed'])
const ROWS_A_PAGE = 100

export const VIDEOS = {
  'GET /v1/video_status.get': { carry: videoStatus },
  'GET /v1/video/caption.get': { carry: captionStatus },
  'GET /v1/video.list': { carry: listVideos },
  'DELETE /v1/video.delete': { carry: deleteVideo },
  'GET /v2/videos': { carry: listLate },
  'GET /v2/videos/{video_id}': { carry: showLate },
  'DELETE /v2/videos/{video_id}': { carry: deleteLate },
}

/** v3 shows no `callback_id`, and its subtitles are .srt where v1 had .ass. */
async function videoStatus(call: LegacyCall): Promise<unknown> {
  const asked = call.query.get('video_id')
  const id = segment(call, 'video_id', asked)
  const answer = await call.tryAsk({ method: 'GET', path: `/v3/videos/${id}` })
  if (answer.status < 400) return v1(statusOf(answer.body))
  const session = isMissing(answer) ? await sessionStatus(call, id) : undefined
  if (!session) throw new RefusedByNewer(answer)
  return v1({ ...session, id: asked })
}

function isMissing({ status, body }: NewerAnswer): boolean {
  return status === 404 && textAt(body, '/error/code') === 'video_not_found'
}

/** The video of an agent's session. Undefined: there is no such session either. */
async function sessionStatus(call: LegacyCall, id: string): Promise<Body | undefined> {
  const session = await call.tryAsk({ method: 'GET', path: `/v3/video-agents/${id}` })
  if (session.status === 404) return undefined
  if (session.status >= 400) throw new RefusedByNewer(session)
  const videoId = textOf(session.body, '/data/video_id')
  if (videoId !== undefined) {
    const path = `/v3/videos/${encodeURIComponent(videoId)}`
    return statusOf((await call.ask({ method: 'GET', path })).body)
  }
  const state = textOf(session.body, '/data/status')
  if (state === undefined) throw new RefusedByNewer({ ...session, status: 502 })
  const isOver = ['completed', 'failed'].includes(state)
  const why = textOf(session.body, '/data/error/message') ?? 'The agent made no video.'
  const data = isOver
    ? {
        status: 'failed',
        failure_message: why,
        failure_code: textOf(session.body, '/data/error/code'),
      }
    : { status: 'processing' }
  return statusOf({ data })
}

/** An answer without a status shows nothing. It must not look like a video that is being made. */
function statusOf(body: unknown): Body {
  const said = textOf(body, '/data/status')
  if (said === undefined) throw new RefusedByNewer({ status: 502, body })
  const status = stateOf(said, textOf(body, '/data/id'))
  return {
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
  }
}

function stateOf(status: string, id = ''): string {
  // What waits in the line of the gateway: v1's word for that is another.
  if (status === 'waiting' && markOf(id)) return 'pending'
  return STATES.has(status) ? status : 'processing'
}

function failureOf(body: unknown): unknown {
  const message = orNull(body, '/data/failure_message')
  return { code: orNull(body, '/data/failure_code'), detail: message, message }
}

/** v3 makes a captioned video only if captions were asked for when it was made. */
async function captionStatus(call: LegacyCall): Promise<unknown> {
  const given = call.query.get('video_id') ?? call.body['video_id']
  const id = segment(call, 'video_id', given)
  const { body } = await call.ask({ method: 'GET', path: `/v3/videos/${id}` })
  const link = textOf(body, '/data/captioned_video_url')
  const status = textOf(body, '/data/status')
  const done = status === 'completed' && link !== undefined ? 2 : 1
  return v1({
    video_id: orNull(body, '/data/id'),
    caption_status: status === 'failed' ? 3 : status === 'pending' ? 0 : done,
    video_url_caption: link ?? null,
  })
}

async function listVideos(call: LegacyCall): Promise<unknown> {
  const limit = clamped(call.query.get('limit') ?? ROWS_A_PAGE, 1, 100) ?? ROWS_A_PAGE
  const { body } = await call.ask({
    method: 'GET',
    path: '/v3/videos',
    query: { ...queryOf(call, ['token', 'folder_id', 'title']), limit },
  })
  const rows = valueAt(body, '/data')
  const hasMore = valueAt(body, '/has_more') !== false
  const data = {
    token: hasMore ? orNull(body, '/next_token') : null,
    videos: (Array.isArray(rows) ? rows : []).map(rowOf),
  }
  return { code: 100, data, msg: null, message: 'Success' }
}

function rowOf(row: unknown): Body {
  return {
    video_id: orNull(row, '/id'),
    video_title: orNull(row, '/title'),
    status: stateOf(textOf(row, '/status') ?? '', textOf(row, '/id')),
    type: textOf(row, '/output_language') === undefined ? 'GENERATED' : 'TRANSLATED',
    created_at: orNull(row, '/created_at'),
  }
}

function queryOf(call: LegacyCall, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, call.query.get(name) ?? undefined]))
}

async function deleteVideo(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'video_id', call.query.get('video_id'))
  await call.ask({ method: 'DELETE', path: `/v3/videos/${id}` })
  return { code: 100, data: null, msg: null }
}

async function listLate(call: LegacyCall): Promise<unknown> {
  const query = queryOf(call, ['limit', 'token', 'folder_id', 'title'])
  const { body } = await call.ask({ method: 'GET', path: '/v3/videos', query })
  const [data, has_more, next_token] = ['/data', '/has_more', '/next_token'].map((at) =>
    orNull(body, at)
  )
  return { error: null, data, has_more, next_token }
}

async function showLate(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: latePath(call) })
  return v2(orNull(body, '/data'))
}

async function deleteLate(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'DELETE', path: latePath(call) })
  return v2(orNull(body, '/data'))
}

function latePath({ params }: LegacyCall): string {
  return `/v3/videos/${encodeURIComponent(params['video_id'] ?? '')}`
}
