/** One call of one account on one row of the catalogue. */
import type { Site } from '../../answers/links.ts'
import type { State } from '../../state/state.ts'
import type { Account, Recorded, Resource } from '../../state/types.ts'
import { type Doc, isDoc } from '../../text/json.ts'
import type { Row } from '../catalogue/catalogue.ts'

export type Call = {
  state: State
  row: Row
  /** Method and path template. */
  name: string
  account: Account
  params: Record<string, string>
  query: URLSearchParams
  body: Doc
  /** The body as it came, for marks like [fail]. */
  text: string
  request: Request
  /** What /__sim/requests shows of this call. Uploads add size and hash once the body is read. */
  recorded: Recorded
  site: Site
  /** Resources that the call names, by the documented pointer, or by name for path and query. */
  found: Map<string, Resource>
}

export type Reply = { status: number; body: unknown; headers?: Record<string, string> }

export function reply(call: Call, body: unknown): Reply {
  return { status: call.row.successStatus, body }
}

/** The resource that path or query name. The last one, since /sessions/{s}/resources/{r} is about r. */
export function findSubject(call: Call): Resource | undefined {
  const owners = call.row.ownerIdIn.filter((owner) => owner.in !== 'body')
  return owners.map((owner) => call.found.get(owner.name)).findLast(Boolean)
}

export function getSubject(call: Call): Resource {
  const subject = findSubject(call)
  if (!subject) throw new Error(`${call.name} names no subject`)
  return subject
}

/** The resource that the body names at the documented pointer. */
export function getNamed(call: Call, pointer: string): Resource {
  const named = call.found.get(pointer)
  if (!named) throw new Error(`${call.name} names nothing at ${pointer}`)
  return named
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** What is kept of a create or update body for later answers. */
export function toDoc(body: Doc): Doc {
  const title = ['title', 'name', 'video_title', 'voice_name', 'avatar_name', 'filename']
    .map((name) => asText(body[name]))
    .find(Boolean)
  const kept = Object.fromEntries(
    Object.entries(body).filter(([name, value]) => KEPT.has(name) && value !== undefined)
  )
  return {
    ...kept,
    ...(title ? { title } : {}),
    ...(burnsCaptions(body) ? { burns_captions: true } : {}),
    callback_id: asText(body.callback_id) ?? null,
  }
}

/** v3 burns captions in when they have a style; templates and the older families when they are asked for at all. */
function burnsCaptions({ caption, caption_mode, subtitles }: Doc): boolean {
  if (caption_mode === 'file_only') return false
  if (isDoc(caption)) return typeof caption.style === 'string'
  return caption === true || isDoc(subtitles)
}

const KEPT = new Set([
  'terms',
  'do_not_translate_terms',
  'forced_translations',
  'folder_id',
  'parent_id',
  'project_type',
  'output_language',
  'input_language',
  'opening',
  'prompt',
  'blacklist',
  'whitelist',
  'tones',
  'tone',
  'vocabulary',
  'default_voice_id',
  'gender',
  'locale',
  'group_id',
  'translate_audio_only',
  'colors',
  'mode',
])
