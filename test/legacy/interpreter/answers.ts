/** Builds the legacy answer out of the items of a row and the v3 answers. A missing v3 value becomes null. */
import { Refusal } from './requests.ts'
import { ROW_BY_NAME, type Row } from '../map/map.ts'
import {
  at,
  isEmpty,
  isMembers,
  placesOf,
  put,
  type Item,
  type Json,
  type Legacy,
  type Members,
} from '../map/places.ts'

/** What an expected answer may say instead of a value. compare.ts knows these texts. */
const SOME_TEXT = '<some text>'
const SOME_NUMBER = '<some number>'
const NO_VALUE = '<null or absent>'
/** The time of the look’s group, where that is read. */
const SOME_TIME = '<a time or null>'
const NOTHING = '<null, absent or empty>'

export interface Told {
  row: Row
  legacy: Legacy
  /** The bodies of the v3 answers, in the order of `v3`. */
  answers: Json[]
  /** The number of the answer that a place without a number means. */
  main: number
}

interface Here extends Told {
  item: Item
  /** The row of a list, where the item stands in one. */
  element: Json | undefined
}

type Word = (value: Json | undefined, here: Here) => Json | undefined

const orNull: Word = (value) => value ?? null

const ANSWER: Record<string, Word> = {
  copy: orNull,
  'copy or null': orNull,
  'copy + store': orNull,
  'copy + store(group id)': orNull,
  'copy + store encrypted': orNull,
  'copy or bridge time': (value) => value ?? SOME_TIME,
  'copy when asked': (value, { legacy }) =>
    at(legacy.body, '/with_timestamps') === true ? (value ?? null) : undefined,
  'copy, null -> empty string': (value) => value ?? '',
  'copy, null -> false': (value) => value ?? false,
  'copy; audio_url when translate_audio_only and video_url is null': (value, here) => {
    const main = here.answers[here.main]
    const isAudio = at(main, '/data/translate_audio_only') === true
    return value ?? (isAudio ? at(main, '/data/audio_url') : null) ?? null
  },
  'copy; empty -> null': (value) =>
    Array.isArray(value) && value.length === 0 ? null : (value ?? null),
  'copy, else the session id': (value, here) =>
    value ?? at(here.answers[here.main], '/data/session_id') ?? null,
  'copy; null when has_more is false': (value, here) =>
    at(here.answers[here.main], '/has_more') === true ? (value ?? null) : null,
  status: statusOf,
  'status; public -> null': (value, here) =>
    at(here.element, '/__public') === true ? null : statusOf(value, here),
  'status failed -> {"code":failure_code,"detail":failure_message,"message":failure_message}; else null':
    (_value, here) => {
      const data = at(here.answers[here.main], '/data')
      if (at(data, '/status') !== 'failed') return null
      const message = at(data, '/failure_message') ?? null
      return { code: at(data, '/failure_code') ?? null, detail: message, message }
    },
  'list when several, else null': (value) =>
    Array.isArray(value) && value.length > 1 ? value : null,
  'first when one language, else null': (value) =>
    Array.isArray(value) && value.length === 1 ? (value[0] ?? null) : null,
  'first when one language was asked with output_language, else null': (value, { legacy }) =>
    Array.isArray(value) && !hasLanguages(legacy) ? (value[0] ?? null) : null,
  'the list when output_languages was used, else null': (value, { legacy }) =>
    hasLanguages(legacy) ? (value ?? null) : null,
  'first part of the type: image, video, audio': (value, { legacy }) =>
    String(value ?? legacy.raw?.type).split('/')[0] ?? null,
  'group created_at, else bridge time': () => SOME_NUMBER,
  'null -> empty string': (value) => value ?? '',
  'null -> true (status exists for private looks only)': (value) => (value ?? null) === null,
  'present -> TRANSLATED, else GENERATED': (value) => (value ? 'TRANSLATED' : 'GENERATED'),
  'private photo_avatar -> PHOTO; private other -> PRIVATE; public photo_avatar -> PUBLIC_PHOTO; public other -> PUBLIC':
    (_value, { element }) => {
      const isPublic = at(element, '/__public') === true
      const isPhoto = at(element, '/__photo') === true
      if (isPublic) return isPhoto ? 'PUBLIC_PHOTO' : 'PUBLIC'
      return isPhoto ? 'PHOTO' : 'PRIVATE'
    },
  'completed with link -> 2; failed -> 3; pending -> 0; else 1': (_value, here) => {
    const data = at(here.answers[here.main], '/data')
    const status = at(data, '/status')
    if (status === 'completed' && at(data, '/captioned_video_url')) return 2
    return status === 'failed' ? 3 : status === 'pending' ? 0 : 1
  },
  'billing_type wallet, currency credits: round_up(balance*60); currency usd: round_up(balance*quota_units_per_usd), setting, default 60':
    (_value, here) => quota(at(here.answers[here.main], '/data')),
  'billing_type subscription: sum*60': () => undefined,
  'billing_type usage_based: round_up(value*60); null -> (spending_cap_usd - spending_current_usd)*quota_units_per_usd; no cap -> a large constant':
    () => undefined,
  'remaining_quota unless billing_type is subscription, then 0': (_value, here) => {
    const data = at(here.answers[here.main], '/data')
    return at(data, '/billing_type') === 'subscription' ? 0 : quota(data)
  },
  'remaining_quota when billing_type is subscription, else 0': (_value, here) => {
    const data = at(here.answers[here.main], '/data')
    return at(data, '/billing_type') === 'subscription' ? quota(data) : 0
  },
  '[[term, pronunciation], ...]': pairs('term', 'pronunciation'),
  '[[term, translation], ...]': pairs('term', 'translation'),
  '[term, ...]': (value, { element }) =>
    Array.isArray(value) ? value.map((one) => at(one, '/term') ?? null) : ifRead(element),
  build: (value, here) => assetOf(value, here),
  'bridge clock': () => SOME_NUMBER,
  'images only: synth("image/{asset_id}/original.{ext}") + store(key -> asset_id)': (
    _value,
    here
  ) => {
    const data = at(here.answers[here.main], '/data')
    return keyOf(at(data, '/asset_id'), String(at(data, '/mime_type') ?? here.legacy.raw?.type))
  },
  'images: recall, else synth': (_value, { element }) => {
    if (at(element, '/type') !== 'image') return NO_VALUE
    const url = String(at(element, '/url'))
    return `image/${at(element, '/id')}/original.${/\.(\w+)(\?|$)/.exec(url)?.[1] ?? 'png'}`
  },
  'synth(filename)': () => SOME_TEXT,
  'synth(["image/{look_id}/original"]) + store(key -> look)': (_value, here) => {
    const data = at(here.answers[here.main], '/data')
    const isDone = at(data, '/status') === 'completed' && at(data, '/preview_image_url')
    return isDone ? [`image/${at(data, '/id')}/original`] : NO_VALUE
  },
  'wrap-list when completed, else null': (value, here) => {
    const isDone = at(here.answers[here.main], '/data/status') === 'completed'
    return isDone && value ? [value] : null
  },
  // A key of a generated look shows that it was generated.
  'recall, else uploaded': () => ({ '<or one of>': ['uploaded', 'generated'] }),
  'recall, else null': () => null,
  recall: () => NO_VALUE,
  select: (_value, here) => {
    const name = here.legacy.query['caption_type'] === 'vtt' ? 'vtt_caption_url' : 'srt_caption_url'
    const link = at(here.answers[here.main], `/data/${name}`)
    const isDone = at(here.answers[here.main], '/data/status') === 'completed'
    if (isEmpty(link) && !isDone) throw new Refusal('resource_not_ready', '')
    return link ?? null
  },
  join: orNull,
  'copy when asset.type is url': (value) => value ?? NO_VALUE,
  'copy when asset.type is asset_id': (value) => value ?? NO_VALUE,
}

export function buildAnswer(told: Told): Json {
  const root: Members = {}
  const { row } = told
  for (const item of row.response) {
    if (item.op === 'drop') continue
    const to = item.to.replace(/^body:/, '')
    if (to.includes('{name}')) named(root, { ...told, item, element: undefined })
    else if (!to.includes('*')) {
      const value = worded({ ...told, item, element: undefined })
      if (value !== undefined) put(root, to, value)
    }
  }
  const lists = row.response.filter((item) => item.to.includes('*') && item.op !== 'drop')
  if (lists.length > 0) listed(root, lists, told)
  return root
}

/** Lists of the answer: one pass over the v3 rows, so that two target lists may take turns (`where`). */
function listed(root: Members, items: Item[], told: Told) {
  const heads = new Set(items.map((item) => item.to.replace(/^body:/, '').split('/*')[0] ?? ''))
  const source = items.find((item) => /\/\*/.test(item.from) && !item.from.startsWith('2.'))
  const [, pointer = '/data'] = /body:(.*?)\/\*/.exec(source?.from ?? '') ?? []
  for (const head of heads) put(root, head, [])
  const elements = at(told.answers[told.main], pointer)
  for (const element of Array.isArray(elements) ? elements : []) {
    for (const head of heads) {
      const mine = items.filter(
        (item) => item.to.startsWith(`body:${head}/*`) && holds(item, element)
      )
      if (mine.length === 0 || !mine.some((item) => item.from !== '-')) continue
      const list = at(root, head) as Json[]
      list.push(elementOf(mine, element, head, told))
    }
  }
}

function holds(item: Item, element: Json): boolean {
  return Object.entries(item.where ?? {}).every(([name, wanted]) => {
    const value = at(element, `/${name}`)
    return Array.isArray(wanted) ? wanted.includes(String(value)) : wanted === value
  })
}

function elementOf(items: Item[], element: Json, head: string, told: Told): Json {
  const made: Members = {}
  let whole: Json | undefined
  const below: Item[] = []
  for (const item of items) {
    const to = item.to.slice(`body:${head}/*`.length)
    if (to.includes('*')) below.push(item)
    else {
      const value = worded({ ...told, item, element })
      if (to === '') whole = value ?? null
      else if (value !== undefined) put(made, to, value)
    }
  }
  for (const name of new Set(below.map((item) => item.to.split('/*')[1] ?? ''))) {
    const inner = below.filter((item) => item.to.split('/*')[1] === name)
    const isJoined = inner.every((item) => item.from.startsWith('2.'))
    const rows = at(element, isJoined ? '/__looks' : name)
    const nested = Array.isArray(rows) ? rows : []
    put(
      made,
      name,
      nested.map((one) => {
        const each: Members = {}
        for (const item of inner) {
          const from = `/${item.from.split('/*/').at(-1)}`
          put(each, item.to.split('/*')[2] ?? '', at(one, from) ?? null)
        }
        return each
      })
    )
  }
  return whole ?? made
}

function named(root: Members, here: Here) {
  const variables = at(here.answers[here.main], '/data/variables')
  if (!isMembers(variables)) return
  if (!at(root, '/data/variables')) put(root, '/data/variables', {})
  for (const [name, variable] of Object.entries(variables)) {
    if (!holds(here.item, variable)) continue
    const from = here.item.from.split('{name}')[1] ?? ''
    const value = here.item.from.startsWith('path key') ? name : at(variable, from)
    const to = here.item.to.replace('body:', '').replace('{name}', name)
    const isAsset = here.item.transform.startsWith('copy when asset')
    if (value !== undefined) put(root, to, value)
    else if (isAsset) put(root, to, NO_VALUE)
    else put(root, to, NO_VALUE)
  }
}

function worded(here: Here): Json | undefined {
  const { item } = here
  if (item.op === 'const') return item.value ?? null
  if (item.op === 'count') return SOME_COUNT(here)
  const value = sourceOf(here)
  if (item.op === 'enum') {
    const known = (item.map ?? {})[String(value)] ?? (item.map ?? {})['*']
    if (known !== undefined || isEmpty(value)) return known ?? null
    // The item names some words, the row's table of states others.
    const values = here.row.statusValues ?? {}
    const others = [value, values[String(value)], values['processing']]
    return { '<or one of>': others.filter((one) => one !== undefined) }
  }
  const word = ANSWER[item.transform]
  if (!word) throw new Error(`no word for the transform "${item.transform}"`)
  return word(value, here)
}

function SOME_COUNT(here: Here): Json {
  const list = at(here.answers[here.main], '/data')
  return Array.isArray(list) ? list.length : 0
}

function sourceOf(here: Here): Json | undefined {
  for (const place of placesOf(here.item.from).places) {
    const star = place.at.indexOf('/*')
    const root = place.call === 0 ? here.answers[here.main] : here.answers[place.call - 1]
    const value =
      here.element !== undefined && star >= 0
        ? at(here.element, place.at.slice(star + 2))
        : here.element !== undefined && place.call === 2 && at(here.element, '/__detail')
          ? at(at(here.element, '/__detail'), place.at)
          : at(root, place.at)
    if (value !== undefined && value !== null) return value
  }
  return undefined
}

function statusOf(value: Json | undefined, here: Here): Json {
  const values = here.row.statusValues ?? {}
  const note = String(values['_note'] ?? '')
  const data = here.element ?? at(here.answers[here.main], '/data')
  const item = at(data, '/avatar_item') ?? data
  const hasNoPicture = value === 'completed' && !at(item, '/preview_image_url')
  if (hasNoPicture && note.includes('preview_image_url'))
    return note.includes('still pending') ? 'pending' : 'processing'
  const known = values[String(value ?? null)]
  if (typeof known === 'string') return known
  const unknown = /unknown values -> (\w+)/.exec(note)?.[1]
  // A new word means that it is not over, where the map does not say otherwise.
  if (unknown !== undefined || isEmpty(value)) return unknown ?? null
  return { '<or one of>': [value ?? null, values['processing'] ?? null] }
}

function hasLanguages(legacy: Legacy): boolean {
  return Array.isArray(at(legacy.body, '/output_languages'))
}

function pairs(one: string, other: string): Word {
  return (value, { element }) =>
    Array.isArray(value)
      ? value.map((pair) => [at(pair, `/${one}`) ?? null, at(pair, `/${other}`) ?? null])
      : ifRead(element)
}

/** With names alone nothing is known of the words. */
function ifRead(element: Json | undefined): Json | undefined {
  return at(element, '/__detail') ? [] : NOTHING
}

function quota(data: Json | undefined): number {
  const number = (pointer: string) => Number(at(data, pointer) ?? 0)
  const billing = at(data, '/billing_type')
  const credits =
    billing === 'wallet'
      ? number('/wallet/remaining_balance')
      : billing === 'subscription'
        ? number('/subscription/credits/premium_credits/remaining') +
          number('/subscription/credits/add_on_credits/remaining')
        : (at(data, '/usage_based/remaining_credits') ?? null) === null
          ? number('/usage_based/spending_cap_usd') - number('/usage_based/spending_current_usd')
          : number('/usage_based/remaining_credits')
  return Math.max(0, Math.ceil(credits * 60))
}

function assetOf(value: Json | undefined, here: Here): Json {
  const list = ROW_BY_NAME.get('GET /v1/asset/list')
  if (!list) throw new Error('the list of assets has no row')
  const answers: Json[] = [{}, { data: [value ?? null] }]
  const built = buildAnswer({ ...here, row: list, answers, main: 1 })
  return at(built, '/data/assets/0') ?? null
}

function keyOf(id: Json | undefined, type: string): Json {
  if (!type.startsWith('image/')) return NO_VALUE
  return `image/${id}/original.${type === 'image/jpeg' ? '<jpg or jpeg>' : type.slice(6)}`
}
