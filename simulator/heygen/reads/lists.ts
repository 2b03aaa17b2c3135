/** Lists: the account's own, newest first, then the public ones, with the paging of the family. */
import type { HookEvent, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { type Call, type Reply, reply } from '../answers/call.ts'
import { envelopeOf, invalid } from '../answers/errors.ts'
import { envelopeData, fillRow, localise, toSubject, toTime, withData } from '../answers/fill.ts'
import { findRow } from '../catalogue/catalogue.ts'
import { listEndpointRows } from '../events/endpoints.ts'
import { EVENT_TYPES } from '../events/event-types.ts'
import { listOwn, listPublic } from '../resources/resources.ts'
import { listSessions } from '../streaming/streaming.ts'
import {
  type Filter,
  inFolder,
  inTrash,
  ofGroup,
  ofMember,
  ofSession,
  ownedAs,
  publicOnRequest,
  readLimit,
  titled,
  voices,
} from './list-filters.ts'
import { withLiveFacts } from './live-facts.ts'

type ListSpec = {
  type: string
  forms?: string[]
  publicForms?: string[]
  filter?: Filter
}

const LOOKS = ['look', 'photo', 'video']

const LISTS: Record<string, ListSpec> = {
  'GET /v2/templates': { type: 'template' },
  'GET /v3/templates': { type: 'template' },
  'GET /v1/video.list': { type: 'video', filter: titled },
  'GET /v2/videos': { type: 'video', filter: titled },
  'GET /v3/videos': { type: 'video', filter: titled },
  'GET /v2/avatar_group.list': { type: 'avatar-group', filter: publicOnRequest },
  'GET /v3/avatars': { type: 'avatar-group', filter: ownedAs },
  'GET /v2/avatar_group/{group_id}/avatars': {
    type: 'avatar',
    publicForms: LOOKS,
    filter: ofGroup,
  },
  'GET /v3/avatars/looks': { type: 'avatar', forms: LOOKS, filter: ownedAs },
  'GET /v1/talking_photo.list': { type: 'avatar', forms: ['photo'] },
  'GET /v1/streaming/avatar.list': { type: 'avatar', forms: ['streaming'] },
  'GET /v2/voices': { type: 'voice' },
  'GET /v3/voices': { type: 'voice', filter: voices },
  'GET /v1/audio/voices': { type: 'voice', filter: voices },
  'GET /v3/models/audio/voices': { type: 'voice', forms: ['model'] },
  'GET /v1/brand_voice/list': { type: 'brand-glossary' },
  'GET /v3/brand-glossaries': { type: 'brand-glossary' },
  'GET /v3/brand-kits': { type: 'brand-kit' },
  'GET /v1/streaming/knowledge_base/list': { type: 'knowledge-base' },
  'GET /v1/asset/list': { type: 'asset', filter: inFolder },
  'GET /v3/assets': { type: 'asset', filter: ofMember },
  'GET /v3/assets/search': { type: 'asset' },
  'GET /v1/webhook/endpoint.list': { type: 'webhook-endpoint' },
  'GET /v3/webhooks/endpoints': { type: 'webhook-endpoint' },
  'GET /v1/folders': { type: 'folder', filter: inTrash },
  'GET /v3/ai-clipping': { type: 'ai-clipping' },
  'GET /v3/background-removals': { type: 'background-removal' },
  'GET /v3/lipsyncs': { type: 'lipsync' },
  'GET /v3/video-agents': { type: 'agent-session' },
  'GET /v3/video-agents/{session_id}/videos': { type: 'video', filter: ofSession },
  'GET /v3/video-translations': { type: 'translation' },
  'GET /v3/video-translations/proofreads': { type: 'proofread' },
  'GET /v3/avatars/look-templates': { type: 'look-template' },
  'GET /v3/hyperframes/renders': { type: 'render' },
  'GET /v3/podcasts': { type: 'podcast' },
  'GET /v3/workflows': { type: 'workflow' },
  'GET /v3/workflow-runs': { type: 'workflow-run' },
}

/** Lists whose documented example is empty. Their rows look like the answer of this row. */
const ROW_FROM: Record<string, string> = {
  'GET /v3/hyperframes/renders': 'GET /v3/hyperframes/renders/{render_id}',
  'GET /v3/podcasts': 'GET /v3/podcasts/{podcast_id}',
  'GET /v3/workflows': 'GET /v3/workflows/{workflow_id}',
  'GET /v3/workflow-runs': 'GET /v3/workflow-runs/{run_id}',
}

export function listRows(call: Call): Reply {
  const spec = LISTS[call.name]
  const example = call.row.responseExample
  const special = SPECIAL[call.name]
  if (special) return special(call)
  if (!spec) return reply(call, localise(example, call.site))
  const all = collect(call, spec)
  const page = toPage(call, all)
  const rows =
    spec.type === 'webhook-endpoint' ? listEndpointRows(call, page.rows) : fillRows(call, page.rows)
  return reply(call, toBody(call, rows, all.length, page.token))
}

function fillRows(call: Call, resources: Resource[]): unknown[] {
  const template = rowTemplate(call)
  return resources.map((resource) =>
    withLiveFacts(call, resource, fillRow(template, toSubject(call, resource)))
  )
}

function listEvents(call: Call): Reply {
  const type = call.query.get('event_type')
  const entity = call.query.get('entity_id')
  const all = [...call.state.events.values()]
    .filter((each) => each.account === call.account.email)
    .filter((each) => (!type || each.eventType === type) && (!entity || each.entityId === entity))
    .toSorted((a, b) => b.seq - a.seq)
    .map((each) => ({ ...each, id: each.key, type: 'event', form: '', doc: each.eventData }))
  const page = toPage(call, all)
  const rows = page.rows.map(({ key, createdAt }) => {
    const { eventType, eventData } = getEvent(call, key)
    return {
      created_at: toTime('Z', createdAt),
      event_data: eventData,
      event_id: key,
      event_type: eventType,
    }
  })
  return reply(call, toBody(call, rows, all.length, page.token))
}

function getEvent(call: Call, key: string): HookEvent {
  const event = call.state.events.get(key)
  if (!event) throw new Error(`No event ${key}`)
  return event
}

function listEventTypes(call: Call): Reply {
  if (call.row.family === 'v1') return reply(call, withData(call.row.responseExample, EVENT_TYPES))
  const data = EVENT_TYPES.map((event_type) => ({
    event_type,
    description: `Sent on ${event_type}.`,
  }))
  return reply(call, withData(call.row.responseExample, data))
}

const SPECIAL: Record<string, (call: Call) => Reply> = {
  'GET /v2/avatars': listAvatars,
  'GET /v3/webhooks/events': listEvents,
  'GET /v3/webhooks/event-types': listEventTypes,
  'GET /v1/webhook/webhook.list': listEventTypes,
  'GET /v1/streaming.list': listSessions,
  'GET /v2/streaming.list': listSessions,
}

export function isList(name: string): boolean {
  return name in LISTS || name in SPECIAL
}

function collect(call: Call, spec: ListSpec): Resource[] {
  const { state, account, row } = call
  const shared = row.mixesSharedRows || spec.publicForms ? listPublic(state, spec.type) : []
  return [
    ...listOwn(state, account, spec.type).filter(
      (each) => !spec.forms || spec.forms.includes(each.form)
    ),
    ...shared.filter((each) => !spec.forms || spec.forms.includes(each.form)),
  ].filter((resource) => !spec.filter || spec.filter(call, resource))
}

/** /v2/avatars has two arrays and no pages. */
function listAvatars(call: Call): Reply {
  const data = envelopeData(call.row.responseExample) as { avatars: Doc[]; talking_photos: Doc[] }
  const fill = (template: Doc | undefined, forms: string[]): unknown[] =>
    collect(call, { type: 'avatar', forms }).map((resource) =>
      fillRow(template, toSubject(call, resource))
    )
  const avatars = fill(data.avatars[0], ['look', 'video'])
  const talking_photos = fill(data.talking_photos[0], ['photo'])
  return reply(call, withData(call.row.responseExample, { avatars, talking_photos }))
}

function arrayName(call: Call): string[] {
  const pointer = call.row.listedIdOut[0]
  return pointer ? pointer.slice(0, pointer.indexOf('/*')).split('/').slice(1) : ['data']
}

function rowTemplate(call: Call): unknown {
  let value: unknown = call.row.responseExample
  for (const name of arrayName(call)) value = (value as Doc)[name]
  const [first] = Array.isArray(value) ? value : []
  const other = ROW_FROM[call.name]
  return first ?? (other ? envelopeData(findRow(other)?.responseExample) : {})
}

type Page = { rows: Resource[]; token: string | null }

/** The token names the last row of the page, so that newer rows do not shift the next page. */
function toPage(call: Call, all: Resource[]): Page {
  const { query, row } = call
  const pages =
    row.family === 'v3' || row.queryParams.includes('token') || row.queryParams.includes('limit')
  if (!pages) return { rows: all, token: null }
  const limit = readLimit(call)
  const after = readToken(call)
  const from = after ? findNext(all, after) : 0
  const rows = all.slice(from, from + limit)
  const last = rows.at(-1)
  const hasMore = from + limit < all.length && last !== undefined
  const token = hasMore
    ? btoa(JSON.stringify({ after: last.id, seq: last.seq, own: last.account !== '' }))
    : null
  return { rows, token: query.has('page') ? null : token }
}

type After = { after: string; seq: number; own: boolean }

/** If the last row was deleted, the page goes on with the next older one. */
function findNext(all: Resource[], { after, seq, own }: After): number {
  const index = all.findIndex((each) => each.id === after && each.seq === seq)
  if (index >= 0) return index + 1
  const older = all.findIndex((each) => (own ? each.account === '' || each.seq < seq : false))
  return older < 0 ? all.length : older
}

function readToken(call: Call): After | undefined {
  const token = call.query.get('token')
  if (!token) return undefined
  try {
    const after = JSON.parse(atob(token)) as After
    if (typeof after.after === 'string' && typeof after.seq === 'number') return after
  } catch {
    // Refused below.
  }
  throw invalid(envelopeOf(call.row), 'token is invalid.', 'token')
}

function toBody(call: Call, rows: unknown[], total: number, token: string | null): unknown {
  const example = call.row.responseExample as Doc
  if (Array.isArray(example.data)) {
    const paging = 'has_more' in example ? { has_more: token !== null, next_token: token } : {}
    return { ...example, data: rows, ...paging }
  }
  const [, name = 'list'] = arrayName(call)
  const data: Doc = { ...(example.data as Doc), [name]: rows }
  for (const count of ['total', 'total_count']) if (count in data) data[count] = total
  if ('token' in data) data.token = token
  return { ...example, data }
}
