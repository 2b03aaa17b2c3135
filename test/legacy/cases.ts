/** The cases of a row: its sample whole, each mapped item of the request alone, each item of the answer, each refusal of v3. */
import { callOf, type Change } from './heygen.ts'
import { ROWS, ROW_BY_NAME, type Row } from './map/map.ts'
import {
  at,
  isMembers,
  placesOf,
  put,
  readLegacy,
  steps,
  type Json,
  type Legacy,
  type Members,
  type Place,
} from './map/places.ts'
import { SAMPLES } from './samples/index.ts'
import type { Sample } from './samples/sample.ts'

export interface Case {
  row: Row
  name: string
  legacy: Legacy
  changes: Change[]
}

export function rowOf(sample: Sample): Row {
  const row = ROW_BY_NAME.get(sample.row)
  if (!row) throw new Error(`no row ${sample.row}`)
  return row
}

/** Webhook endpoints are the gateway’s own: rows.test.ts plays their life. */
const CARRIED = SAMPLES.filter((sample) => rowOf(sample).plan !== 'own')

export function wholeCases(): Case[] {
  return CARRIED.map((sample) => {
    const row = rowOf(sample)
    return { row, name: sample.name ?? 'whole', legacy: legacyOf(sample, row), changes: [] }
  })
}

/** Each member alone beside what the call needs, and each further value of it. */
export function itemCases(): Case[] {
  return CARRIED.flatMap((sample) => {
    const row = rowOf(sample)
    const whole = legacyOf(sample, row)
    const base = baseOf(sample, whole)
    const cases: Case[] = []
    const add = (place: string, value: Json) => {
      const legacy = structuredClone(base)
      if (place.startsWith('/')) {
        if (!isMembers(legacy.body)) legacy.body = {}
        put(legacy.body, place, value)
      } else legacy.query[place] = String(value)
      const name = [sample.name, place, '=', JSON.stringify(value)].filter(Boolean).join(' ')
      cases.push({ row, name: name.slice(0, 140), legacy, changes: [] })
    }
    if (sample.needs)
      cases.push({ row, name: `${sample.name ?? ''} base`.trim(), legacy: base, changes: [] })
    for (const place of placesIn(row, sample)) {
      const value = place.startsWith('/') ? at(whole.body, place) : whole.query[place]
      if (value !== undefined) add(place, value)
    }
    for (const [place, values] of Object.entries(sample.values ?? {}))
      for (const value of values) add(place, value)
    return cases
  })
}

/** The sources of the row’s items that the sample has and that are not in its base already. */
function placesIn(row: Row, sample: Sample): string[] {
  const needs = sample.needs ?? []
  const all = row.request.flatMap(({ from }) =>
    placesOf(from)
      .places.filter(({ in: where, call }) => call === 0 && (where === 'body' || where === 'query'))
      .map(({ at: pointer, in: where }) => {
        const plain = pointer.replace(/ .*$/, '').split('/{')[0] ?? ''
        const list = plain.split('/*')[0] ?? ''
        const isClip = plain.startsWith('/clips/*/')
        return where === 'query' ? plain : isClip ? plain.replace('/*/', '/0/') : list
      })
  )
  return [...new Set(all)].filter(
    (place) => !needs.some((need) => need === place || need.startsWith(`${place}/`))
  )
}

function baseOf(sample: Sample, whole: Legacy): Legacy {
  const needs = sample.needs ?? []
  const query = Object.fromEntries(
    Object.entries(whole.query).filter(([name]) => needs.includes(name))
  )
  if (!isMembers(whole.body)) return { ...whole, query }
  const body: Members = {}
  for (const pointer of needs.filter((need) => need.startsWith('/'))) {
    const value = at(whole.body, pointer)
    if (value !== undefined) put(body, pointer, structuredClone(value))
  }
  return { ...whole, query, body }
}

/** Each member of the v3 answer that the row reads: as null, and each word of a status. */
export function answerCases(): Case[] {
  return firstSamples().flatMap((sample) => {
    const row = rowOf(sample)
    const legacy = legacyOf(sample, row)
    const call = mainCall(row)
    if (!call) return []
    const data = (members: Members): Change[] => [{ call, data: members }]
    const cases: Case[] = []
    const members = new Set(row.response.flatMap((item) => membersOf(item.from)))
    for (const member of members)
      if (!/(^|_)ids?$|^avatar_(item|group)$|^status$/.test(member))
        cases.push({ row, name: `${member}: null`, legacy, changes: data({ [member]: null }) })
    const words = Object.keys(row.statusValues ?? {}).filter((word) => !/^_|^mark$/.test(word))
    if (members.has('status'))
      for (const word of [...words, 'a_new_word']) {
        const status = word === 'null' ? null : word
        const failure = { failure_code: 'too_long', failure_message: 'The text is too long.' }
        cases.push({
          row,
          name: `status: ${word}`,
          legacy,
          changes: data({ status, ...(word === 'failed' ? failure : {}) }),
        })
      }
    return cases
  })
}

function membersOf(from: string): string[] {
  const { places } = placesOf(from)
  return places
    .filter((place) => place.call <= 1 && place.in === 'body')
    .flatMap((place) => {
      const path = steps(place.at).filter((step) => step !== '*')
      const member = path[0] === 'data' ? path[1] : undefined
      return member && !member.startsWith('{') && path.length === 2 ? [member] : []
    })
}

/** Each refusal that the row names. */
export function refusalCases(): Case[] {
  return firstSamples().flatMap((sample) => {
    const row = rowOf(sample)
    const legacy = legacyOf(sample, row)
    const call = mainCall(row)
    if (!call) return []
    return Object.entries(row.errors.codes)
      .filter(([code, { v3Status }]) => v3Status >= 400 && !isGateways(call, v3Status, code))
      .map(([code, { v3Status: status }]) => ({
        row,
        name: `refused: ${code}`,
        legacy,
        changes: [
          {
            call,
            fails: {
              status,
              code,
              message: `HeyGen says ${code}.`,
              ...(code === 'invalid_parameter' ? { param: 'title' } : {}),
            },
          },
        ],
      }))
  })
}

const STARTS =
  /^POST \/v3\/(videos|avatars|templates|video-translations|video-agents|voices\/speech)/

/**
 * A creation that HeyGen does not answer clearly, or has no room for, is the gateway’s own matter: it looks for the job, or says
 * that all slots are taken. So is an upload that HeyGen no longer knows, which is brought there again, the end of a trial and the
 * check of a credential, which park the account.
 */
const OWN_CODES = new Set(['request_in_progress', 'asset_not_found'])

function isGateways(call: string, status: number, code: string): boolean {
  if (code === 'trial_limit_exceeded') return true
  if (call === 'GET /v3/users/me' && status === 401) return true
  return STARTS.test(call) && (status >= 500 || status === 429 || OWN_CODES.has(code))
}

function firstSamples(): Sample[] {
  return [...Map.groupBy(CARRIED, ({ row }) => row).values()].flatMap(([first]) => first ?? [])
}

/** The v3 call whose answer counts: the one that writes, else the first. */
function mainCall(row: Row): string | undefined {
  const calls = row.v3 ?? []
  const reads = row.plan === 'assets' ? calls.slice(1) : calls
  const main = calls.find(({ method }) => method !== 'GET') ?? reads[0]
  if (!main) return undefined
  return callOf({ method: main.method, path: main.path.replaceAll(/\{\w+\}/g, 'x-1') })
}

export function legacyOf(sample: Sample, row: Row): Legacy {
  const { params = {}, query = {}, body, raw } = sample
  return {
    method: row.method,
    path: row.path,
    params,
    query: { ...query },
    ...(body ? { body: structuredClone(body) } : {}),
    ...(raw ? { raw } : {}),
  }
}

/** Members that the map names and no case has. A GET with a body cannot be sent by fetch. */
export function unplayed(): string[] {
  const cases = [...wholeCases(), ...itemCases()]
  const isPlayed = (row: Row, place: Place) =>
    cases.some(
      (one) =>
        one.row === row &&
        ['0', '1'].some((index) => {
          const pointer = place.at.replaceAll('*', index)
          return readLegacy(one.legacy, { ...place, at: pointer }) !== undefined
        })
    )
  const rows = ROWS.filter((row) => row.v3 && row.plan !== 'own')
  return rows.flatMap((row) =>
    row.request
      .flatMap(({ from }) => placesOf(from).places)
      .filter(
        (place) => place.call === 0 && /^(body|query)$/.test(place.in) && /^[\w/*]+$/.test(place.at)
      )
      .filter((place) => place.at !== '/*' && place.at !== 'raw' && !isPlayed(row, place))
      .map((place) => `${row.name} ${place.at}`)
      .filter((name) => name !== 'GET /v1/video/caption.get /video_id')
  )
}
