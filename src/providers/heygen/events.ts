/**
 * Reads, verifies and builds HeyGen's events (reference/heygen.md 7). Several payloads are guesses. An event of a type that is not
 * listed here only says which job to check.
 */
import { isCut } from '#domain/jobs/fingerprint.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { instantOf } from '#domain/text/timestamps.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { EndedJob, JobReport, Lease } from '#domain/slots/lease.ts'
import { isSignedHex } from '#domain/events/signatures.ts'
import type { ProviderEvents, ReadEvent, Route } from '#providers/contract/provider.ts'
import { keyOfLook } from './uploads/asset-id.ts'
import { endpoints } from './events/endpoints.ts'
import { webhooks } from './events/webhooks.ts'

/** Both names were seen in the field. */
const SIGNATURE_HEADERS = ['heygen-signature', 'signature']

interface Kind {
  /** The member of `event_data` that has the id, and the kind that is watched under this id. */
  id: string
  watches: readonly string[]
  /** The member that has the reason of a failure. */
  why: 'msg' | 'message'
  /** Further members of the event, each with its names in a status answer. */
  facts?: Readonly<Record<string, readonly string[]>>
  /** Members that are lists of one value, each with its name in a status answer. */
  lists?: Readonly<Record<string, string>>
  /** The member that has the keys of the pictures: of a look, the one key under which older calls name its picture. */
  pictureKeys?: string
  /** The member that has the id of the group that the job belongs to. */
  groupId?: string
  /** Whether the event is documented or was seen, so that the gateway can wait for it. The others are guesses. */
  isSure?: boolean
}

const URL_FACTS = { url: ['url', 'video_url'] }

/** By the event's name without `.success` or `.fail`. */
const KINDS: Readonly<Record<string, Kind>> = {
  avatar_video: {
    id: 'video_id',
    watches: ['video'],
    why: 'msg',
    facts: { ...URL_FACTS, gif_download_url: ['gif_url'], video_page_url: ['video_page_url'] },
    isSure: true,
  },
  video_translate: {
    id: 'video_translate_id',
    watches: ['translation'],
    why: 'message',
    facts: { ...URL_FACTS, output_language: ['output_language'] },
    isSure: true,
  },
  video_agent: {
    id: 'session_id',
    watches: ['agent-session'],
    why: 'msg',
    facts: { video_id: ['video_id'], ...URL_FACTS },
    isSure: true,
  },
  proofread_creation: { id: 'proofread_id', watches: ['proofread'], why: 'message' },
  instant_avatar: {
    id: 'avatar_id',
    watches: ['video-avatar', 'avatar-look'],
    why: 'msg',
    groupId: 'avatar_group_id',
  },
  // v3 makes photo avatars and their pictures as looks.
  photo_avatar_generation: {
    id: 'generation_id',
    watches: ['photo-generation', 'avatar-look'],
    why: 'msg',
    lists: { image_url_list: 'preview_image_url' },
    pictureKeys: 'image_key_list',
  },
  photo_avatar_train: {
    id: 'group_id',
    watches: ['avatar-training'],
    why: 'msg',
    groupId: 'group_id',
  },
  photo_avatar_add_motion: { id: 'id', watches: ['photo-avatar'], why: 'msg' },
  hyperframes_video: { id: 'render_id', watches: ['render'], why: 'message', facts: URL_FACTS },
  ai_clipping: { id: 'id', watches: ['ai-clipping'], why: 'message' },
  // The names inside these are guesses. An event without the id still says which job to check.
  filler_word_removal: {
    id: 'filler_word_removal_id',
    watches: ['filler-word-removal'],
    why: 'message',
    facts: URL_FACTS,
  },
  podcast: { id: 'podcast_id', watches: ['podcast'], why: 'message', facts: URL_FACTS },
  // HeyGen's list of event types has none for model videos, although these take a callback_url.
  model_video: { id: 'video_id', watches: ['model-video'], why: 'message', facts: URL_FACTS },
}

const BATCHES = [
  'video-batch',
  'lipsync-batch',
  'translation-batch',
  'asset-batch',
  'comparison-batch',
]

/** Where an event names its job. */
export const JOB_IDS_AT = [...Object.values(KINDS).map(({ id }) => id), 'batch_id'].map(
  (name) => `/event_data/${name}`
)

/** Types that do not end a job, although their names suggest it. */
const ENDS_NOTHING = /^(avatar_video_gif|avatar_video_caption|live_avatar)\.|\.preflight\./

/** A session leaves no result to fetch, so its end is no event for clients. */
const SESSIONS = new Set(['streaming-session', 'stream'])

const SURE = new Set(Object.values(KINDS).flatMap((kind) => (kind.isSure ? kind.watches : [])))

export const events: ProviderEvents = {
  signatureHeaders: SIGNATURE_HEADERS,

  async isSigned(secret, headers, body) {
    for (const name of SIGNATURE_HEADERS) {
      if (await isSignedHex(secret, body, headers[name] ?? null)) return true
    }
    return false
  },

  read(body) {
    const event = parseJson(body)
    const type = textAt(event, '/event_type')
    return type === undefined ? undefined : readEvent(type, event, body)
  },

  notifiesEndOf: (route: Route) => SURE.has(route.job?.watch ?? ''),

  callbackUrlAt: () => '/callback_url',

  build(end, id, at) {
    if (SESSIONS.has(end.lease.watch[0]?.split(':')[0] ?? '')) return undefined
    const { type, data } = eventOf(end)
    const created = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
    const event = { event_id: id, event_type: type, event_data: data, created_at: created }
    return { type, body: JSON.stringify(event) }
  },

  jobIdsAt: JOB_IDS_AT,

  madeAt: { '/event_data/video_id': '/v3/videos', '/event_data/image_key_list/*': '' },

  /** An older call's own id for its job, where the newer call takes none (proofreads, looks). */
  replyBody({ reply, fingerprint }, body) {
    if (reply?.callbackId === undefined || fingerprint.callbackId) return undefined
    const event = parseJson(body) as { event_data?: object } | undefined
    const event_data = { ...event?.event_data, callback_id: reply.callbackId }
    return event && JSON.stringify({ ...event, event_data })
  },

  webhooks,
  endpoints,
}

function readEvent(type: string, event: unknown, body: string): ReadEvent {
  const id = textAt(event, '/event_id')
  const created = instantOf(valueAt(event, '/created_at'))
  const [name = '', ending] = type.split('.')
  const kind = KINDS[name]
  const isBatch = type === 'batch.finished'
  const subject = textAt(event, `/event_data/${isBatch ? 'batch_id' : (kind?.id ?? 'id')}`)
  const reports = reportsOf(type, subject, event)
  return {
    type,
    body,
    reports,
    mentions: textsIn(event),
    ...(id === undefined ? {} : { id }),
    ...(subject === undefined ? {} : { subject }),
    ...(created === undefined ? {} : { createdAt: created }),
    ...(reports.length > 0 || ENDS_NOTHING.test(type) ? {} : endingOf(ending)),
  }
}

function reportsOf(type: string, subject: string | undefined, event: unknown): JobReport[] {
  if (subject === undefined) return []
  if (type === 'batch.finished') {
    const state = textAt(event, '/event_data/status') === 'failed' ? 'failed' : 'completed'
    return BATCHES.map((watch) => ({ watch: `${watch}:${subject}`, state }))
  }
  const [name = '', word] = type.split('.')
  const { ending } = endingOf(word)
  const kind = KINDS[name]
  if (!kind || !ending || type.split('.').length !== 2) return []
  const why = ending === 'failed' ? reasonIn(event) : undefined
  const detail = why === undefined ? {} : { detail: why }
  return kind.watches.map((watch) => ({ watch: `${watch}:${subject}`, state: ending, ...detail }))
}

function endingOf(word: string | undefined): { ending?: 'completed' | 'failed' } {
  if (word === 'success') return { ending: 'completed' }
  return word === 'fail' ? { ending: 'failed' } : {}
}

/** The reason of a failure. `msg`, `message` and `error` were all seen. */
function reasonIn(event: unknown): string | undefined {
  const found = ['msg', 'message', 'error'].map((name) => textAt(event, `/event_data/${name}`))
  return found.find((text) => text !== undefined)?.slice(0, 200)
}

/** Every text in the event's data that may be an id. */
function textsIn(event: unknown): string[] {
  const data = (event as { event_data?: unknown }).event_data
  if (typeof data !== 'object' || data === null) return []
  return Object.entries(data)
    .filter(([name]) => name !== 'callback_id' && /(^|_)id$/.test(name))
    .map(([, value]) => value)
    .filter((value) => typeof value === 'string' && value !== '')
    .slice(0, 20) as string[]
}

function eventOf({ lease, outcome, heard }: EndedJob): {
  type: string
  data: Record<string, unknown>
} {
  const watch = lease.watch[0]?.split(':')[0] ?? 'job'
  const jobId = lease.jobId ?? null
  const isDone = outcome.status === 'completed'
  const callbackId = lease.fingerprint.callbackId ?? lease.reply?.callbackId ?? null
  // A very long callback id is stored cut off. No callback id is better than a wrong one.
  const callback = { callback_id: callbackId !== null && isCut(callbackId) ? null : callbackId }
  if (BATCHES.includes(watch)) {
    const data = { batch_id: jobId, status: isDone ? 'completed' : 'failed', ...callback }
    return { type: 'batch.finished', data }
  }
  const [name, kind] = kindOf(watch, lease)
  const facts = isDone ? factsOf(kind, heard?.facts ?? {}) : { [kind.why]: whyOf(outcome) }
  const type = `${name}.${isDone ? 'success' : 'fail'}`
  const group = groupOf(kind, lease)
  const keys = isDone ? pictureKeysOf(kind, lease) : {}
  const id = { [kind.id]: lease.reply?.about ?? subjectOf(lease) ?? jobId }
  return { type, data: { ...id, ...group, ...facts, ...keys, ...callback } }
}

/** If HeyGen has no event for a kind, the event gets the name of the kind. */
function kindOf(watch: string, lease: Lease): [string, Kind] {
  const { speaks = '' } = lease.reply ?? {}
  const spoken = KINDS[speaks]
  if (spoken) return [speaks, spoken]
  const known = Object.entries(KINDS).find(([, kind]) => kind.watches.includes(watch))
  if (known) return known
  const isNamed = lease.watch.length > 0
  const name = isNamed ? watch.replaceAll('-', '_') : 'job'
  return [name, { id: 'id', watches: [], why: 'message', facts: URL_FACTS }]
}

/** The id that the event is about. It may not be the job's own: the end of a run is an event about its session. */
function subjectOf(lease: Lease): string | undefined {
  const [watch] = lease.watch
  return watch?.slice(watch.indexOf(':') + 1) || undefined
}

/** The group of a look. A job is watched under the ids of both. */
function groupOf({ groupId }: Kind, { watch }: Lease): Record<string, string> {
  const group = watch.find((one) => one.startsWith('avatar-group:'))
  if (groupId === undefined || group === undefined) return {}
  return { [groupId]: group.slice('avatar-group:'.length) }
}

function pictureKeysOf({ pictureKeys }: Kind, { watch: [watch = ''] }: Lease) {
  const [, look] = /^avatar-look:(.+)$/s.exec(watch) ?? []
  if (pictureKeys === undefined || look === undefined) return {}
  return { [pictureKeys]: [keyOfLook(look)] }
}

function factsOf(
  { facts = {}, lists = {} }: Kind,
  heard: Record<string, unknown>
): Record<string, unknown> {
  const listed = Object.entries(lists).map(([name, place]) => {
    const value = heard[place]
    return [name, value === undefined || value === null ? null : [value]]
  })
  return { ...pick(facts, heard), ...(Object.fromEntries(listed) as Record<string, unknown>) }
}

function pick(
  names: Readonly<Record<string, readonly string[]>>,
  facts: Record<string, unknown>
): Record<string, unknown> {
  const found = Object.entries(names).map(([name, places]) => {
    const place = places.find((one) => facts[one] !== undefined && facts[one] !== null)
    return [name, place === undefined ? null : facts[place]]
  })
  return Object.fromEntries(found) as Record<string, unknown>
}

const WHY: Partial<Record<EndedJob['outcome']['status'], string>> = {
  gone: 'the provider no longer knows this job',
  absent: 'this job never reached the provider',
  lost: 'no event and no status of this job came for 48 h',
  outcome_unknown: 'the answer to this creation was lost, and its outcome is not known',
}

function whyOf({ status, detail }: EndedJob['outcome']): string {
  return detail ?? WHY[status] ?? status
}
