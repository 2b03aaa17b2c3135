/**
 * Which of HeyGen's creations can be queued, and how their jobs are shown until they begin (heygen-endpoints.json). A creation can be
 * queued if its answer has the ids of its jobs, and if one status row reads such a job. Agents cannot, since a conversation follows
 * at once, nor avatars and looks, whose creations answer whole objects.
 */
import { isUnstarted, whyUnstarted } from '#domain/line/shown.ts'
import type { IdForm, ItemShown } from '#domain/queue/item.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

const HEX: IdForm = { kind: 'hex' }
const BATCH = { kind: 'prefix', prefix: 'batch_' } as const

/** By the path of the creation: the form of its ids, as the row's example shows it. An example with a prefix shows no length. */
const FORMS: Record<string, IdForm> = {
  '/v3/videos': HEX,
  '/v3/videos/batches': BATCH,
  '/v3/ai-clipping': HEX,
  '/v3/background-removals': HEX,
  '/v3/clips': { kind: 'prefix', prefix: 'clip_' },
  '/v3/filler-word-removals': { kind: 'prefix', prefix: 'fwr_' },
  '/v3/hyperframes/renders': { kind: 'prefix', prefix: 'hfr_' },
  '/v3/lipsyncs': HEX,
  '/v3/lipsyncs/batches': BATCH,
  '/v3/models/audio/voices': { kind: 'prefix', prefix: 'v_' },
  '/v3/models/images': HEX,
  '/v3/models/videos': HEX,
  '/v3/podcasts': { kind: 'prefix', prefix: 'pod_' },
  '/v3/templates/{template_id}': HEX,
  '/v3/video-quality/comparisons': { kind: 'prefix', prefix: 'cmp_' },
  '/v3/video-quality/comparisons/batches': BATCH,
  '/v3/video-translations': HEX,
  '/v3/video-translations/batches': BATCH,
  '/v3/video-translations/proofreads': HEX,
  '/v3/video-translations/proofreads/{proofread_id}/generate': HEX,
  '/v3/voices/clone': HEX,
  '/v3/workflow-runs': { kind: 'prefix', prefix: 'run_' },
}

interface StatusRow {
  /** The member of `data` with the job's id. */
  id: string
  /** HeyGen's word for a job that waits, or its first word for a job. */
  waits: string
  failed?: string
  /** Members of `data` that say why a job failed. Absent: the row has none. */
  code?: string
  message?: string
  /** The members of `data` that are null until the job is done, with spaces between them. */
  later?: string
  /** Those that are something else until then. */
  early?: object
  isUndated?: true
}

const BATCH_STATUS: StatusRow = {
  id: 'batch_id',
  waits: 'processing',
  later: 'next_token title total_items',
  early: { counts_by_status: {}, has_more: false, items: [] },
}
const SHORT: StatusRow = { id: 'id', waits: 'pending', isUndated: true }

/** By the path of the status. */
const STATUS: Record<string, StatusRow> = {
  '/v3/videos/{video_id}': {
    id: 'id',
    waits: 'waiting',
    code: 'failure_code',
    message: 'failure_message',
    later:
      'captioned_video_url completed_at duration folder_id gif_url output_language subtitle_url thumbnail_url title video_page_url video_url',
  },
  '/v3/videos/batches/{batch_id}': BATCH_STATUS,
  '/v3/ai-clipping/{job_id}': {
    id: 'id',
    waits: 'pending',
    message: 'failure_message',
    later: 'callback_id input_language output_settings source_duration title',
    early: { clips: [], progress: 0 },
  },
  '/v3/background-removals/{job_id}': {
    id: 'id',
    waits: 'pending',
    message: 'error',
    later: 'completed_at duration',
    early: { layers: {} },
  },
  '/v3/clips/{clip_job_id}': { ...SHORT, id: 'clip_job_id', early: { clips: [] } },
  '/v3/filler-word-removals/{filler_word_removal_id}': {
    id: 'id',
    waits: 'pending',
    message: 'failure_message',
    later:
      'title num_cuts reduction_pct original_duration output_duration video_url thumbnail_url callback_id',
    early: { progress: 0 },
  },
  '/v3/hyperframes/renders/{render_id}': {
    ...SHORT,
    id: 'render_id',
    waits: 'queued',
    later: 'video_url',
  },
  '/v3/lipsyncs/{lipsync_id}': {
    id: 'id',
    waits: 'pending',
    message: 'failure_message',
    later: 'callback_id caption_url duration title video_url',
  },
  '/v3/lipsyncs/batches/{batch_id}': BATCH_STATUS,
  '/v3/models/audio/voices/{voice_id}': {
    id: 'voice_id',
    waits: 'PENDING',
    failed: 'FAILED',
    message: 'failure_reason',
    later: 'mode name language',
  },
  '/v3/models/images/{generation_id}': {
    id: 'generation_id',
    waits: 'pending',
    code: 'failure_code',
    message: 'failure_message',
    later: 'model num_images',
    early: { images: [] },
  },
  '/v3/models/videos/{video_id}': {
    id: 'video_id',
    waits: 'pending',
    code: 'failure_code',
    message: 'failure_message',
    later: 'model aspect_ratio duration width height seed timings video_url',
  },
  '/v3/podcasts/{podcast_id}': SHORT,
  '/v3/video-quality/comparisons/{comparison_id}': SHORT,
  '/v3/video-quality/comparisons/batches/{batch_id}': {
    ...SHORT,
    id: 'batch_id',
    waits: 'processing',
  },
  '/v3/video-translations/{video_translation_id}': {
    id: 'id',
    waits: 'pending',
    message: 'failure_message',
    later:
      'audio_url callback_id duration input_language output_language srt_caption_url title translate_audio_only video_url vtt_caption_url',
  },
  '/v3/video-translations/batches/{batch_id}': BATCH_STATUS,
  '/v3/video-translations/proofreads/{proofread_id}': {
    id: 'id',
    waits: 'processing',
    message: 'failure_message',
    later: 'input_language output_language submitted_for_review title',
  },
  '/v3/voices/{voice_id}': {
    id: 'voice_id',
    waits: 'processing',
    message: 'failure_message',
    later: 'gender language name preview_audio_url',
    early: { support_interactive_avatar: false, support_pause: false },
  },
  '/v3/workflow-runs/{run_id}': SHORT,
}

/** Bulk statuses, by path: HeyGen's word for a job that waits. A batch that waits has no rows yet. */
const BULK: Record<string, string> = {
  '/v3/videos/statuses': 'waiting',
  '/v3/lipsyncs/statuses': 'pending',
  '/v3/video-translations/statuses': 'pending',
}

/** What the deletion or cancellation of a job answers beside its id, by path. Before the start of the job it cancels that. */
const DELETIONS: Record<string, { id?: string; more?: object }> = {
  '/v3/videos/{video_id}': { id: 'id', more: { deleted: true } },
  '/v3/ai-clipping/{job_id}': { id: 'id' },
  '/v3/background-removals/{job_id}': { id: 'id', more: { deleted: true } },
  '/v3/hyperframes/renders/{render_id}': { id: 'id' },
  '/v3/lipsyncs/{lipsync_id}': { id: 'id' },
  '/v3/models/audio/voices/{voice_id}': { more: { status: 'ok' } },
  '/v3/podcasts/{podcast_id}': { id: 'id' },
  '/v3/video-translations/{video_translation_id}': { id: 'id' },
  '/v3/video-translations/proofreads/{proofread_id}': { id: 'id' },
  '/v3/voices/{voice_id}': { id: 'voice_id' },
  '/v3/workflow-runs/{run_id}/cancel': { id: 'id', more: { status: 'cancelled' } },
}

export function queueForm({ route, added }: RouteMatch): IdForm | undefined {
  return added || route.method !== 'POST' ? undefined : FORMS[route.path]
}

export function showQueued(
  { route }: RouteMatch,
  name: string,
  shown: ItemShown
): object | undefined {
  if (route.method !== 'GET') {
    // PATCH has some of these paths, too.
    const isOne = route.method === 'DELETE' || route.path.endsWith('/cancel')
    const deletion = isOne ? DELETIONS[route.path] : undefined
    if (!deletion) return undefined
    const { id, more = {} } = deletion
    return { data: { ...more, ...(id === undefined ? {} : { [id]: name }) } }
  }
  const word = BULK[route.path]
  if (word !== undefined) {
    const data = name.startsWith(BATCH.prefix) ? [] : [bulkRow(name, word, shown)]
    return { data, has_more: false, next_token: null }
  }
  const row = STATUS[route.path]
  return row && { data: statusOf(row, name, shown) }
}

function bulkRow(name: string, word: string, shown: ItemShown): object {
  const isOver = isUnstarted(shown)
  const error = isOver ? failureOf(shown) : null
  const status = isOver ? 'failed' : word
  return { batch_id: null, error, item_index: null, status, video_id: name }
}

function failureOf({ reason, refusal }: ItemShown): { code: string | null; message: string } {
  const said = refusal === undefined ? undefined : parseJson(refusal)
  const code = textAt(said, '/error/code') ?? reason ?? null
  return { code, message: textAt(said, '/error/message') ?? whyUnstarted(reason) }
}

function statusOf(row: StatusRow, name: string, shown: ItemShown): object {
  const { askedAt } = shown
  const isOver = isUnstarted(shown)
  const { code, message } = failureOf(shown)
  const later = (row.later ?? '').split(' ').filter((member) => member !== '')
  return {
    ...Object.fromEntries(later.map((member) => [member, null])),
    ...row.early,
    [row.id]: name,
    status: isOver ? (row.failed ?? 'failed') : row.waits,
    ...(row.isUndated ? {} : { created_at: Math.floor(askedAt / 1000) }),
    ...(row.code === undefined ? {} : { [row.code]: isOver ? code : null }),
    ...(row.message === undefined ? {} : { [row.message]: isOver ? message : null }),
  }
}

/** Where answers repeat an id that their call names. What waits is answered by the newer call (flows/legacy/serve-legacy.ts). */
const OLDER_IDS = ['video_translate_id', 'proofread_id']
const REPEATED = new Set([...Object.values(STATUS).map(({ id }) => id), ...OLDER_IDS])
const IDS_AT = [...Array.from(REPEATED, (id) => `/data/${id}`), '/data/*/batch_id']

export function jobIdsAt({ route }: RouteMatch): readonly string[] {
  return route.ids.length === 0 ? [] : IDS_AT
}
