/** The event of a job's end. It goes to every endpoint that takes it, and to the job's callback_url. */
import { mediaUrl, siteOf } from '../../answers/links.ts'
import { enqueue } from '../../events/deliveries.ts'
import type { State } from '../../state/state.ts'
import type { Job, Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { toTime } from '../answers/fill.ts'
import { newEventId } from './endpoints.ts'

type EventSpec = {
  event: string
  idName: string
  failName: 'msg' | 'message'
  extra?: (job: Job, url: string) => Doc
  isForCallbackOnly?: true
}

const url = (_job: Job, link: string): Doc => ({ url: link })

/** Job types that are not here have no documented event: nothing is sent for them. */
const SPECS: Record<string, EventSpec> = {
  video: {
    event: 'avatar_video',
    idName: 'video_id',
    failName: 'msg',
    extra: (job, link) => ({
      url: link,
      gif_download_url: link.replace('.mp4', '.gif'),
      video_page_url: `https://app.heygen.com/videos/${job.id}`,
      video_share_page_url: `https://app.heygen.com/share/${job.id}`,
      folder_id: job.doc.folder_id ?? '',
    }),
  },
  translation: {
    event: 'video_translate',
    idName: 'video_translate_id',
    failName: 'message',
    extra: (job, link) => ({ url: link, output_language: job.doc.output_language ?? null }),
  },
  proofread: { event: 'proofread_creation', idName: 'proofread_id', failName: 'message' },
  avatar: {
    event: 'instant_avatar',
    idName: 'avatar_id',
    failName: 'msg',
    extra: (job) => ({ avatar_group_id: job.doc.group_id ?? null }),
  },
  'photo-generation': {
    event: 'photo_avatar_generation',
    idName: 'generation_id',
    failName: 'msg',
    extra: (job) => ({ ...(job.doc.done as Doc) }),
  },
  training: { event: 'photo_avatar_train', idName: 'group_id', failName: 'msg' },
  'agent-session': {
    event: 'video_agent',
    idName: 'session_id',
    failName: 'msg',
    extra: (job, link) => ({ video_id: job.doc.video_id ?? null, url: link }),
  },
  'agent-run': {
    event: 'video_agent',
    idName: 'session_id',
    failName: 'msg',
    extra: (job, link) => ({ video_id: job.doc.video_id ?? null, url: link }),
  },
  render: { event: 'hyperframes_video', idName: 'render_id', failName: 'message', extra: url },
  'ai-clipping': { event: 'ai_clipping', idName: 'id', failName: 'message' },
  'filler-word-removal': {
    event: 'filler_word_removal',
    // The names of the members are a [guess], here and for podcasts.
    idName: 'filler_word_removal_id',
    failName: 'message',
    extra: url,
  },
  podcast: { event: 'podcast', idName: 'podcast_id', failName: 'message', extra: url },
  // No event is documented for it, though it takes a callback_url. The name is a [guess], and endpoints do not get it.
  'model-video': {
    event: 'model_video',
    idName: 'video_id',
    failName: 'message',
    extra: url,
    isForCallbackOnly: true,
  },
  batch: { event: 'batch.finished', idName: 'batch_id', failName: 'message' },
}

export function emitJobEvents(state: State, job: Job): void {
  const spec = SPECS[job.type]
  // A session that waits for a person has not ended. Deleting sends no event.
  if (!spec || job.doc.waits_as !== undefined || job.outcome === 'deleted') return
  const isDone = job.outcome === 'completed'
  const entityId = String(job.doc.entityId ?? job.id)
  const isMotion = job.row.endsWith('add_motion')
  const name = isMotion ? 'photo_avatar_add_motion' : spec.event
  const eventType = name === 'batch.finished' ? name : `${name}.${isDone ? 'success' : 'fail'}`
  const origin = String(job.doc.origin ?? 'https://files.heygen.ai')
  const link = mediaUrl(siteOf(state, origin), `${String(job.doc.video_id ?? entityId)}.mp4`)
  const facts = isDone
    ? spec.extra?.(job, link)
    : { [spec.failName]: job.failure?.message ?? 'failed' }
  const languages =
    !isDone && job.type === 'translation' ? { output_language: job.doc.output_language } : {}
  const eventData: Doc = {
    [isMotion ? 'id' : spec.idName]: entityId,
    ...(job.type === 'batch' ? { status: isDone ? 'completed' : 'failed' } : facts),
    ...languages,
    ...(job.type === 'training' || job.type === 'photo-generation'
      ? {}
      : { callback_id: job.callbackId }),
  }
  send(state, {
    account: job.account,
    eventType,
    entityId,
    eventData,
    callbackUrl: job.callbackUrl,
    isForCallbackOnly: spec.isForCallbackOnly === true,
  })
}

type Event = {
  account: string
  eventType: string
  entityId: string
  eventData: Doc
  callbackUrl: string | null
  isForCallbackOnly: boolean
}

function send(state: State, event: Event): void {
  const { account, eventType, entityId, eventData, callbackUrl } = event
  const eventId = newEventId()
  const createdAt = state.now()
  const record = {
    key: eventId,
    seq: state.nextSeq(),
    account,
    eventType,
    entityId,
    eventData,
    createdAt,
  }
  const endpoints = event.isForCallbackOnly ? [] : listTakers(state, account, eventType, entityId)
  if (!event.isForCallbackOnly) state.events.put(record)
  if (state.settings.webhooks === 'off') return
  const body = JSON.stringify({
    event_id: eventId,
    event_type: eventType,
    event_data: eventData,
    created_at: toTime('Z', createdAt),
  })
  const common = { account, eventId, eventType, body }
  for (const endpoint of endpoints) {
    const { url: target, secret } = endpoint.doc
    enqueue(state, {
      ...common,
      url: String(target),
      secret: String(secret),
      endpointId: endpoint.id,
    })
  }
  // A callback_url is called besides, and its calls are not signed.
  if (callbackUrl) enqueue(state, { ...common, url: callbackUrl, secret: null, endpointId: null })
}

function listTakers(
  state: State,
  account: string,
  eventType: string,
  entityId: string
): Resource[] {
  return [...(state.byOwner.get(account)?.values() ?? [])].filter(({ type, doc }) => {
    if (type !== 'webhook-endpoint' || doc.status !== 'enabled') return false
    if (doc.entity_id && doc.entity_id !== entityId) return false
    return !Array.isArray(doc.events) || doc.events.includes(eventType)
  })
}
