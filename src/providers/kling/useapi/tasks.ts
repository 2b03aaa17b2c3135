/**
 * Serves useapi.net's Kling calls with the official API: the calls, the tasks, and the calls without a counterpart
 * (reference/useapi.md 2).
 */
import * as z from 'zod/mini'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { MissingCall, UseapiTasks } from '#providers/contract/provider.ts'
import { matchRoute } from '#providers/kling/routes/table.ts'
import { IMAGE_CALLS } from './image-calls.ts'
import { VIDEO_CALLS } from './video-calls.ts'

/** useapi.net's numbers for states. The number of a running task is not documented. */
const STATES = {
  submitted: { status: 5, status_name: 'submitted', status_final: false },
  processing: { status: 10, status_name: 'processing', status_final: false },
  succeed: { status: 99, status_name: 'succeed', status_final: true },
  failed: { status: 50, status_name: 'failed', status_final: true },
}

const STORE =
  "Kling's API stores no files. Files from POST /v1/kling/assets are kept for 24 hours and never listed."
const LIBRARY = "This is part of the web app only; Kling's API has no counterpart."
const ELEMENTS =
  'Use the drop-in paths for elements, such as /kling/v1/general/advanced-custom-elements.'

/** useapi.net's clients send this field. More than 1 would start several paid tasks with one answer. */
const count = z.optional(
  z.literal(1, { error: 'only 1 is accepted, since each call makes one task; call again for more' })
)

function missing(method: MissingCall['method'], path: string, why: string): MissingCall {
  return { method, path, why }
}

export const tasks: UseapiTasks = {
  calls: [...VIDEO_CALLS, ...IMAGE_CALLS].map((call) => ({
    ...call,
    fields: { ...call.fields, count },
  })),

  missing: [
    missing(
      'DELETE',
      '/tasks/{task_id}',
      "Kling's API deletes no tasks; results end after 30 days."
    ),
    missing('GET', '/tts/voices', "Kling's API does not list its voices for speech."),
    missing('GET', '/videos/effects', "Kling's API does not list its effects; its pages do."),
    missing('GET', '/videos/motions', LIBRARY),
    missing('POST', '/videos/motion-upload', LIBRARY),
    missing('POST', '/images/recognize-faces', LIBRARY),
    missing('POST', '/images/upscale', LIBRARY),
    missing('GET', '/avatars', LIBRARY),
    missing('POST', '/avatars', LIBRARY),
    missing('DELETE', '/avatars/{avatarId}', LIBRARY),
    missing('GET', '/elements', ELEMENTS),
    missing('POST', '/elements', ELEMENTS),
    missing('GET', '/elements/tags', ELEMENTS),
    missing('GET', '/elements/voices', 'Use /kling/v1/general/presets-voices.'),
    missing('GET', '/elements/{elementId}', ELEMENTS),
    missing('DELETE', '/elements/{elementId}', ELEMENTS),
    missing('GET', '/assets', STORE),
    missing('GET', '/assets/download', STORE),
    missing('GET', '/assets/uploaded', STORE),
    missing('DELETE', '/assets/uploaded', STORE),
  ],

  uploads: { path: '/assets', isInline: (type) => !type.startsWith('video/') },

  taskPath: (id) => `/tasks?task_ids=${encodeURIComponent(id)}`,

  list({ size, before, after, contentType }) {
    if (contentType === 'audio') return { wrong: 'contentType: Kling lists video and image' }
    const body = {
      limit: size,
      ...(before === undefined ? {} : { end_time: before }),
      ...(after === undefined ? {} : { start_time: after }),
      ...(contentType ? { filters: [{ key: 'product_type', values: [contentType] }] } : {}),
    }
    return { path: '/tasks', body }
  },

  createdView(answer, { path, fields }) {
    const data = valueAt(answer, '/data')
    const words = Object.entries(fields).map(([name, value]) => ({ name, value: String(value) }))
    return { task: taskOf(data, typeOf('POST', path), words) }
  },

  taskView(answer, path) {
    const [task] = [valueAt(answer, '/data')].flat()
    return task === undefined || task === null ? undefined : viewOf(task, typeOf('GET', path))
  },

  historyView: (answer) => ({
    history: valuesAt(answer, '/data/result/*').map((task) => viewOf(task, '')),
  }),

  /** The code in the body decides (reference/kling.md 11.3). */
  statusOf(json) {
    const code = Number(textAt(json, '/code') ?? NaN)
    if (code === 1302 || code === 1303) return 429
    if (code === 1101 || code === 1102) return 412
    if ((code >= 1000 && code <= 1004) || code === 1100 || code === 1304) return 596
    if (code === 1300 || code === 1301) return 422
    if (code === 1201 && /not found/i.test(textAt(json, '/message') ?? '')) return 404
    return code >= 1200 && code < 1300 ? 400 : undefined
  },
}

/** The type of a task, from the row of its path: `/v1/videos/text2video/{id}` → `text2video`. */
function typeOf(method: 'GET' | 'POST', path: string): string {
  const [pathname = ''] = path.split('?')
  const parts = matchRoute(method, pathname)?.route.path.split('/') ?? []
  return parts.findLast((part) => part !== '' && !part.startsWith('{') && part !== 'tasks') ?? ''
}

function stateOf(task: unknown) {
  const word = textAt(task, '/task_status') ?? textAt(task, '/status') ?? ''
  return (
    STATES[(word === 'succeeded' ? 'succeed' : word) as keyof typeof STATES] ?? STATES.processing
  )
}

function taskOf(task: unknown, type: string, words: { name: string; value: string }[] = []) {
  return {
    id: textAt(task, '/task_id') ?? textAt(task, '/id') ?? null,
    userId: null,
    type,
    scene: 'NORMAL_CREATION',
    ...stateOf(task),
    taskInfo: { type, inputs: [], arguments: words },
    createTime: valueAt(task, '/created_at') ?? valueAt(task, '/create_time') ?? null,
    updateTime: valueAt(task, '/updated_at') ?? valueAt(task, '/update_time') ?? null,
  }
}

function viewOf(task: unknown, type: string): Record<string, unknown> {
  return {
    ...stateOf(task),
    etaTime: 0,
    message: textAt(task, '/task_status_msg') ?? textAt(task, '/message') ?? '',
    task: taskOf(task, type),
    works: worksOf(task),
  }
}

const KINDS = { videos: 'video', images: 'image', series_images: 'image', audios: 'audio' }

/** The official API has no width, height or cover. */
function worksOf(task: unknown): Record<string, unknown>[] {
  const old = Object.entries(KINDS).flatMap(([name, kind]) =>
    valuesAt(task, `/task_result/${name}/*`).map((row) => ({ row, kind }))
  )
  const newer = valuesAt(task, '/outputs/*').flatMap((row) => {
    const kind = textAt(row, '/type') ?? ''
    return Object.values(KINDS).includes(kind) ? [{ row, kind }] : []
  })
  return [...old, ...newer].map(({ row, kind }, index) => {
    const length = Number(textAt(row, '/duration') ?? textAt(row, '/mp3_duration') ?? NaN)
    return {
      workId: textAt(row, '/id') ?? String(index),
      taskId: textAt(task, '/task_id') ?? textAt(task, '/id') ?? null,
      status: STATES.succeed.status,
      contentType: kind,
      resource: {
        resource: textAt(row, '/url') ?? textAt(row, '/mp3_url') ?? textAt(row, '/url_mp3') ?? null,
        height: null,
        width: null,
        duration: Number.isFinite(length) ? Math.round(length * 1000) : null,
      },
    }
  })
}
