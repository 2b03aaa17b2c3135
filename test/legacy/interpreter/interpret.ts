/**
 * Interprets one row of the corrected map: which v3 calls a legacy call makes, and what it answers. Written from the map and its
 * corrections alone; it imports nothing of src. `heygen` answers the v3 calls.
 */
import { buildAnswer, type Told } from './answers.ts'
import { ROW_BY_NAME, type Row } from '../map/map.ts'
import { at, isEmpty, isMembers, type Json, type Legacy, type Members } from '../map/places.ts'
import { Refusal, buildRequest, type Building, type V3Request } from './requests.ts'
import type { Settings } from './words.ts'
import { videoBody } from './video.ts'

export interface V3Answer {
  status: number
  body: Json
}

export type HeyGen = (request: V3Request) => V3Answer

export interface Outcome {
  /** In order. Reads of looks and users may be cached by the gateway. */
  asked: V3Request[]
  answer: V3Answer
  /** Names of members that were lost. */
  lost: string[]
}

class Failed extends Error {
  readonly answer: V3Answer

  constructor(answer: V3Answer) {
    super(`v3 answered ${answer.status}`)
    this.answer = answer
  }
}

const PAGE_SIZE = 50

export function interpret(row: Row, legacy: Legacy, settings: Settings, heygen: HeyGen): Outcome {
  const asked: V3Request[] = []
  const lost = new Set<string>()
  const ask = (request: V3Request): Json => {
    asked.push(request)
    const answer = heygen(request)
    if (answer.status >= 400) throw new Failed(answer)
    return answer.body
  }
  const building: Building = { row, legacy, settings, answers: [], lost }
  const answer = outcomeOf(building, ask)
  lost.delete('')
  return { asked, answer, lost: [...lost] }
}

function outcomeOf(building: Building, ask: (request: V3Request) => Json): V3Answer {
  const { row } = building
  if (row.gone) return goneOf(row, row.gone)
  if (row.answer) return row.answer
  try {
    return { status: 200, body: walked(building, ask) }
  } catch (error) {
    if (error instanceof Failed) return translated(row, error.answer)
    if (error instanceof Refusal) return refused(row, error)
    throw error
  }
}

function goneOf(row: Row, names: RegExp): V3Answer {
  const message = { '<text like>': names.source }
  if (row.envelope === 'websocket') return { status: 410, body: '<anything>' }
  if (row.path.startsWith('/v1/')) return { status: 410, body: { code: 410, message } }
  return { status: 410, body: { data: null, error: { code: 'gone', message } } }
}

/** `v1 on success, v2 on error`: the second word counts for errors. */
function errorEnvelope(row: Row): string {
  return row.errors.envelope ?? / (v\d) on error/.exec(row.envelope)?.[1] ?? row.envelope
}

/** The gateway’s own words have one form on all paths of v1 (contract 2), also where HeyGen’s answers have the form of v2. */
function refused(row: Row, { code, names, status }: Refusal): V3Answer {
  const message = { '<text with>': [names] }
  const envelope = row.path.startsWith('/v1/') ? 'v1' : 'v2'
  const known = row.errors.codes[code]
  const isParameter = code === 'invalid_parameter'
  if (envelope === 'v1') {
    const number =
      isParameter || code === 'internal_error' ? 400175 : (known?.code ?? '<some number>')
    const isOwn = code === 'internal_error' || !known
    return { status: isOwn ? status : known.status, body: { code: number, message } }
  }
  return {
    status: known && code !== 'internal_error' ? known.status : status,
    body: { data: null, error: { code: known?.code ?? code, message } },
  }
}

const FIXED = [
  'forbidden',
  'Unauthorized',
  'Video not found',
  'Voice not found',
  'Webhook endpoint not found',
]

function translated(row: Row, { status, body }: V3Answer): V3Answer {
  const error = at(body, '/error')
  const code = String(at(error, '/code') ?? '')
  const param = at(error, '/param')
  const words = [String(at(error, '/message') ?? ''), ...(isEmpty(param) ? [] : [String(param)])]
  // Where the map copies v3’s message, a fixed word of the other family is as good.
  const copied: Json = { '<text with>': words, '<or one of>': FIXED }
  const envelope = errorEnvelope(row)
  if (envelope === 'v3') return { status, body: { data: null, error: error ?? null } }
  const known = row.errors.codes[code]
  const isUrl = row.path.includes('webhook') && param === 'url'
  const number = isUrl ? 400542 : (known?.code ?? (envelope === 'v1' ? status : code))
  const message = isUrl
    ? 'Url of this webhook endpoint is invalid'
    : known && known.message !== 'copy' && known.message !== 'synth'
      ? known.message
      : copied
  return {
    status: known?.status ?? status,
    body:
      envelope === 'v1'
        ? { code: number, message }
        : { data: null, error: { code: number, message } },
  }
}

type Ask = (request: V3Request) => Json

function walked(building: Building, ask: Ask): Json {
  const { row } = building
  const told = (answers: Json[], main: number): Told => ({
    row,
    legacy: building.legacy,
    answers,
    main,
  })
  const file = building.legacy.raw
  if (file) return buildAnswer(told([ask({ ...buildRequest(1, building), file })], 0))
  if (VIDEOS.has(row.name)) return buildAnswer(told([madeVideo(building, ask)], 0))
  if (row.name === 'POST /v2/videos') return buildAnswer(told([ask(taggedVideo(building))], 0))
  if (row.name.endsWith('/template/{template_id}/generate'))
    return buildAnswer(told([ask(template(building, ask))], 0))
  const plan = PLANS[row.plan.split(' ')[0] ?? '']
  if (plan) return plan(building, ask, told)
  return buildAnswer(told([ask(buildRequest(1, building))], 0))
}

type Plan = (building: Building, ask: Ask, told: (answers: Json[], main: number) => Told) => Json

const PLANS: Record<string, Plan> = {
  /** One page of the client’s own. */
  page: (building, ask, told) => buildAnswer(told([ask(buildRequest(1, building))], 0)),
  /** All pages; then who the user is, where the row says so. */
  collect: (building, ask, told) => {
    const all = collected(buildRequest(1, building), ask)
    const hasUser = building.row.v3?.[1]?.path === '/v3/users/me'
    const answers = hasUser ? [all, ask(buildRequest(2, building))] : [all]
    return buildAnswer(told(answers, 0))
  },
  sequence: (building, ask, told) => sequence(building, ask, told),
  training: (building, ask, told) => {
    try {
      return buildAnswer(told([ask(buildRequest(1, building))], 0))
    } catch (error) {
      if (!(error instanceof Failed) || error.answer.status !== 404) throw error
      const group = building.legacy.params['group_id'] ?? ''
      const looks = list(ask(got('/v3/avatars/looks', { group_id: group })))
      if (looks.length === 0) throw error
      const data = { status: 'pending', error_msg: null, created_at: null, updated_at: null }
      return { error: null, data }
    }
  },
  photo: (building, ask, told) => {
    try {
      return buildAnswer(told([ask(buildRequest(1, building))], 0))
    } catch (error) {
      if (!(error instanceof Failed) || error.answer.status !== 404) throw error
      const id = building.legacy.params['talking_photo_id'] ?? ''
      ask({ method: 'DELETE', path: `/v3/assets/${encodeURIComponent(id)}`, query: {} })
      return { error: null, data: null }
    }
  },
  group: (building, ask, told) =>
    buildAnswer(told([madeLook(building, ask, at(building.legacy.body, '/image_key'))], 0)),
  each: (building, ask) => eachKey(building, ask),
  groups: (building, ask, told) => {
    const isAll = ['true', '1'].includes(building.legacy.query['include_public'] ?? '')
    const passes = isAll ? ['private', 'public'] : ['private']
    const rows = passes.flatMap((ownership) => {
      const groups = list(collected(got('/v3/avatars', { ownership }), ask))
      const looks = list(collected(got('/v3/avatars/looks', { ownership }), ask))
      const isPhoto = (group: Json) =>
        looks.some(
          (look) =>
            at(look, '/group_id') === at(group, '/id') &&
            at(look, '/avatar_type') === 'photo_avatar'
        )
      return groups.map((group) => ({
        ...(isMembers(group) ? group : {}),
        __photo: isPhoto(group),
        __public: ownership === 'public',
      }))
    })
    return buildAnswer(told([{ data: rows }], 0))
  },
  voices: (building, ask, told) => {
    const rows = ['public', 'private'].flatMap((type) =>
      list(collected(got('/v3/voices', { type }), ask))
    )
    return buildAnswer(told([{ data: rows }], 0))
  },
  states: (building, ask, told) => {
    const looks = list(collected(got('/v3/avatars/looks', {}), ask))
    const rows = list(collected(got('/v3/avatars', {}), ask)).map((group) => ({
      ...(isMembers(group) ? group : {}),
      __looks: looks.filter((look) => at(look, '/group_id') === at(group, '/id')),
    }))
    return buildAnswer(told([{ data: rows }, {}], 0))
  },
  details: (building, ask, told) => {
    const page = ask(buildRequest(1, building))
    const isShort = ['true', '1'].includes(building.legacy.query['name_only'] ?? '')
    const rows = list(page).map((row) => {
      const path = `/v3/brand-glossaries/${String(at(row, '/brand_glossary_id'))}`
      const detail = isShort ? {} : { __detail: ask(got(path, {})) }
      return { ...(isMembers(row) ? row : {}), ...detail }
    })
    const whole = { ...(isMembers(page) ? page : {}), data: rows }
    return buildAnswer(told([whole, {}], 0))
  },
  assets: (building, ask, told) => {
    const me = ask(buildRequest(1, building))
    const own = { ...building, answers: [me] }
    const page = ask(buildRequest(2, own))
    const type = building.legacy.query['file_type']
    const data = list(page).filter((asset) => isEmpty(type) || at(asset, '/type') === type)
    return buildAnswer(told([me, { ...(isMembers(page) ? page : {}), data }], 1))
  },
  /** Served by the gateway itself: rows.test.ts plays an endpoint’s whole life. */
  own: ({ row }) => {
    if (/update|delete/.test(row.name)) throw new Refusal('webhook_not_found', 'endpoint', 404)
    return '<anything>'
  },
  locales: () => ({ error: null, data: { locales: '<some rows>' } }),
}

function sequence(
  building: Building,
  ask: Ask,
  told: (answers: Json[], main: number) => Told
): Json {
  const { row, legacy } = building
  if (row.name === 'POST /v2/photo_avatar/look/generate') return lookGenerate(building, ask, told)
  if (row.name === 'POST /v2/video_translate') {
    const id = at(legacy.body, '/video_id') ?? at(legacy.body, '/input_video_id')
    const hasUrl =
      !isEmpty(at(legacy.body, '/video_url')) || !isEmpty(at(legacy.body, '/google_url'))
    const found = isEmpty(id) || hasUrl ? {} : ask(got(`/v3/videos/${String(id)}`, {}))
    const made = ask(buildRequest(2, { ...building, answers: [found] }))
    return buildAnswer(told([found, made], 1))
  }
  if (row.name === 'POST /v2/video_avatar') {
    const made = ask(buildRequest(1, building))
    if (!isEmpty(at(legacy.body, '/video_consent_url')))
      try {
        ask(buildRequest(2, { ...building, answers: [made] }))
      } catch (error) {
        if (!(error instanceof Failed)) throw error
      }
    return buildAnswer(told([made], 0))
  }
  const answers: Json[] = []
  for (const index of (row.v3 ?? []).keys())
    answers.push(ask(buildRequest(index + 1, { ...building, answers })))
  return buildAnswer(told(answers, 0))
}

function lookGenerate(
  building: Building,
  ask: Ask,
  told: (answers: Json[], main: number) => Told
): Json {
  const looks = list(collected(buildRequest(1, building), ask))
  const reference = looks.find(
    (look) => at(look, '/status') === 'completed' && at(look, '/preview_image_url')
  )
  const request = buildRequest(2, building)
  if (reference) request.body = { ...request.body, avatar_id: at(reference, '/id') ?? null }
  return buildAnswer(told([{}, ask(request)], 1))
}

/** One creation for each image key. What was made before a failure is answered. */
/** A key of the gateway’s own for a look that it has generated. Keys of uploads end in a type of file. */
function generatedLook(key: Json | undefined): string | undefined {
  return /^image\/([^/]+)\/original$/.exec(String(key))?.[1]
}

function madeLook(building: Building, ask: Ask, key: Json | undefined): Json {
  const generation =
    building.row.plan === 'group' ? at(building.legacy.body, '/generation_id') : undefined
  const id = typeof generation === 'string' ? generation : generatedLook(key)
  if (id === undefined)
    return ask(buildRequest(1, { ...building, ...(key === undefined ? {} : { each: key }) }))
  const look = ask(got(`/v3/avatars/looks/${id}`, {}))
  return { data: { avatar_item: at(look, '/data') ?? null } }
}

function eachKey(building: Building, ask: Ask): Json {
  const keys = at(building.legacy.body, '/image_keys')
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > 4)
    throw new Refusal('invalid_parameter', 'image_keys')
  const create = ROW_BY_NAME.get('POST /v2/photo_avatar/avatar_group/create')
  if (!create) throw new Error('no row of the creation of a group')
  const made: Json[] = []
  for (const key of keys) {
    try {
      const answer = madeLook(building, ask, key)
      const told: Told = { row: create, legacy: building.legacy, answers: [answer], main: 0 }
      made.push(at(buildAnswer(told), '/data') ?? null)
    } catch (error) {
      if (made.length === 0 || !(error instanceof Failed)) throw error
      break
    }
  }
  return { error: null, data: { photo_avatar_list: made } }
}

const VIDEOS = new Set([
  'POST /v2/video/generate',
  'POST /v1/video.generate',
  'POST /v1/video.webm',
])

function madeVideo(building: Building, ask: Ask): Json {
  const look = (id: string) => {
    try {
      return at(ask(got(`/v3/avatars/looks/${encodeURIComponent(id)}`, {})), '/data')
    } catch (error) {
      if (!(error instanceof Failed) || error.answer.status !== 404) throw error
    }
    const ofGroup = list(ask(got('/v3/avatars/looks', { group_id: id })))
    const oldest = ofGroup.findLast((one) => (at(one, '/status') ?? 'completed') === 'completed')
    if (oldest) return oldest
    try {
      ask(got(`/v3/assets/${encodeURIComponent(id)}`, {}))
      return { asset: true }
    } catch (error) {
      if (error instanceof Failed) return undefined
      throw error
    }
  }
  const silence = (seconds: number) => {
    const file = { bytes: new Uint8Array(WAV_HEAD + seconds * WAV_SECOND), type: 'audio/wav' }
    const made = ask({ method: 'POST', path: '/v3/assets', query: {}, file })
    return at(made, '/data/asset_id') ?? null
  }
  const body = videoBody(building, { look, silence })
  return ask({ method: 'POST', path: '/v3/videos', query: {}, body })
}

/** rules.silence: 8 kHz, mono, 16 bit. */
const WAV_HEAD = 44
const WAV_SECOND = 16_000

/** The late v2 form is v3’s own, but for the type and the picture. */
function taggedVideo(building: Building): V3Request {
  const request = buildRequest(1, building)
  const isAvatar = !isEmpty(at(building.legacy.body, '/avatar_id'))
  // Correction 2: the engine is never left out. This family meant Avatar IV, and `image` has no other.
  const engine: Members = isAvatar ? { engine: { type: 'avatar_iv' } } : {}
  return { ...request, body: { type: isAvatar ? 'avatar' : 'image', ...engine, ...request.body } }
}

function template(building: Building, ask: Ask): V3Request {
  const { row, legacy } = building
  const isVariable = (from: string) => from.includes('/variables/')
  const plain = { ...row, request: row.request.filter((item) => !isVariable(item.from)) }
  const request = buildRequest(1, { ...building, row: plain })
  const fps = at(legacy.body, '/fps')
  if (!isEmpty(fps) && at(request.body, '/fps') === undefined) building.lost.add('fps')
  const variables = at(legacy.body, '/variables')
  const body: Members = { ...request.body }
  if (isMembers(variables)) {
    const own: Members = {}
    for (const [name, value] of Object.entries(variables)) own[name] = variable(value)
    body['variables'] = { ...textsOf(ask(got(request.path, {}))), ...own }
  }
  return { ...request, body }
}

/** Correction 8: a text that is left out would stand as its name in the video, so it is the template’s own. */
function textsOf(template: Json): Members {
  const variables = at(template, '/data/variables')
  const texts = Object.entries(isMembers(variables) ? variables : {}).filter(
    ([, one]) => at(one, '/type') === 'text' && !isEmpty(at(one, '/content'))
  )
  return Object.fromEntries(
    texts.map(([name, one]) => [name, { type: 'text', content: at(one, '/content') ?? null }])
  )
}

/** `build` items of the template row: what stands under `properties` becomes flat. */
function variable(value: Json): Json {
  if (!isMembers(value)) return { type: 'text', content: value }
  const own = value['properties']
  const properties = isMembers(own) ? own : value
  const type = value['type'] ?? 'text'
  const flat: Members = { type }
  const take = (names: string[]) => {
    for (const name of names) if (!isEmpty(properties[name])) flat[name] = properties[name] ?? null
  }
  if (type === 'text') take(['content'])
  if (['image', 'video', 'audio'].includes(String(type))) {
    const { url, asset_id: id } = properties
    flat['asset'] = isEmpty(url)
      ? { type: 'asset_id', asset_id: id ?? null }
      : { type: 'url', url: url ?? null }
  }
  if (type === 'image') take(['fit'])
  if (type === 'video') take(['fit', 'play_style', 'volume'])
  if (type === 'voice') take(['voice_id', 'locale'])
  if (type === 'character') {
    take(['character_id'])
    if (!isEmpty(properties['type'])) flat['character_type'] = properties['type'] ?? null
  }
  return flat
}

function got(path: string, query: Record<string, string>): V3Request {
  return { method: 'GET', path, query }
}

function list(body: Json): Json[] {
  const data = at(body, '/data')
  return Array.isArray(data) ? data : []
}

function collected(request: V3Request, ask: Ask): Json {
  const rows: Json[] = []
  let token: string | undefined
  do {
    const paging = { limit: String(PAGE_SIZE), ...(token ? { token } : {}) }
    const page = ask({ ...request, query: { ...request.query, ...paging } })
    rows.push(...list(page))
    const next = at(page, '/next_token')
    token = at(page, '/has_more') === true && typeof next === 'string' ? next : undefined
  } while (token)
  return { data: rows, has_more: false, next_token: null }
}
