/**
 * Puts live values into a documented example. The example decides which members there are, and their types. Ids,
 * statuses, times, links and failures are replaced by the current ones.
 */
import { mediaUrl, type Site } from '../../answers/links.ts'
import type { State } from '../../state/state.ts'
import type { Resource } from '../../state/types.ts'
import { type Doc, mapLeaves } from '../../text/json.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { factOf } from './facts.ts'
import { type Phase, phaseOf, statusWord, terminalFor } from './phase.ts'

type CallFacts = { state: State; row: Row; site: Site }

export type Subject = { resource: Resource; phase: Phase; row: Row; site: Site }

/** How long each simulated video is. */
export const SIMULATED_SECONDS = 2

const MEDIA_HOST = /^https:\/\/(?:files\d?|resource\d?|static)\.(?:heygen\.(?:ai|com)|movio\.la)\//
const EXAMPLE_HEX = /[0-9a-f]{32}/g
const TITLES = new Set([
  'title',
  'name',
  'video_title',
  'avatar_name',
  'talking_photo_name',
  'voice_name',
])
const FAILURE_TEXTS = new Set([
  'failure_message',
  'failure_reason',
  'message',
  'msg',
  'error_msg',
  'error_message',
])
/** Results that are empty until the job is done. */
const RESULTS = new Set([
  'clips',
  'layers',
  'image_url_list',
  'image_key_list',
  'images',
  'messages',
  'output',
])

const ID_NAMES: Record<string, string[]> = {
  video: ['video_id'],
  'model-video': ['video_id'],
  'image-generation': ['generation_id'],
  folder: ['folder_id'],
  translation: ['video_translate_id', 'video_translation_id'],
  proofread: ['proofread_id'],
  'photo-generation': ['generation_id'],
  'avatar-group': ['group_id', 'avatar_group_id'],
  avatar: ['avatar_id', 'talking_photo_id', 'look_id'],
  voice: ['voice_id', 'voice_clone_id'],
  template: ['template_id'],
  asset: ['asset_id'],
  'streaming-session': ['session_id'],
  'agent-session': ['session_id'],
  'agent-resource': ['resource_id'],
  'brand-glossary': ['brand_glossary_id'],
  'brand-kit': ['brand_kit_id'],
  'webhook-endpoint': ['endpoint_id'],
  'workflow-execution': ['execution_id'],
  render: ['render_id'],
  podcast: ['podcast_id'],
  'filler-word-removal': ['filler_word_removal_id'],
  comparison: ['comparison_id'],
  batch: ['batch_id'],
  lipsync: ['lipsync_id'],
  stream: ['stream_id'],
  'clip-job': ['clip_job_id'],
  'ai-clipping': ['ai_clipping_id'],
}

export function toSubject({ state, row, site }: CallFacts, resource: Resource): Subject {
  return { resource, phase: phaseOf(state, resource), row, site }
}

/** The documented data of the call's row, filled with what is true of `resource`. */
export function fillData(call: CallFacts, resource: Resource): Doc {
  return fillRow(envelopeData(call.row.responseExample), toSubject(call, resource)) as Doc
}

/** An object of the example, filled with what is true of the subject. */
export function fillRow(template: unknown, subject: Subject): unknown {
  if (typeof template === 'string') return fillText(template, subject)
  if (template === null || typeof template !== 'object') return template
  if (Array.isArray(template))
    return template.map((each) => localise(each, subject.site, subject.resource.id))
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, fillMember(name, value, subject)])
  )
}

function fillMember(name: string, example: unknown, subject: Subject): unknown {
  const { resource, phase, row } = subject
  const { doc } = resource
  const isOver = phase.state === 'done'
  if (name === 'id' || ID_NAMES[resource.type]?.includes(name)) return resource.id
  const fact = factOf(name, subject)
  if (fact !== undefined) return fact
  if (name === 'status') return fillStatus(example, subject)
  if (name === 'callback_id') return doc.callback_id ?? null
  if (name === 'progress' && typeof example === 'number') return Math.floor(phase.fraction * 100)
  if (name === 'completed_at')
    return isOver ? toTime(example ?? 0, phase.endedAt ?? resource.createdAt) : null
  if (/(_at|_ts)$/.test(name) && example !== null) return toTime(example, resource.createdAt)
  if (name === 'duration' && resource.jobId !== undefined && example !== null)
    return isOver ? SIMULATED_SECONDS : null
  if (name === 'failure_code') return phase.failure?.code ?? null
  if (FAILURE_TEXTS.has(name) && (example === null || phase.failure))
    return phase.failure?.message ?? null
  if (name === 'error') return fillError(phase, row)
  if (TITLES.has(name) && doc.title !== undefined) return doc.title
  if (doc[name] !== undefined) return doc[name]
  const results = doc.done as Doc | undefined
  if (isOver && results?.[name] !== undefined) return results[name]
  if (!isOver && RESULTS.has(name))
    return Array.isArray(example) ? [] : example === null ? null : {}
  return fillValue(example, subject)
}

function fillValue(example: unknown, subject: Subject): unknown {
  if (example !== null && typeof example === 'object') {
    return localise(example, subject.site, subject.resource.id)
  }
  return typeof example === 'string' ? fillText(example, subject) : example
}

function fillStatus(example: unknown, subject: Subject): unknown {
  const { resource, phase, row } = subject
  const { doc } = resource
  if (!resource.jobId && typeof doc.status === 'string') return doc.status
  if (phase.state === 'done' && typeof doc.waits_as === 'string') return doc.waits_as
  // The answer to a creation keeps the documented first word.
  if (row.kind === 'creates-job' || row.method === 'POST') return example
  const terminal = terminalFor(row, resource.type)
  return terminal ? statusWord(terminal, phase) : example
}

function fillError(phase: Phase, row: Row): unknown {
  if (!phase.failure) return null
  const { code, message } = phase.failure
  return row.family === 'v1' ? { code, detail: message, message } : { code, message }
}

/** Live streams are watched while they run. */
function isPlayable({ resource, phase }: Subject): boolean {
  if (!resource.jobId || phase.state === 'done') return true
  return resource.type === 'stream' && phase.state === 'late'
}

function fillText(example: string, subject: Subject): string | null {
  if (MEDIA_HOST.test(example) && !isPlayable(subject)) return null
  return localiseText(example, subject.site, subject.resource.id)
}

/** Links to the provider's files become links to the simulator. An example id in a link becomes `id`. */
export function localise(value: unknown, site: Site, id?: string): unknown {
  return mapLeaves(value, (leaf) =>
    typeof leaf === 'string' ? localiseText(leaf, site, id) : leaf
  )
}

function localiseText(text: string, site: Site, id: string | undefined): string {
  if (!MEDIA_HOST.test(text)) {
    return id && text.startsWith('https://app.heygen.com/') ? text.replace(EXAMPLE_HEX, id) : text
  }
  const path = text.split('?')[0] ?? text
  const extension = /\.([a-z0-9]{2,5})$/i.exec(path)?.[1]?.toLowerCase() ?? 'jpg'
  const name = id ?? /[0-9a-f]{32}/.exec(path)?.[0] ?? 'sample'
  return mediaUrl(site, `${name}.${extension}`)
}

/** A time in the form of the example: seconds, seconds with a fraction, digits as text, or ISO with or without zone. */
export function toTime(example: unknown, at: number): unknown {
  if (typeof example === 'number') {
    return Number.isInteger(example) ? Math.floor(at / 1000) : Math.floor(at) / 1000 + 0.0001
  }
  const text = String(example)
  if (/^\d+$/.test(text)) return String(Math.floor(at / 1000))
  const iso = new Date(at).toISOString()
  return text.endsWith('Z') ? iso.replace(/\.\d+Z$/, 'Z') : iso.replace('Z', '000')
}

export function envelopeData(example: unknown): unknown {
  return example !== null && typeof example === 'object' ? (example as Doc).data : undefined
}

export function withData(example: unknown, data: unknown): Doc {
  return { ...(example as Doc), data }
}
