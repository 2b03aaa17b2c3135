/** Builds the v3 request of one call out of the items of a row. */
import type { Row } from '../map/map.ts'
import {
  at,
  isEmpty,
  isMembers,
  placeOf,
  placesOf,
  put,
  readLegacy,
  type Item,
  type Json,
  type Legacy,
  type Members,
} from '../map/places.ts'
import { requestWord, type Settings } from './words.ts'

export interface V3Request {
  method: string
  path: string
  query: Record<string, string>
  body?: Members
  /** An upload: the bytes and their type. */
  file?: { bytes: Uint8Array; type: string }
}

export interface Building {
  row: Row
  legacy: Legacy
  settings: Settings
  answers: Json[]
  /** Names of members that the client sent and v3 cannot say. */
  lost: Set<string>
  /** The list element of a call that is made once for each. */
  each?: Json
}

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  /** What the message must name. */
  readonly names: string

  constructor(code: string, names: string, status = 400) {
    super(`refused: ${names}`)
    this.code = code
    this.names = names
    this.status = status
  }
}

/** Operations that rules or plans do, not single items. */
const BY_RULE = new Set([
  'mode',
  'switch',
  'engine',
  'background',
  'silence',
  'studio',
  'lookup',
  'recall',
  'filter',
  'upload',
])

export function buildRequest(number: number, building: Building): V3Request {
  const { row } = building
  const call = row.v3?.[number - 1]
  if (!call) throw new Error(`${row.name} has no call ${number}`)
  const query: Record<string, string> = {}
  const params: Record<string, string> = {}
  const body: Members = {}
  const hasBody = call.method !== 'GET' && call.method !== 'DELETE'
  const mine = row.request.filter((item) => {
    const to = placeOf(item.to)
    return !to || to.call === number || to.call === 0
  })
  for (const item of mine) {
    const to = placeOf(item.to)
    if (BY_RULE.has(item.op)) continue
    if (!to) {
      dropped(item, building)
      continue
    }
    const value = valueOf(item, building)
    if (value === undefined) continue
    if (to.in === 'query') query[to.at] = String(value)
    else if (to.in === 'path') params[to.at] = String(value)
    else if (to.in === 'body') put(body, to.at.replace(/\/\*$/, ''), value)
  }
  const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = params[name]
    if (value === undefined) throw new Refusal('invalid_parameter', name)
    return encodeURIComponent(value)
  })
  return { method: call.method, path, query, ...(hasBody ? { body } : {}) }
}

/** What an item without a target does: it is lost, or the call is refused. */
export function dropped(item: Item, { row, legacy, lost }: Building) {
  if (item.op === 'switch') return
  for (const place of placesOf(item.from).places) {
    const pointer = place.at.replace(/\/\*/g, '/0')
    const value = readLegacy(legacy, { ...place, at: pointer })
    if (isEmpty(value)) continue
    const name = pointer.split('/').at(-1) ?? ''
    if (item.transform === 'refuse true' && isTrue(value))
      throw new Refusal('invalid_parameter', name)
    if (
      item.transform === 'refuse any' ||
      (item.transform === 'refuse circle' && value === 'circle')
    )
      throw new Refusal('invalid_parameter', name)
    if (item.op === 'drop' && !isNamedLost(row, name)) continue
    if (item.op === 'drop' || (item.op === 'policy' && !isNeutral(value))) lost.add(name)
  }
}

/** The map lists what is lost. A member that v3 does anyway, or that meant nothing, is not in the list. */
function isNamedLost(row: Row, name: string): boolean {
  return row.lost.some((text) => new RegExp(`\\b${name}\\b`).test(text))
}

const NEUTRAL = [1, '1', 'normal', 'square', false, 'default']

/** A value that says what v3 does without it. */
function isNeutral(value: Json | undefined): boolean {
  if (isMembers(value)) return Object.values(value).every((number) => number === 0)
  return NEUTRAL.includes(value as string)
}

function isTrue(value: Json | undefined): boolean {
  return value === true || value === 'true' || value === 1
}

export function valueOf(item: Item, building: Building): Json | undefined {
  const { legacy, settings, answers } = building
  const asked = { item, legacy, settings }
  if (item.op === 'const') return item.value
  if (item.op === 'synth') return '<some text>'
  if (item.op === 'compose') return composed(item, legacy)
  if (item.transform.startsWith('copy; with duration_sec')) return withLength(legacy)
  const { places } = placesOf(item.from)
  for (const place of places) {
    if (place.call > 0) {
      const value = at(answers[place.call - 1], place.at)
      if (value !== undefined) return requestWord(value, asked)
      continue
    }
    if (place.at.includes('/*')) {
      if (building.each !== undefined) return requestWord(building.each, asked)
      const [head = '', tail = ''] = place.at.split('/*')
      const list = at(legacy.body, head)
      if (!Array.isArray(list)) continue
      return list.map((one) => requestWord(at(one, tail), asked) ?? null)
    }
    const value = readLegacy(legacy, place)
    if (!isEmpty(value)) return requestWord(value, asked)
  }
  return requestWord(undefined, asked)
}

/** A text of several members: which words it has is free, so only the values that must stand in it are said. */
function composed(item: Item, legacy: Legacy): Json | undefined {
  const words = placesOf(item.from)
    .places.map((place) => readLegacy(legacy, place))
    .filter((value) => !isEmpty(value) && value !== 'Unspecified')
    .map((value) => String(value).replaceAll('_', ' '))
  return words.length === 0 ? undefined : { '<text with>': words as Json[] }
}

function withLength(legacy: Legacy): Json | undefined {
  const body = isMembers(legacy.body) ? legacy.body : {}
  const seconds = body['duration_sec'] ?? at(body, '/config/duration_sec')
  if (isEmpty(seconds)) return body['prompt'] ?? undefined
  return { '<text with>': [body['prompt'] ?? '', String(seconds)] }
}
