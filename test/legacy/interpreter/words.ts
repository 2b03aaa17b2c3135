/** The words of the map's `transform`, for requests and for answers: each a function of one value. */
import { RULES } from '../map/map.ts'
import {
  at,
  isEmpty,
  isMembers,
  type Item,
  type Json,
  type Legacy,
  type Members,
} from '../map/places.ts'

export interface Settings {
  LEGACY_ENGINE: 'iii' | 'allow_iv'
  LEGACY_4K: 'clamp' | 'allow'
}

interface Asked {
  item: Item
  legacy: Legacy
  settings: Settings
}

type Word = (value: Json | undefined, asked: Asked) => Json | undefined

/** A null of the client is left out, as an absent member is. */
const copy: Word = (value) => (isEmpty(value) ? undefined : value)

const asUrl: Word = (url) => (isEmpty(url) ? undefined : { type: 'url', url: url ?? null })
const asAsset: Word = (id) => (isEmpty(id) ? undefined : { type: 'asset_id', asset_id: id ?? null })

const asBool: Word = (value) => {
  if (value === true || value === 'true' || value === '1' || value === 1) return true
  if (value === false || value === 'false' || value === '0' || value === 0) return false
  return undefined
}

const asNumber: Word = (value) => {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

const clamped: Word = (value, { item }) => {
  const number = asNumber(value, NOTHING)
  const [low = -Infinity, high = Infinity] = item.range ?? []
  return typeof number === 'number' ? Math.min(high, Math.max(low, number)) : undefined
}

const NOTHING = {} as Asked

const listed: Word = (value, { item }) => {
  const map = item.map ?? {}
  const known = typeof value === 'string' || typeof value === 'number' ? map[value] : undefined
  return known ?? (isEmpty(value) ? undefined : map['*'])
}

const pairs = (one: string, other: string): Word => {
  return (value) =>
    Array.isArray(value)
      ? value.map((pair) => {
          const [first = null, second = null] = Array.isArray(pair) ? pair : [pair]
          return { [one]: first, [other]: second }
        })
      : undefined
}

/** `image/<asset id>/original.png` is a key of the gateway's own making; any other stands at a public address. */
const keyedImage: Word = (value) => {
  if (typeof value !== 'string' || value === '') return undefined
  const own = /^image\/([^/]+)\/original(\.\w+)?$/.exec(value)
  return own
    ? { type: 'asset_id', asset_id: own[1] ?? '' }
    : { type: 'url', url: `https://resource2.heygen.ai/${value}` }
}

/** The map writes it with and without the format, which is srt anyway. */
export const BURNED_IN: Json = { file_format: 'srt', style: 'default' }

const RATIOS = RULES.aspect.candidates as Record<string, number>

export function aspectOf(dimension: Json | undefined): string | undefined {
  const width = asNumber(at(dimension, '/width'), NOTHING)
  const height = asNumber(at(dimension, '/height'), NOTHING)
  if (typeof width !== 'number' || typeof height !== 'number') return undefined
  if (!(width > 0 && height > 0)) return undefined
  const away = (ratio: number) => Math.abs(Math.log(width / height / ratio))
  return Object.entries(RATIOS).sort(([, one], [, other]) => away(one) - away(other))[0]?.[0]
}

function resolutionOf(dimension: Json | undefined, settings: Settings): string | undefined {
  const width = asNumber(at(dimension, '/width'), NOTHING)
  const height = asNumber(at(dimension, '/height'), NOTHING)
  if (typeof width !== 'number' || typeof height !== 'number') return undefined
  const edge = Math.min(width, height)
  if (edge <= 720) return '720p'
  return edge <= 1080 || settings.LEGACY_4K === 'clamp' ? '1080p' : '4k'
}

export function isExact(dimension: Json | undefined): boolean {
  const size = `${at(dimension, '/width')}x${at(dimension, '/height')}`
  return size in RULES.aspect.exactDimensions
}

const inRatios: Word = (value) => (String(value) in RATIOS ? value : undefined)

const REQUEST: Record<string, Word> = {
  copy,
  'copy or substitute gateway callback': copy,
  'copy if in the v3 enum': inRatios,
  'copy if in the enum': inRatios,
  'copy; [] -> omit': (value) => (Array.isArray(value) && value.length === 0 ? undefined : value),
  'copy, else synth(untitled)': (value) => (isEmpty(value) ? '<some text>' : value),
  bool: asBool,
  num: asNumber,
  'asset-url': asUrl,
  'asset-id': asAsset,
  'asset-url, type const(image)': asUrl,
  'asset-id, type const(image)': asAsset,
  'wrap-list': (value) => (isEmpty(value) ? undefined : [value ?? null]),
  'num, clamp(1,100), absent -> 100': (value, asked) =>
    clamped(isEmpty(value) ? 100 : value, asked),
  aspect: aspectOf,
  'aspect(width/height)': aspectOf,
  'aspect, if no video_orientation': (value, { legacy }) => {
    if (!isEmpty(at(legacy.body, '/video_orientation'))) return undefined
    return aspectOf(value) ?? 'auto'
  },
  'present -> type const(avatar)': copy,
  'short edge: <=720 720p, <=1080 1080p, else LEGACY_4K': (value, { settings }) =>
    resolutionOf(value, settings),
  'bool; true -> {"file_format":"srt","style":"default"}; false -> omit': (value) =>
    asBool(value, NOTHING) ? BURNED_IN : undefined,
  'bool -> {style:default}': (value) => (asBool(value, NOTHING) ? BURNED_IN : undefined),
  'present -> {"style":"default"}': (value) => (isEmpty(value) ? undefined : BURNED_IN),
  'any true -> {style:default}': (value) =>
    Array.isArray(value) && value.some((one) => one === true) ? BURNED_IN : undefined,
  '[[a,b]] -> [{term:a,pronunciation:b}]': pairs('term', 'pronunciation'),
  '[[a,b]] -> [{term:a,translation:b}]': pairs('term', 'translation'),
  '[a] -> [{term:a}]': (value) =>
    Array.isArray(value) ? value.map((term) => ({ term })) : undefined,
  'key of ours: asset id; else its address': keyedImage,
  'add engine_type=elevenlabs; keep similarity_boost, stability, style, use_speaker_boost; model only if in eleven_multilingual_v2, eleven_turbo_v2_5, eleven_flash_v2_5, eleven_v3':
    elevenLabs,
}

function elevenLabs(value: Json | undefined): Json | undefined {
  if (!isMembers(value)) return undefined
  const kept: Members = { engine_type: 'elevenlabs' }
  for (const name of ['similarity_boost', 'stability', 'style', 'use_speaker_boost'])
    if (!isEmpty(value[name])) kept[name] = value[name] ?? null
  const models = ['eleven_multilingual_v2', 'eleven_turbo_v2_5', 'eleven_flash_v2_5', 'eleven_v3']
  if (models.includes(String(value['model']))) kept['model'] = value['model'] ?? null
  return kept
}

export function requestWord(value: Json | undefined, asked: Asked): Json | undefined {
  const { item } = asked
  if (item.op === 'const') return item.value
  if (item.op === 'clamp' && !(item.transform in REQUEST)) return clamped(value, asked)
  if (item.op === 'enum') return listed(value, asked)
  const word = REQUEST[item.transform]
  if (!word) throw new Error(`no word for the transform "${item.transform}"`)
  return word(value, asked)
}
