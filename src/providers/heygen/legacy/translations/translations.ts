/** Older calls about translations of videos, and about their proofreads. */
import { AppError } from '#domain/runtime/errors.ts'
import { textsAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerCall } from '#providers/contract/provider.ts'
import {
  type Body,
  flag,
  invalid,
  isTrue,
  mayBeTrue,
  num,
  orNull,
  present,
  segment,
  textOf,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

export const TRANSLATIONS = {
  'GET /v2/video_translate/target_languages': { carry: languages },
  'POST /v2/video_translate': { carry: translate },
  'GET /v2/video_translate/{video_translate_id}': { carry: status },
  'GET /v2/video_translate/caption': { carry: caption },
  'POST /v2/video_translate/proofread': { carry: proofread },
  'GET /v2/video_translate/proofread/status/{proofread_id}': { carry: proofreadStatus },
  'GET /v2/video_translate/proofread/{proofread_id}/download-srt': { carry: downloadSrt },
  'POST /v2/video_translate/proofread/{proofread_id}/upload-srt': { carry: uploadSrt },
  'POST /v2/video_translate/proofread/{proofread_id}/generate': { carry: generate },
}

const MODES: Readonly<Record<string, string>> = {
  fast: 'speed',
  speed: 'speed',
  quality: 'precision',
  precision: 'precision',
}

const STATES: Readonly<Record<string, string>> = {
  pending: 'pending',
  running: 'running',
  completed: 'success',
  failed: 'failed',
}

/** Members of v2 that v3 has nowhere. It always makes subtitles, so `enable_caption` changes nothing there. */
const LOST_OF_TRANSLATION = [
  'enable_caption',
  'use_disguised_voice',
  'check_credits_sync',
  'create_collection',
  'srt_key',
  'instruction',
  'vocabulary',
  'project_id',
]

/** Both have names of languages, not codes. */
async function languages(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: '/v3/video-translations/languages' })
  return v2({ languages: orNull(body, '/data/languages') })
}

/** Each language is a job of its own and costs by itself, as in v2. */
async function translate(call: LegacyCall): Promise<unknown> {
  const { body } = call
  if (mayBeTrue(body['validate_only'])) {
    throw invalid(
      call,
      'validate_only',
      'cannot be true: v3 would start a paid job. None was started.'
    )
  }
  const output_languages = languagesOf(call)
  const made = await call.ask({
    method: 'POST',
    path: '/v3/video-translations',
    body: present({
      ...shared(call),
      video: await videoOf(call),
      output_languages,
      title: textOf(body, '/name') ?? textOf(body, '/title'),
      audio: atUrl(textOf(body, '/audio_url')),
      srt_role: textOf(body, '/srt_role'),
      input_language: textOf(body, '/input_language'),
      translate_audio_only: flag(body['translate_audio_only']),
      callback_id: textOf(body, '/callback_id'),
      callback_url: textOf(body, '/callback_url'),
      enable_dynamic_duration:
        flag(body['enable_video_stretching']) ?? flag(body['enable_dynamic_duration']),
      enable_watermark: flag(body['enable_watermark']),
      start_time: num(body['start_time']),
      end_time: num(body['end_time']),
      fps_mode: textOf(body, '/fps_mode'),
      stock_voice_config: stockVoices(body['stock_voice_config']),
    }),
  })
  call.lose(...LOST_OF_TRANSLATION.filter((name) => body[name]))
  const ids = textsAt(made.body, '/data/video_translation_ids/*')
  return v2(
    isList(body['output_languages'])
      ? { video_translate_id: null, video_translate_ids: ids }
      : { video_translate_id: ids[0] ?? null, video_translate_ids: null }
  )
}

async function status(call: LegacyCall): Promise<unknown> {
  const body = await translationOf(call, call.params['video_translate_id'])
  const isAudio = isTrue(orNull(body, '/data/translate_audio_only'))
  return v2({
    video_translate_id: orNull(body, '/data/id'),
    title: orNull(body, '/data/title'),
    output_language: orNull(body, '/data/output_language'),
    status: STATES[textOf(body, '/data/status') ?? ''] ?? 'running',
    url: orNull(body, '/data/video_url') ?? (isAudio ? orNull(body, '/data/audio_url') : null),
    message: orNull(body, '/data/failure_message'),
    callback_id: orNull(body, '/data/callback_id'),
  })
}

/** v3 answers 200 with nulls until the translation is done. */
async function caption(call: LegacyCall): Promise<unknown> {
  const type = call.query.get('caption_type') || 'srt'
  if (type !== 'srt' && type !== 'vtt') throw invalid(call, 'caption_type', 'must be srt or vtt.')
  const body = await translationOf(call, call.query.get('video_translate_id'))
  const state = textOf(body, '/data/status')
  if (state === 'failed') {
    throw new AppError('not_found', 'caption not found', { providerCode: 'not_found' })
  }
  if (state !== 'completed') throw notReady('This translation is not ready yet.')
  return v2({ caption_url: orNull(body, `/data/${type}_caption_url`) })
}

async function translationOf(call: LegacyCall, given: unknown): Promise<unknown> {
  const id = segment(call, 'video_translate_id', given)
  return (await call.ask({ method: 'GET', path: `/v3/video-translations/${id}` })).body
}

/** v3 needs a title, and takes no callback here, so the gateway delivers the end. */
async function proofread(call: LegacyCall): Promise<unknown> {
  const { body } = call
  const video_url = textOf(body, '/video_url')
  if (video_url === undefined) throw invalid(call, 'video_url', 'is required.')
  const output_languages = languagesOf(call)
  const made = await call.ask({
    method: 'POST',
    path: '/v3/video-translations/proofreads',
    body: present({
      ...shared(call),
      video: atUrl(video_url),
      output_languages,
      title: textOf(body, '/title') ?? 'untitled',
      enable_video_stretching: flag(body['enable_video_stretching']),
    }),
    reply: replyOf(call),
  })
  const ids = textsAt(made.body, '/data/proofread_ids/*')
  const isOne = output_languages.length === 1
  return v2({
    proofread_id: isOne ? (ids[0] ?? null) : null,
    proofread_ids: isOne ? null : ids,
    status: orNull(made.body, '/data/status'),
  })
}

async function proofreadStatus(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: proofreadPath(call) })
  return v2({
    proofread_id: orNull(body, '/data/id'),
    status: orNull(body, '/data/status'),
    details: orNull(body, '/data/failure_message'),
    submitted_for_review: orNull(body, '/data/submitted_for_review') ?? false,
  })
}

async function downloadSrt(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: `${proofreadPath(call)}/srt` })
  return v2({ srt_url: orNull(body, '/data/srt_url') })
}

async function uploadSrt(call: LegacyCall): Promise<unknown> {
  const srt = atUrl(textOf(call.body, '/srt_file_url'))
  if (!srt) throw invalid(call, 'srt_file_url', 'is required.')
  const path = `${proofreadPath(call)}/srt`
  const { body } = await call.ask({ method: 'PUT', path, body: { srt } })
  return v2({ proofread_id: orNull(body, '/data/id') })
}

async function generate(call: LegacyCall): Promise<unknown> {
  const { body } = call
  const made = await call.ask({
    method: 'POST',
    path: `${proofreadPath(call)}/generate`,
    body: present({
      translate_audio_only: flag(body['translate_audio_only']),
      callback_id: textOf(body, '/callback_id'),
      callback_url: textOf(body, '/callback_url'),
    }),
  })
  const state = orNull(made.body, '/data/status')
  return v2({
    video_translate_id: orNull(made.body, '/data/video_translation_id'),
    status: state === 'processing' ? 'pending' : state,
  })
}

function proofreadPath(call: LegacyCall): string {
  const id = segment(call, 'proofread_id', call.params['proofread_id'])
  return `/v3/video-translations/proofreads/${id}`
}

/** What translations and proofreads have in common. */
function shared(call: LegacyCall): Body {
  const { body } = call
  return {
    mode: modeOf(call),
    srt: atUrl(textOf(body, '/srt_url')),
    speaker_num: num(body['speaker_num']),
    folder_id: textOf(body, '/folder_id'),
    brand_glossary_id: textOf(body, '/brand_glossary_id') ?? textOf(body, '/brand_voice_id'),
    keep_the_same_format: flag(body['keep_the_same_format']),
    disable_music_track: flag(body['disable_music_track']),
    enable_speech_enhancement: flag(body['enable_speech_enhancement']),
  }
}

/** Without a mode v3 translates with `speed`, the cheaper one. */
function modeOf(call: LegacyCall): string | undefined {
  const given = textOf(call.body, '/mode')
  const mode = MODES[given ?? '']
  if (given !== undefined && mode === undefined) call.lose('mode')
  return mode
}

/** A list wins over a single language. */
function languagesOf(call: LegacyCall): string[] {
  const { output_language: one, output_languages: several } = call.body
  const given = isList(several) ? textsAt(several, '/*') : textsAt({ one }, '/one')
  if (given.length === 0) throw invalid(call, 'output_language', 'is required.')
  return given
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0
}

/** A video of HeyGen's is translated by the URL of its file, which anybody can read for some days. */
async function videoOf(call: LegacyCall): Promise<Body> {
  const { body } = call
  const given = textOf(body, '/input_video_id') ?? textOf(body, '/video_id')
  const url = textOf(body, '/google_url') ?? textOf(body, '/video_url')
  if (given === undefined) {
    if (url === undefined) throw invalid(call, 'video_url', 'is required.')
    return { type: 'url', url }
  }
  const id = segment(call, 'video_id', given)
  const answer = await call.ask({ method: 'GET', path: `/v3/videos/${id}` })
  const made = textOf(answer.body, '/data/video_url')
  if (made === undefined) throw notReady('This video has no file yet.')
  return { type: 'url', url: made }
}

function stockVoices(given: unknown): Body | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const ids = textsAt(given, '/preferred_stock_voice_ids/*')
  return present({
    use_stock_voice: flag(valueAt(given, '/use_stock_voice')),
    preferred_stock_voice_ids: ids.length === 0 ? undefined : ids,
  })
}

/** Only the client's own callback URL: its `callback_id` alone says nothing to anybody. */
function replyOf({ body }: LegacyCall): NewerCall['reply'] {
  const url = textOf(body, '/callback_url')
  return url === undefined ? undefined : { url, callbackId: textOf(body, '/callback_id') }
}

function atUrl(url: string | undefined): Body | undefined {
  return url === undefined ? undefined : { type: 'url', url }
}

function notReady(message: string): AppError {
  return new AppError('bad_request', message, { providerCode: 'resource_not_ready' })
}
