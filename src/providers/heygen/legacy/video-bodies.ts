/**
 * Bodies of v3 for older calls that make videos (reference/heygen-legacy-bridge.md section 6, corrected by news-2026-11.md section
 * 2). One scene with an avatar is a v3 avatar video. Several scenes are a studio video, and so are a scene without an avatar and
 * one with a video behind its avatar. What v3 cannot say is lost by name; what would change the picture grossly is refused.
 */
import { valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall } from '#providers/contract/provider.ts'
import { engineFor, findAvatar, type Avatar, type Engine } from './engine.ts'
import { type Body, clamped, invalid, isTrue, present, textOf } from './words.ts'

/** `silence`: seconds. v3 has no silent voice, so a silent sound is uploaded for it. */
export type Speech = Body | { silence: number }

interface Actor {
  avatar: Avatar
  engine: Engine
  /** The members `motion_prompt` and `expressiveness`, where the avatar takes them. */
  moves: Body
}

/** `source`: `url` or `asset_id`. */
type Background =
  | { kind: 'color'; color: string }
  | { kind: 'image' | 'video'; source: Body; playStyle: string | undefined }

interface Scene {
  /** For messages, as `video_inputs[0]`. */
  at: string
  /** As the client sent it. */
  given: unknown
  who?: { id: string; mayBePicture: boolean }
  /** Absent: the scene has no avatar. */
  actor?: Actor
  speech?: Speech
  background?: Background
  removesBackground?: boolean
}

const SCENES_MAX = 50
const SILENCE_SECONDS_MAX = 300
const BURNED_IN = { file_format: 'srt', style: 'default' }
const PLAY_STYLES: Readonly<Record<string, string>> = {
  freeze: 'freeze',
  once: 'freeze',
  loop: 'loop',
  fit_to_scene: 'fit_to_scene',
}
const ELEVENLABS_MODELS = new Set([
  'eleven_multilingual_v2',
  'eleven_turbo_v2_5',
  'eleven_flash_v2_5',
  'eleven_v3',
])
const RATIOS: Readonly<Record<string, number>> = {
  '16:9': 16 / 9,
  '9:16': 9 / 16,
  '1:1': 1,
  '4:5': 4 / 5,
  '5:4': 5 / 4,
}
/** Sizes that v3 makes exactly. */
const EXACT_SIZES = new Set(
  `1920x1080 1280x720 1080x1920 720x1280 1080x1080 720x720 1080x1350 1350x1080`.split(' ')
)
const EXACT_4K = new Set(['3840x2160', '2160x3840'])

/** Gives speech the members of v3. */
export type Voicing = (speech: Speech) => Promise<Body>

/**
 * The body for these scenes, each in the form of `video_inputs` of v2. Everything that can be refused is refused before `voice` is
 * asked for a sound. `shared`: the members beside the scenes.
 */
export async function videoBody(
  call: LegacyCall,
  { list, scenes, shared, voice }: { list: string; scenes: unknown; shared: Body; voice: Voicing }
): Promise<Body> {
  if (!Array.isArray(scenes) || scenes.length === 0) throw invalid(call, list, 'is required.')
  if (scenes.length > SCENES_MAX) throw invalid(call, list, `has more than ${SCENES_MAX} scenes.`)
  const asked = scenes.map((scene, index) => sceneOf(call, scene, `${list}[${index}]`))
  const read: Scene[] = []
  for (const scene of asked) read.push(await withActor(call, scene))
  const [only] = read
  const isOne = read.length === 1 && only?.actor && only.background?.kind !== 'video'
  const studio = isOne ? undefined : read.map((scene) => studioScene(call, scene))
  const rest = withoutPhoto4k(call, read, shared)
  if (only && isOne) return { ...avatarVideo(only), ...(await speak(only, voice)), ...rest }
  const voiced: Body[] = []
  for (const [index, scene] of read.entries()) {
    voiced.push(withSpeech(studio?.[index] ?? {}, await speak(scene, voice)))
  }
  return { type: 'studio', scenes: voiced, ...rest }
}

/** v3 has no test renders, so what was free would be paid. */
export function refuseTest(call: LegacyCall): void {
  if (!isTrue(call.body['test'])) return
  const why = 'cannot be true: v3 has no test renders, so the video would be paid. None was made.'
  throw invalid(call, 'test', why)
}

/** Title, folder, callback and subtitles, which many older calls have under the same names. */
export function sharedMembers({ body }: LegacyCall): Body {
  const names = ['title', 'folder_id', 'callback_id', 'callback_url']
  return Object.fromEntries(names.map((name) => [name, textOf(body, `/${name}`)]))
}

export function captionOf(call: LegacyCall): Body | undefined {
  const { body } = call
  const mode = textOf(body, '/caption_mode')
  if (valueAt(body, '/subtitles') !== undefined && valueAt(body, '/subtitles') !== null) {
    call.lose('subtitles')
    return BURNED_IN
  }
  if (mode === 'file_only') return { file_format: 'srt' }
  return mode === 'burn_in' || isTrue(body['caption']) ? BURNED_IN : undefined
}

/** The nearest of v3's ratios and resolutions. Without `dimension` it is v2's default. */
export function canvasOf(call: LegacyCall): { aspect_ratio: string; resolution: string } {
  const given = call.body['dimension']
  if (given === undefined || given === null) return { aspect_ratio: '16:9', resolution: '1080p' }
  const width = clamped(valueAt(given, '/width'), 1, 100_000)
  const height = clamped(valueAt(given, '/height'), 1, 100_000)
  if (width === undefined || height === undefined) {
    throw invalid(call, 'dimension', 'must have width and height in pixels.')
  }
  const size = `${width}x${height}`
  const may4k = call.settings.legacy4k === 'allow'
  if (!EXACT_SIZES.has(size) && !(may4k && EXACT_4K.has(size))) call.lose('dimension')
  const edge = Math.min(width, height)
  const tall = may4k ? '4k' : '1080p'
  return {
    aspect_ratio: nearestRatio(width / height),
    resolution: edge <= 720 ? '720p' : edge <= 1080 ? '1080p' : tall,
  }
}

function nearestRatio(ratio: number): string {
  const far = ([, one]: [string, number]) => Math.abs(Math.log(ratio / one))
  const sorted = Object.entries(RATIOS).toSorted((a, b) => far(a) - far(b))
  return sorted[0]?.[0] ?? '16:9'
}

/** Undefined for what v3 does not know. */
export function knownRatio(text: string | undefined): string | undefined {
  return text !== undefined && Object.hasOwn(RATIOS, text) ? text : undefined
}

/** v3 refuses 4k for photo avatars on Avatar III. */
function withoutPhoto4k(call: LegacyCall, scenes: readonly Scene[], shared: Body): Body {
  const isPhoto = scenes.some(
    ({ actor }) =>
      actor?.engine === 'avatar_iii' && actor.avatar.kind === 'look' && actor.avatar.isPhoto
  )
  const rest = present(shared)
  if (!isPhoto || rest['resolution'] !== '4k') return rest
  call.lose('dimension')
  return { ...rest, resolution: '1080p' }
}

function sceneOf(call: LegacyCall, scene: unknown, at: string): Scene {
  if (textOf(scene, '/text/text') !== undefined || textOf(scene, '/text') !== undefined) {
    throw invalid(call, `${at}.text`, 'cannot be made: v3 puts no text on the picture.')
  }
  const background = backgroundOf(call, scene, `${at}.background`)
  const speech = speechOf(call, scene, `${at}.voice`)
  const common = { at, given: scene, ...present({ background, speech }) }
  const character = valueAt(scene, '/character')
  if (character === undefined || character === null) return common
  if (!speech) throw invalid(call, `${at}.voice`, 'is required.')
  const who = whoOf(call, scene, `${at}.character`)
  const matting = valueAt(character, '/matting')
  const isGiven = matting !== undefined && matting !== null && background !== undefined
  return { ...common, who, ...(isGiven ? { removesBackground: isTrue(matting) } : {}) }
}

function whoOf(call: LegacyCall, scene: unknown, at: string): NonNullable<Scene['who']> {
  losePlacing(call, scene, at)
  const avatarId = textOf(scene, '/character/avatar_id')
  const photoId = textOf(scene, '/character/talking_photo_id')
  const isPhoto = textOf(scene, '/character/type') === 'talking_photo' || avatarId === undefined
  const id = (isPhoto ? photoId : avatarId) ?? avatarId
  if (id === undefined) throw invalid(call, at, 'must have avatar_id or talking_photo_id.')
  return { id, mayBePicture: id === photoId }
}

async function withActor(call: LegacyCall, scene: Scene): Promise<Scene> {
  const { who, given } = scene
  if (!who) return scene
  const avatar = await findAvatar(call, who.id, who.mayBePicture)
  const engine = engineFor(call, avatar, isTrue(valueAt(given, '/character/use_avatar_iv_model')))
  return { ...scene, actor: { avatar, engine, moves: movesOf(call, given, avatar, engine) } }
}

/** v3 shows the avatar whole, in the middle. */
function losePlacing(call: LegacyCall, scene: unknown, at: string): void {
  for (const name of ['avatar_style', 'talking_photo_style']) {
    const style = textOf(scene, `/character/${name}`)
    if (style === 'circle') throw invalid(call, `${at}.${name}`, 'cannot be circle in v3.')
    if (style !== undefined && style !== 'normal' && style !== 'square') call.lose(name)
  }
  const scale = textOf(scene, '/character/scale')
  if (scale !== undefined && Number(scale) !== 1) call.lose('scale')
  const offsets = ['x', 'y'].map((name) => Number(textOf(scene, `/character/offset/${name}`) ?? 0))
  if (offsets.some((offset) => offset !== 0)) call.lose('offset')
  for (const name of ['super_resolution', 'keep_original_prompt']) {
    if (isTrue(valueAt(scene, `/character/${name}`))) call.lose(name)
  }
}

/** Only photos on Avatar IV take a motion prompt and expressiveness. */
function movesOf(call: LegacyCall, scene: unknown, avatar: Avatar, engine: Engine): Body {
  const own = textOf(scene, '/custom_motion_prompt')
  const prompt = textOf(scene, '/character/prompt')
  const expression = textOf(scene, '/character/expression')
  const style = textOf(scene, '/character/talking_style')
  const styles: Readonly<Record<string, string>> = { expressive: 'medium', stable: 'low' }
  const isPhoto = avatar.kind === 'picture' || avatar.isPhoto
  if (isPhoto && engine === 'avatar_iv') {
    const expressiveness = expression === 'happy' ? 'high' : styles[style ?? '']
    return present({ motion_prompt: own ?? prompt, expressiveness })
  }
  if (own !== undefined) call.lose('custom_motion_prompt')
  if (prompt !== undefined) call.lose('prompt')
  if (expression !== undefined && expression !== 'default') call.lose('expression')
  if (style === 'expressive') call.lose('talking_style')
  return {}
}

function speechOf(call: LegacyCall, scene: unknown, at: string): Speech | undefined {
  const voice = valueAt(scene, '/voice')
  if (voice === undefined || voice === null) return undefined
  const audio = textOf(voice, '/audio_asset_id')
  const url = textOf(voice, '/audio_url')
  const script = textOf(voice, '/input_text')
  const inferred = script === undefined && (audio ?? url) !== undefined ? 'audio' : 'text'
  const type = textOf(voice, '/type') ?? inferred
  if (type === 'silence') return { silence: secondsOf(call, voice, at) }
  if (type === 'audio') {
    // v3 takes one source of sound.
    if (audio !== undefined) return { audio_asset_id: audio }
    if (url !== undefined) return { audio_url: url }
    throw invalid(call, at, 'must have audio_url or audio_asset_id.')
  }
  if (type !== 'text') throw invalid(call, `${at}.type`, 'must be text, audio or silence.')
  if (script === undefined) throw invalid(call, `${at}.input_text`, 'is required.')
  const settings = voiceSettings(call, voice)
  const voiceId = textOf(voice, '/voice_id')
  return present({ script, voice_id: voiceId, voice_settings: filled(settings) })
}

function secondsOf(call: LegacyCall, voice: unknown, at: string): number {
  const given = valueAt(voice, '/duration')
  if (given === undefined || given === null || given === '') return 1
  const seconds = clamped(given, 0, Infinity)
  if (seconds !== undefined && seconds > 0 && seconds <= SILENCE_SECONDS_MAX) return seconds
  throw invalid(call, `${at}.duration`, `must be at most ${SILENCE_SECONDS_MAX} seconds.`)
}

function voiceSettings(call: LegacyCall, voice: unknown): Body {
  if (textOf(voice, '/emotion') !== undefined) call.lose('emotion')
  return present({
    speed: limited(call, voice, 'speed', 0.5, 1.5),
    pitch: limited(call, voice, 'pitch', -50, 50),
    locale: textOf(voice, '/locale'),
    engine_settings: filled(elevenlabs(call, voice)),
  })
}

function limited(call: LegacyCall, voice: unknown, name: string, least: number, most: number) {
  const given = textOf(voice, `/${name}`)
  if (given === undefined) return undefined
  const number = clamped(given, least, most)
  if (number !== Number(given)) call.lose(name)
  return number
}

/** Old documents spell the member wrongly in one place. */
function elevenlabs(call: LegacyCall, voice: unknown): Body {
  const given = valueAt(voice, '/elevenlabs_settings') ?? valueAt(voice, '/elevanlabs_settings')
  if (typeof given !== 'object' || given === null) return {}
  const model = textOf(given, '/model')
  const isKnown = model !== undefined && ELEVENLABS_MODELS.has(model)
  if (model !== undefined && !isKnown) call.lose('elevenlabs_settings.model')
  const number = (name: string) => clamped(valueAt(given, `/${name}`), -Infinity, Infinity)
  const boost = valueAt(given, '/use_speaker_boost')
  return {
    engine_type: 'elevenlabs',
    ...present({
      model: isKnown ? model : undefined,
      similarity_boost: number('similarity_boost'),
      stability: number('stability'),
      style: number('style'),
      use_speaker_boost: boost === undefined || boost === null ? undefined : isTrue(boost),
    }),
  }
}

function filled(body: Body): Body | undefined {
  return Object.keys(body).length > 0 ? body : undefined
}

function backgroundOf(call: LegacyCall, scene: unknown, at: string): Background | undefined {
  const given = valueAt(scene, '/background')
  if (given === undefined || given === null) return undefined
  const type = textOf(given, '/type') ?? 'color'
  if (type === 'color') {
    const value = textOf(given, '/value')
    return value === undefined ? undefined : { kind: 'color', color: hexOf(call, value, at) }
  }
  if (type !== 'image' && type !== 'video') {
    throw invalid(call, `${at}.type`, 'must be color, image or video.')
  }
  const assetId = textOf(given, `/${type}_asset_id`)
  const url = textOf(given, '/url')
  if (assetId === undefined && url === undefined) {
    throw invalid(call, at, `must have url or ${type}_asset_id.`)
  }
  if (textOf(given, '/fit') !== undefined) call.lose('fit')
  const source = assetId === undefined ? { url } : { asset_id: assetId }
  return { kind: type, source, playStyle: textOf(given, '/play_style') }
}

/** `#RRGGBB`, also from `#RGB` and from forms with an alpha channel. */
function hexOf(call: LegacyCall, value: string, at: string): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?$/i.exec(value)
  if (short)
    return `#${short
      .slice(1, 4)
      .map((digit) => digit + digit)
      .join('')}`
  const long = /^(#[0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(value)?.[1]
  if (long === undefined) throw invalid(call, `${at}.value`, 'must be a color such as #FAFAFA.')
  return long
}

function avatarVideo({ actor, background, removesBackground }: Scene): Body {
  const { avatar, engine, moves } = actor as Actor
  return present({
    // `image` has no engine: it is always Avatar IV.
    ...(avatar.kind === 'picture'
      ? { type: 'image', image: { type: 'asset_id', asset_id: avatar.assetId } }
      : { type: 'avatar', avatar_id: avatar.id, engine: { type: engine } }),
    ...moves,
    background:
      background?.kind === 'color'
        ? { type: 'color', value: background.color }
        : background && { type: background.kind, ...background.source },
    remove_background: removesBackground,
  })
}

/** A scene of a studio video, still without its sound. */
function studioScene(call: LegacyCall, scene: Scene): Body {
  const { at, actor, background } = scene
  if (!actor) return sceneWithoutAvatar(call, scene)
  if (actor.avatar.kind === 'picture') {
    const why = 'is a picture without an avatar, which v3 takes only in a video of one scene.'
    throw invalid(call, `${at}.character.talking_photo_id`, why)
  }
  if (scene.removesBackground === true) call.lose('matting')
  if (background?.kind === 'video' && background.playStyle !== undefined) call.lose('play_style')
  const input = present({
    type: 'avatar',
    avatar_id: actor.avatar.id,
    engine: { type: actor.engine },
    ...actor.moves,
    background:
      background?.kind === 'color'
        ? { type: 'color', color: background.color }
        : background && { type: background.kind, ...background.source },
  })
  return { type: 'avatar_video', input }
}

function sceneWithoutAvatar(call: LegacyCall, { at, background }: Scene): Body {
  if (!background || background.kind === 'color') {
    const why = 'is required: v3 has no scene without an avatar, an image or a video.'
    throw invalid(call, background ? `${at}.character` : `${at}.background`, why)
  }
  const { url } = background.source
  const source = { type: url === undefined ? 'asset_id' : 'url', ...background.source }
  if (background.kind === 'image') return { type: 'image', source }
  const style = background.playStyle ?? 'freeze'
  if (!Object.hasOwn(PLAY_STYLES, style)) call.lose('play_style')
  // Older videos had no sound of the background.
  return { type: 'video', source, playback: { mode: PLAY_STYLES[style] ?? 'freeze', volume: 0 } }
}

/** A silent picture has its length; a silent clip plays to its end. */
async function speak({ actor, speech, background }: Scene, voice: Voicing): Promise<Body> {
  if (speech && (actor || !('silence' in speech))) return voice(speech)
  if (background?.kind !== 'image') return {}
  return { duration: speech && 'silence' in speech ? speech.silence : 1 }
}

function withSpeech(scene: Body, speech: Body): Body {
  if (scene['type'] !== 'avatar_video') return { ...scene, ...speech }
  return { ...scene, input: { ...(scene['input'] as Body), ...speech } }
}
