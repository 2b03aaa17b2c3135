/**
 * Which of HeyGen's creations can be queued, and how their jobs are shown until they begin (heygen-endpoints.json). A row can be
 * queued if its answer has the ids of its jobs, and if one status row reads such a job.
 */
import { isUnstarted, whyUnstarted } from '#domain/queue/shown.ts'
import type { IdForm, ItemShown } from '#domain/queue/item.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

const HEX: IdForm = { kind: 'hex' }

/** By creation: the form of its ids, as the row's example shows it. */
const FORMS: Record<string, IdForm> = {
  'POST /v3/videos': HEX,
}

interface StatusRow {
  /** The member of `data` with the job's id. */
  id: string
  /** HeyGen's word for a job that waits. */
  waits: string
  /** Members of `data` that say why a job failed. Absent: the row has none. */
  code?: string
  message?: string
  /** Other members of `data`, which are null until the job is done. */
  later: readonly string[]
}

const STATUS: Record<string, StatusRow> = {
  'GET /v3/videos/{video_id}': {
    id: 'id',
    waits: 'waiting',
    code: 'failure_code',
    message: 'failure_message',
    later: [
      'captioned_video_url',
      'completed_at',
      'duration',
      'folder_id',
      'gif_url',
      'output_language',
      'subtitle_url',
      'thumbnail_url',
      'title',
      'video_page_url',
      'video_url',
    ],
  },
}

/** Deletions of a job. Before its start they cancel it. */
const DELETIONS = new Set(['DELETE /v3/videos/{video_id}'])

export function queueForm({ route, added }: RouteMatch): IdForm | undefined {
  return added ? undefined : FORMS[nameOf(route)]
}

export function showQueued(
  { route }: RouteMatch,
  name: string,
  shown: ItemShown
): object | undefined {
  if (DELETIONS.has(nameOf(route))) return { data: { deleted: true, id: name } }
  const row = STATUS[nameOf(route)]
  if (!row) return undefined
  const { askedAt, reason, refusal } = shown
  const isOver = isUnstarted(shown)
  const said = refusal === undefined ? undefined : parseJson(refusal)
  const code = textAt(said, '/error/code') ?? reason ?? null
  const message = textAt(said, '/error/message') ?? whyUnstarted(reason)
  return {
    data: {
      ...Object.fromEntries(row.later.map((member) => [member, null])),
      [row.id]: name,
      status: isOver ? 'failed' : row.waits,
      created_at: Math.floor(askedAt / 1000),
      ...(row.code === undefined ? {} : { [row.code]: isOver ? code : null }),
      ...(row.message === undefined ? {} : { [row.message]: isOver ? message : null }),
    },
  }
}

export function jobIdsAt({ route }: RouteMatch): readonly string[] {
  const row = STATUS[nameOf(route)]
  if (row) return [`/data/${row.id}`]
  return DELETIONS.has(nameOf(route)) ? ['/data/id'] : []
}

function nameOf({ method, path }: RouteMatch['route']): string {
  return `${method} ${path}`
}
