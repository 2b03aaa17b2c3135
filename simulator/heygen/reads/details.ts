/** Reads of one resource: statuses and details. And of the account itself. */
import { mediaUrl } from '../../answers/links.ts'
import { stableHex } from '../../state/ids.ts'
import type { Account, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { type Call, findSubject, getSubject, type Reply, reply } from '../answers/call.ts'
import { notFound } from '../answers/errors.ts'
import { envelopeData, fillData, localise, withData } from '../answers/fill.ts'
import { type Phase, phaseOf, statusWord } from '../answers/phase.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { resourceKey, splitIds } from '../resources/resources.ts'
import { withLiveFacts } from './live-facts.ts'
import { readOldTemplate, readTemplate } from './templates.ts'

type Read = (call: Call) => Doc | Reply

export function readOne(call: Call): Reply {
  const subject = findSubject(call)
  const special = READS[call.name]
  const data = special ? special(call) : undefined
  if (data && 'body' in data) return data as Reply
  const example = call.row.responseExample
  const template = envelopeData(example)
  if (!subject) return reply(call, withData(example, data ?? localise(template, call.site)))
  const filled = withLiveFacts(call, subject, fillData(call, subject)) as Doc
  return reply(call, withData(example, data ? { ...filled, ...data } : filled))
}

/** [guess] A balance without a limit is shown as the documented example. */
function creditOf(account: Account, otherwise: number): number {
  return account.credits ?? otherwise
}

const readMe: Read = ({ account, row }) => {
  const [first = 'Dev', last = 'Example'] = account.email.split('@')[0]?.split(/[._-]/) ?? []
  const who = {
    username: account.username,
    email: account.email,
    first_name: first,
    last_name: last,
  }
  if (row.family !== 'v3') return who
  const wallet = { currency: 'usd', remaining_balance: creditOf(account, 12.5), auto_reload: null }
  return { ...who, billing_type: 'wallet', wallet, subscription: null, usage_based: null }
}

/** The old quota counts seconds: 60 for a credit. */
const readQuota: Read = ({ account }) => {
  const api = Math.floor(creditOf(account, 60) * 60)
  const interactive = { streaming_avatar: 0, streaming_avatar_instance_quota: 0, seat: 1 }
  return { remaining_quota: api, details: { api, plan_credit: 0, ...interactive } }
}

const readKey: Read = ({ account }) => {
  const created = Math.floor(account.createdAt / 1000)
  return {
    key_id: `key_${stableHex(account.apiKeys[0] ?? account.email).slice(0, 12)}`,
    key_name: account.email,
    status: 'active',
    scope_mode: account.scopes ? 'scoped' : 'full',
    scopes: account.scopes ?? ['*:*'],
    created_at: created,
    updated_at: created,
    expires_at: null,
    expires_in_seconds: null,
  }
}

function wordOf(row: Row, phase: Phase): string | number | null {
  return row.terminal && statusWord(row.terminal, phase)
}

const readTraining: Read = (call) => {
  const group = getSubject(call)
  const { state, account, row } = call
  const training = state.resources.get(resourceKey(account.email, 'training', group.id)) ?? group
  const phase = phaseOf(state, training)
  return {
    status: wordOf(row, phase),
    error_msg: phase.failure?.message ?? null,
    created_at: Math.floor(training.createdAt / 1000),
    updated_at: Math.floor((phase.endedAt ?? state.now()) / 1000),
  }
}

const readCaptionedVideo: Read = (call) => {
  const video = getSubject(call)
  const phase = phaseOf(call.state, video)
  return {
    video_id: video.id,
    caption_status: wordOf(call.row, phase),
    video_url_caption: phase.state === 'done' ? mediaUrl(call.site, `${video.id}.mp4`) : null,
  }
}

const readAgent: Read = (call) => {
  const session = getSubject(call)
  const phase = phaseOf(call.state, session)
  const at = Math.floor((phase.endedAt ?? session.createdAt) / 1000)
  const isWaiting = session.doc.waits_as !== undefined
  const hasId = session.doc.has_late_id !== true || phase.state === 'done'
  const message = {
    content: isWaiting ? 'Shall I go on?' : 'Your video is ready.',
    created_at: at,
    resource_ids: isWaiting ? [] : (session.doc.resource_ids ?? []),
    role: 'model',
    type: 'text',
  }
  return {
    messages: phase.state === 'done' ? [message] : [],
    video_id: hasId ? (session.doc.video_id ?? null) : null,
  }
}

const readBatch: Read = (call) => {
  const batch = getSubject(call)
  const items = listBatchItems(call, batch)
  const counts: Record<string, number> = {}
  for (const item of items) counts[item.status] = (counts[item.status] ?? 0) + 1
  const limit = Math.max(1, Number(call.query.get('limit') ?? 100) || 100)
  const from = Number(call.query.get('token') ?? 0) || 0
  const hasMore = from + limit < items.length
  return {
    counts_by_status: counts,
    items: items.slice(from, from + limit).map(withoutBatchId),
    total_items: items.length,
    has_more: hasMore,
    next_token: hasMore ? String(from + limit) : null,
  }
}

function withoutBatchId({ error, item_index, status, video_id }: BatchItem) {
  return { error, item_index, status, video_id }
}

type BatchItem = {
  batch_id: string | null
  error: unknown
  item_index: number
  status: string
  /** Named so for every type of item. */
  video_id: string
}

function listBatchItems(call: Call, batch: Resource): BatchItem[] {
  const ids = Array.isArray(batch.doc.items) ? batch.doc.items.map(String) : []
  const type = String(batch.doc.item_type ?? 'video')
  return ids.map((id, index) => toBatchItem(call, type, id, batch.id, index))
}

function toBatchItem(
  call: Call,
  type: string,
  id: string,
  batchId: string | null,
  index: number
): BatchItem {
  const item = call.state.resources.get(resourceKey(call.account.email, type, id))
  const facts = { batch_id: batchId, item_index: index, video_id: id }
  if (!item) return { ...facts, error: null, status: 'not_found' }
  const phase = phaseOf(call.state, item)
  const words = { early: 'queued', late: 'processing', done: 'completed', failed: 'failed' }
  return { ...facts, error: phase.failure, status: words[phase.state] }
}

/** The answer is 200 also for ids that are unknown or another account's: they are `not_found` in it. */
const readStatuses: Read = (call) => {
  const data = call.row.ownerIdIn.flatMap((owner) => {
    const ids = splitIds(owner, call.query.get(owner.name) ?? undefined)
    if (owner.resource === 'batch') return ids.flatMap((id) => listItemsOf(call, id))
    return ids.map((id, index) => toBatchItem(call, owner.resource, id, null, index))
  })
  return reply(call, { data, has_more: false, next_token: null })
}

function listItemsOf(call: Call, batchId: string): BatchItem[] {
  const batch = call.state.resources.get(resourceKey(call.account.email, 'batch', batchId))
  return batch ? listBatchItems(call, batch) : []
}

const readAgentResource: Read = (call) => {
  const resource = getSubject(call)
  const session = call.found.get('session_id')
  if (resource.doc.session_id !== session?.id) throw notFound(call.row, 'agent-resource', 'path')
  return { url: mediaUrl(call.site, `${String(resource.doc.video_id)}.mp4`) }
}

const readParts: Read = (call) => ({ asset_id: getSubject(call).id })

const readVersion: Read = (call) => ({ version_number: Number(call.params.version_number) || 1 })

/** An event stream with one `data:` line for each word. */
const readWords: Read = () => {
  const words = ['Hello', 'there.'].map((word, index) => {
    return `data: ${JSON.stringify({ word, start: index * 0.4, end: index * 0.4 + 0.4 })}\n\n`
  })
  return { status: 200, body: words.join(''), headers: { 'content-type': 'text/event-stream' } }
}

const READS: Record<string, Read> = {
  'GET /v3/templates/{template_id}': readTemplate,
  'GET /v2/template/{template_id}': readOldTemplate,
  'GET /v3/template/{template_id}': readOldTemplate,
  'GET /v3/users/me': readMe,
  'GET /v1/user/me': readMe,
  'GET /v2/user/remaining_quota': readQuota,
  'GET /v3/api_keys/self': readKey,
  'GET /v2/photo_avatar/train/status/{group_id}': readTraining,
  'GET /v1/video/caption.get': readCaptionedVideo,
  'GET /v3/video-agents/{session_id}': readAgent,
  'GET /v3/videos/batches/{batch_id}': readBatch,
  'GET /v3/lipsyncs/batches/{batch_id}': readBatch,
  'GET /v3/video-translations/batches/{batch_id}': readBatch,
  'GET /v3/assets/batches/{batch_id}': readBatch,
  'GET /v3/videos/statuses': readStatuses,
  'GET /v3/lipsyncs/statuses': readStatuses,
  'GET /v3/video-translations/statuses': readStatuses,
  'GET /v3/assets/statuses': readStatuses,
  'GET /v3/video-agents/{session_id}/resources/{resource_id}': readAgentResource,
  'GET /v3/assets/{asset_id}/parts': readParts,
  'GET /v3/workflows/{workflow_id}/versions/{version_number}': readVersion,
  'GET /v3/avatar-realtime/{stream_id}/words': readWords,
}
