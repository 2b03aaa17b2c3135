/**
 * Reads and writes the places of the map: `body:/a/b`, `query:x`, `path:x`, with `2.` before them for the answer of the
 * second call. A missing value is `undefined`; null and the empty text count as missing in requests (grammar.nullAndAbsent).
 */
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json }
export type Members = { [member: string]: Json }

export interface Item {
  from: string
  to: string
  op: string
  transform: string
  value?: Json
  map?: Members
  range?: number[]
  where?: Record<string, string | string[]>
  note?: string
}

export interface Place {
  /** The number of the v3 call, from 1. 0: the place names none. */
  call: number
  in: string
  /** A JSON pointer in a body, a name elsewhere. */
  at: string
}

export interface Legacy {
  method: string
  path: string
  params: Record<string, string>
  query: Record<string, string>
  body?: Json | undefined
  /** The bytes of an upload and their type. */
  raw?: { bytes: Uint8Array; type: string }
}

export function placeOf(text: string, before?: Place): Place | undefined {
  if (text === '-') return undefined
  const match = /^(?:(\d+)\.)?(body|query|path|header|multipart):(.*)$/.exec(text.trim())
  if (match) return { call: Number(match[1] ?? 0), in: match[2] ?? '', at: match[3] ?? '' }
  if (!before) return undefined
  // `body:/avatar_id | config.avatar_id`, `body:/clips/*/avatar_id | talking_photo_id`: the second name stands beside the first.
  const stem = before.at.slice(0, before.at.lastIndexOf('/') + 1)
  return { ...before, at: stem + text.trim().replaceAll('.', '/') }
}

export function placesOf(from: string): { places: Place[]; join: boolean } {
  const join = from.includes(' + ')
  const places: Place[] = []
  for (const part of from.split(join ? ' + ' : ' | ')) {
    const place = placeOf(part, places[0])
    if (place) places.push(place)
  }
  return { places, join }
}

export function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without `*`. */
export function at(value: Json | undefined, pointer: string): Json | undefined {
  let here = value
  for (const step of steps(pointer)) {
    if (Array.isArray(here)) here = here[Number(step)]
    else if (isMembers(here)) here = here[step]
    else return undefined
  }
  return here
}

export function put(root: Members, pointer: string, value: Json) {
  const path = steps(pointer)
  let here: Members | Json[] = root
  for (const [index, step] of path.entries()) {
    const isLast = index === path.length - 1
    const next: Json = isLast ? value : /^\d+$/.test(path[index + 1] ?? '') ? [] : {}
    const old = Array.isArray(here) ? here[Number(step)] : here[step]
    if (isLast || !(Array.isArray(old) || isMembers(old))) {
      if (Array.isArray(here)) here[Number(step)] = next
      else here[step] = next
    }
    const below: Json | undefined = Array.isArray(here) ? here[Number(step)] : here[step]
    if (Array.isArray(below) || isMembers(below)) here = below
  }
}

export function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === ''
}

export function steps(pointer: string): string[] {
  return pointer.split('/').filter((step) => step !== '')
}

export function readLegacy(legacy: Legacy, place: Place): Json | undefined {
  if (place.in === 'query') return legacy.query[place.at]
  if (place.in === 'path') return legacy.params[place.at]
  if (place.in === 'body') return at(legacy.body, place.at)
  return undefined
}
