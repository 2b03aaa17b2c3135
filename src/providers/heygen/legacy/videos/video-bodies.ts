/**
 * Bodies of v3 for older calls that make videos (reference/heygen-legacy-bridge.md section 6, corrected by news-2026-11.md section
 * 2). One scene with an avatar is a v3 avatar video. Several scenes are a studio video, and so are a scene without an avatar and
 * one with a video behind its avatar. What v3 cannot say is lost by name; what would change the picture grossly is refused.
 */
import { valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall } from '#providers/contract/provider.ts'
import {
  engineFor,
  findAvatar,
  type Avatar,
  type Engine,
} from '#providers/heygen/legacy/shared/engine.ts'
import {
  type Body,
  hexOf,
  invalid,
  isTrue,
  mayBeTrue,
  present,
  textOf,
} from '#providers/heygen/legacy/shared/words.ts'
import { speechOf, voicing, type Speech, type Voicing } from './speech.ts'

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
  /** The avatar that the client names. Absent: the scene has none. */
  who?: { id: string; mayBePicture: boolean }
  /** What is behind that name. */
  actor?: Actor
  /** A scene of v3 without an avatar, still without its sound. */
  whole?: Body
  speech?: Speech
  background?: Background
  removesBackground?: boolean
}

const SCENES_MAX = 50
export const BURNED_IN = { file_format: 'srt', style: 'default' }
const PLAY_STYLES: Readonly<Record<string, string>> = {
  freeze: 'freeze',
  once: 'freeze',
  loop: 'loop',
  fit_to_scene: 'fit_to_scene',
}

/**
 * The body for these scenes, each in the form of `video_inputs` of v2. Everything that can be refused is refused before a
 * sound is uploaded. `shared`: the members beside the scenes.
 */
export async function videoBody(
  call: LegacyCall,
  { list, scenes, shared }: { list: string; scenes: unknown; shared: Body }
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
  const voice = voicing(call)
  if (only && isOne) return { ...avatarVideo(only), ...(await speak(only, voice)), ...rest }
  const voiced: Body[] = []
  for (const [index, scene] of read.entries()) {
    voiced.push(withSpeech(studio?.[index] ?? {}, await speak(scene, voice)))
  }
  return { type: 'studio', scenes: voiced, ...rest }
}

/** v3 has no test renders, so what was free would be paid. */
export function refuseTest(call: LegacyCall): void {
  if (!mayBeTrue(call.body['test'])) return
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
  const common: Scene = { at, given: scene, ...present({ background, speech }) }
  const character = valueAt(scene, '/character')
  if (character === undefined || character === null) {
    return { ...common, whole: sceneWithoutAvatar(call, common) }
  }
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
  if (textOf(scene, '/character/circle_background_color') !== undefined) {
    call.lose('circle_background_color')
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
  const { at, actor, background, whole } = scene
  if (!actor) return whole ?? {}
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
