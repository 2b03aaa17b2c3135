/** Older calls that make, show, list and delete videos. */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import {
  canvasOf,
  captionOf,
  knownRatio,
  refuseTest,
  sharedMembers,
  type Speech,
  videoBody,
} from './video-bodies.ts'
import { type Body, invalid, isTrue, orNull, segment, textOf, v1, v2 } from './words.ts'

const STATES = new Set(['waiting', 'pending', 'processing', 'completed', 'failed'])

export const VIDEOS = {
  'POST /v2/video/generate': { carry: generate },
  'GET /v1/video_status.get': { carry: videoStatus },
}

/** v3 makes 25 frames a second, and has no watermark of HeyGen's own. */
async function generate(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  if (textOf(body, '/fps') !== undefined && Number(body['fps']) !== 25) call.lose('fps')
  if (isTrue(body['enable_watermark'])) call.lose('enable_watermark')
  const ratio = knownRatio(textOf(body, '/aspect_ratio'))
  const canvas = { ...canvasOf(call), ...(ratio === undefined ? {} : { aspect_ratio: ratio }) }
  const made = await createVideo(
    call,
    await videoBody(call, {
      list: 'video_inputs',
      scenes: body['video_inputs'],
      shared: { ...sharedMembers(call), ...canvas, caption: captionOf(call) },
      voice: (speech) => voiced(call, speech),
    })
  )
  return v2({ video_id: orNull(made.body, '/data/video_id') })
}

/**
 * Makes the video. v3 refuses a folder or settings of a voice that it does not take; it has started nothing then, and the video is
 * made without them.
 */
async function createVideo(call: LegacyCall, body: Body): Promise<NewerAnswer> {
  const answer = await call.tryAsk({ method: 'POST', path: '/v3/videos', body })
  if (answer.status < 400) return answer
  if (isAbout(answer, 'folder_id') && body['folder_id'] !== undefined) {
    call.lose('folder_id')
    return createVideo(call, without(body, 'folder_id'))
  }
  const plain = without(body, 'engine_settings')
  if (!isAbout(answer, 'engine_settings') || JSON.stringify(plain) === JSON.stringify(body)) {
    throw new RefusedByNewer(answer)
  }
  call.lose('elevenlabs_settings')
  return createVideo(call, plain)
}

function isAbout({ status, body }: NewerAnswer, member: string): boolean {
  if (status !== 400 || textAt(body, '/error/code') !== 'invalid_parameter') return false
  const said = textAt(body, '/error/param') ?? textAt(body, '/error/message') ?? ''
  return said.includes(member)
}

/** Without the member, wherever it stands. */
function without(body: Body, member: string): Body {
  const drop = (name: string, value: unknown) => (name === member ? undefined : value)
  return JSON.parse(JSON.stringify(body, drop)) as Body
}

async function voiced(call: LegacyCall, speech: Speech): Promise<Body> {
  if (!('silence' in speech)) return speech as Body
  throw invalid(call, 'voice.type', 'cannot be silence.')
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
