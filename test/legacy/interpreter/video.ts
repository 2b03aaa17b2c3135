/**
 * `POST /v2/video/generate`, `POST /v1/video.generate` and `POST /v1/video.webm`: which v3 form, which engine, and the scenes of
 * a studio (modes and sceneRules of the map).
 */
import {
  at,
  isEmpty,
  isMembers,
  placeOf,
  put,
  type Item,
  type Json,
  type Members,
} from '../map/places.ts'
import { Refusal, dropped, valueOf, type Building } from './requests.ts'
import { BURNED_IN, aspectOf, isExact } from './words.ts'

export interface Asks {
  /** The v3 look of an id, or what else the id is. */
  look(id: string): Json | undefined
  /** Uploads silence of so many seconds. */
  silence(seconds: number): Json
}

const SCENE = '/video_inputs/0'
const NO_ENGINE =
  'This avatar does not support unlimited mode. Please use a different avatar, or use Avatar IV or Avatar V.'

export function videoBody(building: Building, asks: Asks): Members {
  const { name } = building.row
  if (name === 'POST /v1/video.generate') return ofClips(building, asks)
  const body: Members = {}
  for (const item of building.row.request)
    if (!item.from.includes('video_inputs')) global(item, body, building)
  if (name === 'POST /v1/video.webm') {
    body['engine'] = engine(known(String(body['avatar_id']), asks), false, building)
    framed(body, building)
    return body
  }
  framed(body, building)
  const scenes = at(building.legacy.body, '/video_inputs')
  if (!Array.isArray(scenes) || scenes.length < 1 || scenes.length > 50)
    throw new Refusal('invalid_parameter', 'video_inputs')
  const items = building.row.request.filter((item) => item.from.includes(SCENE))
  return ofScenes(scenes, items, body, building, asks)
}

function ofScenes(
  scenes: Json[],
  items: Item[],
  body: Members,
  building: Building,
  asks: Asks
): Members {
  const parts: Part[] = []
  for (const scene of scenes) parts.push(partOf(scene, items, building, asks))
  if (parts.some((part) => part.isPlainPhoto) && body['resolution'] === '4k') {
    body['resolution'] = '1080p'
    building.lost.add('dimension')
  }
  const [first] = parts
  const isOne = parts.length === 1 && first?.isAvatar && at(first.background, '/type') !== 'video'
  if (isOne && first) {
    const { flat, background } = first
    if (background) body['background'] = plainBackground(background, building)
    return { type: first.isImage ? 'image' : 'avatar', ...body, ...flat }
  }
  return { type: 'studio', ...body, scenes: parts.map((part) => sceneOf(part, building)) }
}

/** The older members of each. */
const MOVES: Record<string, string[]> = {
  motion_prompt: ['/character/prompt', '/custom_motion_prompt'],
  expressiveness: ['/character/expression', '/character/talking_style'],
}

interface Part {
  isAvatar: boolean
  /** The id is an uploaded photo without a look. */
  isImage: boolean
  /** A photo avatar on Avatar III, which refuses 4k. */
  isPlainPhoto?: boolean
  flat: Members
  background: Json | undefined
  silence: number | undefined
}

function partOf(scene: Json, items: Item[], building: Building, asks: Asks): Part {
  const legacy = { ...building.legacy, body: { video_inputs: [scene] } }
  const own: Building = { ...building, legacy }
  const flat: Members = {}
  const kind = at(scene, '/voice/type') ?? 'text'
  for (const item of items) {
    if (isOfOtherVoice(item, String(kind))) continue
    const to = placeOf(item.to)
    if (!to) dropped(item, own)
    else if (!['mode', 'switch', 'engine', 'background', 'silence', 'studio'].includes(item.op)) {
      const value = valueOf(item, own)
      if (value !== undefined) put(flat, to.at, value)
    }
  }
  misspelt(scene, flat, items, own)
  // Its note: the expression wins over the talking style.
  if (at(scene, '/character/expression') === 'happy') flat['expressiveness'] = 'high'
  const id = flat['avatar_id']
  const background = at(scene, '/background')
  const part: Part = {
    isAvatar: !isEmpty(id),
    isImage: false,
    flat,
    background: isMembers(background) ? background : undefined,
    silence: kind === 'silence' ? Number(at(scene, '/voice/duration') ?? 1) : undefined,
  }
  if (!part.isAvatar) return part
  const look = known(String(id), asks)
  const isFlagged = at(scene, '/character/use_avatar_iv_model') === true
  if (at(look, '/asset')) {
    // The form for raw pictures is always Avatar IV.
    engine(look, isFlagged, building)
    part.isImage = true
    delete flat['avatar_id']
    flat['image'] = { type: 'asset_id', asset_id: id ?? null }
    return part
  }
  flat['engine'] = engine(look, isFlagged, building)
  flat['avatar_id'] = at(look, '/id') ?? id ?? null
  const isIv = at(flat['engine'], '/type') === 'avatar_iv'
  const isPhoto = at(look, '/avatar_type') === 'photo_avatar'
  if (part.silence !== undefined) flat['audio_asset_id'] = asks.silence(part.silence)
  part.isPlainPhoto = isPhoto && !isIv
  for (const name of ['motion_prompt', 'expressiveness'])
    if (name in flat && !(isIv && isPhoto)) {
      delete flat[name]
      for (const own of MOVES[name] ?? [])
        if (!isEmpty(at(scene, own))) building.lost.add(own.split('/').at(-1) ?? '')
    }
  if (!part.background) delete flat['remove_background']
  return part
}

/** The old pages spell it elevanlabs_settings. */
function misspelt(scene: Json, flat: Members, items: Item[], building: Building) {
  const value = at(scene, '/voice/elevanlabs_settings')
  const item = items.find((one) => one.from.endsWith('/elevenlabs_settings'))
  if (!item || isEmpty(value) || at(flat, '/voice_settings/engine_settings')) return
  const body = { video_inputs: [{ voice: { elevenlabs_settings: value ?? null } }] }
  const own = valueOf(item, { ...building, legacy: { ...building.legacy, body } })
  if (own !== undefined) put(flat, '/voice_settings/engine_settings', own)
}

function isOfOtherVoice(item: Item, kind: string): boolean {
  const [, member = ''] = /\/voice\/(\w+)$/.exec(item.from) ?? []
  if (member === '' || member === 'type') return false
  const isAudio = member.startsWith('audio_')
  if (member === 'duration') return kind !== 'silence'
  return kind === 'audio' ? !isAudio : kind === 'silence' ? true : isAudio
}

function known(id: string, asks: Asks): Json {
  const look = asks.look(id)
  if (look === undefined) throw new Refusal('avatar_not_found', '')
  return look
}

function engine(look: Json, isFlagged: boolean, { settings, lost }: Building): Json {
  if (isFlagged) return { type: 'avatar_iv' }
  const engines = at(look, '/supported_api_engines')
  if (Array.isArray(engines) && engines.includes('avatar_iii')) return { type: 'avatar_iii' }
  if (settings.LEGACY_ENGINE === 'allow_iv') {
    lost.add('engine')
    return { type: 'avatar_iv' }
  }
  throw new Refusal('internal_error', NO_ENGINE)
}

function global(item: Item, body: Members, building: Building) {
  const to = placeOf(item.to)
  if (!to) return dropped(item, building)
  if (['mode', 'switch', 'engine', 'studio'].includes(item.op)) return undefined
  const value = valueOf(item, building)
  if (value !== undefined) put(body, to.at, value)
  return undefined
}

/** The picture’s frame, where the client gave none: 1920 by 1080. */
function framed(body: Members, building: Building) {
  const dimension = at(building.legacy.body, '/dimension')
  if (aspectOf(dimension) !== undefined && !isExact(dimension)) building.lost.add('dimension')
  body['aspect_ratio'] ??= '16:9'
  body['resolution'] ??= '1080p'
  if (body['resolution'] === '1080p' && isLarger(dimension)) building.lost.add('dimension')
}

function isLarger(dimension: Json | undefined): boolean {
  const edge = Math.min(Number(at(dimension, '/width')), Number(at(dimension, '/height')))
  return edge > 1080
}

function plainBackground(background: Json, { lost }: Building): Json {
  const type = at(background, '/type')
  if (type === 'color') return { type: 'color', value: at(background, '/value') ?? null }
  if (!isEmpty(at(background, '/fit'))) lost.add('fit')
  return { type: 'image', ...assetOf(background, 'image', false) }
}

/** `url` or an asset id beside the type, or a tagged source. */
function assetOf(background: Json, kind: string, isTagged: boolean): Members {
  const url = at(background, '/url')
  const id = at(background, `/${kind}_asset_id`)
  if (!isEmpty(url)) return { ...(isTagged ? { type: 'url' } : {}), url: url ?? null }
  return { ...(isTagged ? { type: 'asset_id' } : {}), asset_id: id ?? null }
}

function sceneOf(part: Part, building: Building): Json {
  const { flat, background } = part
  const type = at(background, '/type')
  if (part.isAvatar) {
    const { remove_background: _none, ...input } = flat
    if (background) input['background'] = studioBackground(background)
    return { type: 'avatar_video', input: { type: part.isImage ? 'image' : 'avatar', ...input } }
  }
  const { avatar_id: _none, remove_background: _no, ...voice } = flat
  if (background && type === 'video') {
    const style = String(at(background, '/play_style') ?? '')
    const mode = ['freeze', 'loop', 'fit_to_scene'].includes(style) ? style : 'freeze'
    // The clip had no sound in older videos, with a voice or without one.
    const playback = { mode, volume: 0 }
    return { type: 'video', source: assetOf(background, 'video', true), playback, ...voice }
  }
  const duration = part.silence === undefined ? {} : { duration: Math.min(part.silence, 300) }
  if (background && type === 'image')
    return { type: 'image', source: assetOf(background, 'image', true), ...voice, ...duration }
  building.lost.add('')
  return { type: 'image', source: '<a plain picture>', ...voice, ...duration }
}

function studioBackground(background: Json): Json {
  const type = String(at(background, '/type'))
  if (type === 'color') return { type, color: full(String(at(background, '/value'))) }
  return { type, ...assetOf(background, type, false) }
}

/** #RGB to #RRGGBB, without alpha. */
function full(color: string): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?$/i.exec(color)
  if (short)
    return `#${short
      .slice(1, 4)
      .map((digit) => digit + digit)
      .join('')}`
  return color.slice(0, 7)
}

/** The clips of v1 are scenes in other words. */
function ofClips(building: Building, asks: Asks): Members {
  const { legacy, row } = building
  const clips = at(legacy.body, '/clips')
  if (!Array.isArray(clips) || clips.length < 1 || clips.length > 50)
    throw new Refusal('invalid_parameter', 'clips')
  const body: Members = {}
  for (const item of row.request)
    if (!/clips|background/.test(item.from)) global(item, body, building)
  body['aspect_ratio'] ??= '16:9'
  body['resolution'] ??= '1080p'
  if (clips.some((clip) => at(clip, '/caption') === true)) body['caption'] = BURNED_IN
  const ground = at(legacy.body, '/background')
  const background = typeof ground === 'string' && ground !== '' ? groundOf(ground) : undefined
  const items = row.request.filter((item) => item.from.includes('/clips/*/') && item.op !== 'build')
  const parts: Part[] = []
  for (const clip of clips) {
    const flat: Members = {}
    const own: Building = { ...building, legacy: { ...legacy, body: { clips: [clip] } } }
    for (const one of items) {
      const item = { ...one, from: one.from.replace('/*/', '/0/') }
      const to = placeOf(item.to)
      if (!to) dropped(item, own)
      else {
        const value = valueOf(item, own)
        if (value !== undefined) put(flat, to.at, value)
      }
    }
    const look = known(String(flat['avatar_id']), asks)
    flat['engine'] = engine(look, false, building)
    parts.push({ isAvatar: true, isImage: false, flat, background, silence: undefined })
  }
  const [first] = parts
  if (parts.length === 1 && first) {
    if (background) body['background'] = plainBackground(background, building)
    return { type: 'avatar', ...body, ...first.flat }
  }
  return { type: 'studio', ...body, scenes: parts.map((part) => sceneOf(part, building)) }
}

function groundOf(text: string): Json {
  return text.startsWith('#') ? { type: 'color', value: text } : { type: 'image', url: text }
}
