/** Older calls that make videos. */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import { BURNED_IN, captionOf, refuseTest, sharedMembers, videoBody } from './video-bodies.ts'
import {
  type Body,
  canvasOf,
  invalid,
  isTrue,
  knownRatio,
  orNull,
  PICTURES,
  present,
  textOf,
  v1,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

const PROMPT_MAX = 10_000
const ORIENTATIONS: Readonly<Record<string, string>> = {
  portrait: '9:16',
  landscape: '16:9',
  square: '1:1',
}

export const VIDEO_CREATIONS = {
  'POST /v2/video/generate': { carry: generate },
  'POST /v2/video/av4/generate': { carry: generateOfPicture },
  'POST /v1/video.webm': { carry: generateWebm },
  'POST /v1/video.generate': { carry: generateOfClips },
  'POST /v2/videos': { carry: generateLate },
  'POST /v1/video_agent/generate': { carry: generateByAgent },
}

/** v3 makes 25 frames a second, and has no watermark of HeyGen's own. */
async function generate(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  if (textOf(body, '/fps') !== undefined && Number(body['fps']) !== 25) call.lose('fps')
  if (isTrue(body['enable_watermark'])) call.lose('enable_watermark')
  const ratio = knownRatio(textOf(body, '/aspect_ratio'))
  const canvas = { ...canvasOf(call), ...(ratio === undefined ? {} : { aspect_ratio: ratio }) }
  const shared = { ...sharedMembers(call), ...canvas, caption: captionOf(call) }
  const list = 'video_inputs'
  return v2(await make(call, { list, scenes: body[list], shared }))
}

async function make(call: LegacyCall, parts: Parameters<typeof videoBody>[1]): Promise<Body> {
  return idOf(await createVideo(call, await videoBody(call, parts)))
}

function idOf(made: NewerAnswer): Body {
  return { video_id: orNull(made.body, '/data/video_id') }
}

async function generateWebm(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const avatarId = textOf(body, '/avatar_id') ?? textOf(body, '/avatar_pose_id')
  if (avatarId === undefined) throw invalid(call, 'avatar_pose_id', 'is required.')
  const { avatar_style, use_avatar_iv_model } = body
  const character = { type: 'avatar', avatar_id: avatarId, avatar_style, use_avatar_iv_model }
  const shared = { ...sharedMembers(call), ...canvasOf(call), output_format: 'webm' }
  const scenes = [{ character, voice: oldVoice(call, body, '') }]
  const made = await make(call, { list: 'scene', scenes, shared })
  return { code: 100, data: made, msg: null, message: null }
}

/** The speech of v1, as a voice of v2. */
function oldVoice(call: LegacyCall, from: unknown, at: string): Body {
  const audio = textOf(from, '/input_audio')
  if (audio !== undefined) return { type: 'audio', audio_url: audio }
  const text = textOf(from, '/input_text')
  if (text === undefined) throw invalid(call, `${at}input_text`, 'is required.')
  return { type: 'text', input_text: text, voice_id: textOf(from, '/voice_id') }
}

async function generateOfClips(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const clips: unknown[] = Array.isArray(body['clips']) ? body['clips'] : []
  const background = oldBackground(textOf(body, '/background'))
  const scenes = clips.map((clip, index) => {
    const voice = oldVoice(call, clip, `clips[${index}].`)
    return { character: clip, voice, ...(background ? { background } : {}) }
  })
  const hasCaption = clips.some((clip) => isTrue(valueAt(clip, '/caption')))
  const shared = {
    ...sharedMembers(call),
    aspect_ratio: knownRatio(textOf(body, '/ratio')) ?? '16:9',
    resolution: '1080p',
    caption: hasCaption ? BURNED_IN : undefined,
  }
  return v1(await make(call, { list: 'clips', scenes, shared }))
}

function oldBackground(value: string | undefined): Body | undefined {
  if (value === undefined) return undefined
  return /^https?:/.test(value) ? { type: 'image', url: value } : { type: 'color', value }
}

/** A picture has no engine in v3: it is always Avatar IV, as it was here. */
async function generateOfPicture(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const key = textOf(body, '/image_key')
  if (key === undefined) throw invalid(call, 'image_key', 'is required.')
  const orientation = textOf(body, '/video_orientation')
  const hasSize = body['dimension'] !== undefined && body['dimension'] !== null
  const sized = orientation === undefined && hasSize ? canvasOf(call).aspect_ratio : 'auto'
  for (const name of ['enhance_custom_motion_prompt', 'talking_style', 'emotion']) {
    if (textOf(body, `/${name}`) !== undefined || isTrue(body[name])) call.lose(name)
  }
  const rest = present({
    title: textOf(body, '/video_title'),
    ...speechOfPicture(call),
    aspect_ratio: ORIENTATIONS[orientation ?? ''] ?? sized,
    resolution: '1080p',
    fit: oneOf(textOf(body, '/fit'), ['cover', 'contain']),
    motion_prompt: textOf(body, '/custom_motion_prompt'),
    caption: isTrue(body['caption']) ? BURNED_IN : undefined,
    callback_id: textOf(body, '/callback_id'),
    callback_url: textOf(body, '/callback_url'),
  })
  return v2(idOf(await createOfPicture(call, key, rest)))
}

function speechOfPicture(call: LegacyCall): Body {
  const { body } = call
  const script = textOf(body, '/script')
  if (script !== undefined) return { script, voice_id: textOf(body, '/voice_id') }
  const audio = textOf(body, '/audio_asset_id')
  if (audio !== undefined) return { audio_asset_id: audio }
  const url = textOf(body, '/audio_url')
  if (url === undefined) throw invalid(call, 'script', 'is required, or an audio.')
  return { audio_url: url }
}

function oneOf(text: string | undefined, words: readonly string[]): string | undefined {
  return text !== undefined && words.includes(text) ? text : undefined
}

/** A key names its upload. Of an upload that v3 does not know, the picture is read from where the older API kept it. */
async function createOfPicture(call: LegacyCall, key: string, rest: Body): Promise<NewerAnswer> {
  const type = 'image'
  const assetId = /^image\/([^/]+)\//.exec(key)?.[1]
  if (assetId !== undefined) {
    const image = { type: 'asset_id', asset_id: assetId }
    const answer = await tryCreateVideo(call, { type, image, ...rest })
    if (answer.status < 400) return answer
    if (textAt(answer.body, '/error/code') !== 'asset_not_found') throw new RefusedByNewer(answer)
  }
  const image = { type: 'url', url: /^https?:/.test(key) ? key : PICTURES + key }
  return createVideo(call, { type, image, ...rest })
}

/** This late family had v3's bodies, and Avatar IV. */
async function generateLate(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const names = `script voice_id audio_url audio_asset_id title resolution aspect_ratio motion_prompt expressiveness
    remove_background callback_url callback_id output_format`
  const same = Object.fromEntries(names.split(/\s+/).map((name) => [name, body[name]]))
  const made = await createVideo(
    call,
    present({
      ...lateSubject(call),
      ...same,
      resolution: lateResolution(call),
      background: membersOf(body['background'], ['type', 'value', 'url', 'asset_id']),
      voice_settings: membersOf(body['voice_settings'], [
        'speed',
        'pitch',
        'volume',
        'locale',
        'engine_settings',
      ]),
      caption: isTrue(body['caption'])
        ? BURNED_IN
        : membersOf(body['caption'], ['file_format', 'style']),
    })
  )
  const [status, format] = ['/data/status', '/data/output_format'].map((at) =>
    orNull(made.body, at)
  )
  return v2({ ...idOf(made), status, output_format: format })
}

function lateSubject(call: LegacyCall): Body {
  const { body } = call
  const avatarId = textOf(body, '/avatar_id')
  if (avatarId !== undefined) {
    return { type: 'avatar', avatar_id: avatarId, engine: { type: lateEngine(call) } }
  }
  const url = textOf(body, '/image_url')
  if (url !== undefined) return { type: 'image', image: { type: 'url', url } }
  const assetId = textOf(body, '/image_asset_id')
  if (assetId === undefined) throw invalid(call, 'avatar_id', 'is required, or an image.')
  return { type: 'image', image: { type: 'asset_id', asset_id: assetId } }
}

function lateResolution(call: LegacyCall): unknown {
  const given = call.body['resolution']
  if (call.settings.legacy4k === 'allow' || String(given).toLowerCase() !== '4k') return given
  call.lose('resolution')
  return '1080p'
}

/** An engine that cannot be read is refused: v3 would take its own, which is dearer than some. */
function lateEngine(call: LegacyCall): string {
  const given = call.body['engine']
  if (given === undefined || given === null) return 'avatar_iv'
  const type = typeof given === 'string' ? textOf(call.body, '/engine') : textOf(given, '/type')
  if (type === undefined) throw invalid(call, 'engine', 'must have a type.')
  return type
}

function membersOf(value: unknown, names: readonly string[]): Body | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return present(Object.fromEntries(names.map((name) => [name, valueAt(value, `/${name}`)])))
}

/**
 * v3 has no length for an agent's video, so the prompt asks for it. Its answer may have no video yet; then the session stands for
 * it, and `video_status.get` finds the video by it.
 */
async function generateByAgent(call: LegacyCall): Promise<unknown> {
  refuseTest(call)
  const { body } = call
  const prompt = textOf(body, '/prompt')
  if (prompt === undefined) throw invalid(call, 'prompt', 'is required.')
  const at = (name: string) => textOf(body, `/${name}`) ?? textOf(body, `/config/${name}`)
  const files: unknown[] = Array.isArray(body['files']) ? body['files'] : []
  const assetIds = files.map((file) => textOf(file, '/asset_id')).filter(isText)
  const made = await call.ask({
    method: 'POST',
    path: '/v3/video-agents',
    body: present({
      prompt: promptWithLength(call, prompt, at('duration_sec')),
      mode: 'generate',
      avatar_id: at('avatar_id'),
      voice_id: at('voice_id'),
      orientation: oneOf(at('orientation'), ['landscape', 'portrait']),
      files:
        assetIds.length > 0
          ? assetIds.map((id) => ({ type: 'asset_id', asset_id: id }))
          : undefined,
      callback_url: textOf(body, '/callback_url'),
      callback_id: textOf(body, '/callback_id'),
      incognito_mode:
        body['incognito_mode'] === undefined ? undefined : isTrue(body['incognito_mode']),
    }),
  })
  const session = orNull(made.body, '/data/session_id')
  return v2({ video_id: textOf(made.body, '/data/video_id') ?? session, session_id: session })
}

function isText(text: string | undefined): text is string {
  return text !== undefined
}

function promptWithLength(call: LegacyCall, prompt: string, seconds: string | undefined): string {
  if (seconds === undefined) return prompt
  const whole = `${prompt}\n\nMake the video about ${seconds} seconds long.`
  if (whole.length <= PROMPT_MAX) return whole
  call.lose('duration_sec')
  return prompt
}

/**
 * Makes the video. v3 refuses a folder or settings of a voice that it does not take; it has started nothing then, and the video is
 * made without them.
 */
async function createVideo(call: LegacyCall, body: Body): Promise<NewerAnswer> {
  const answer = await tryCreateVideo(call, body)
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  return answer
}

async function tryCreateVideo(call: LegacyCall, body: Body): Promise<NewerAnswer> {
  const answer = await call.tryAsk({ method: 'POST', path: '/v3/videos', body })
  if (isAbout(answer, 'folder_id') && body['folder_id'] !== undefined) {
    call.lose('folder_id')
    return tryCreateVideo(call, without(body, 'folder_id'))
  }
  const plain = without(body, 'engine_settings')
  const hasSettings = JSON.stringify(plain) !== JSON.stringify(body)
  if (!isAbout(answer, 'engine_settings') || !hasSettings) return answer
  call.lose('elevenlabs_settings')
  return tryCreateVideo(call, plain)
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
