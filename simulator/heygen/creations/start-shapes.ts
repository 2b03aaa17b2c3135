/** Creations that make several resources, or start a job on a resource that exists. */
import { mediaUrl } from '../../answers/links.ts'
import { newId } from '../../state/ids.ts'
import type { Resource } from '../../state/types.ts'
import { type Doc, readPointer } from '../../text/json.ts'
import { asText, type Call, getNamed, getSubject } from '../answers/call.ts'
import { invalid } from '../answers/errors.ts'
import { envelopeData, fillRow, toSubject } from '../answers/fill.ts'
import { addResource, findResource } from '../resources/resources.ts'
import { assertCount } from './limits.ts'

/** Starts a job and makes its resource. A shape may choose the resource's id and type, and add to its doc. */
export type Begin = (what?: {
  /** Of a resource that exists. */
  id?: string
  /** Of a new resource. */
  newId?: string
  type?: string
  form?: string
  doc?: Doc
}) => Resource

type Shape = (call: Call, begin: Begin) => Resource

const BATCHED: Record<string, { list: string; type: string }> = {
  'POST /v3/videos/batches': { list: 'videos', type: 'video' },
  'POST /v3/lipsyncs/batches': { list: 'lipsyncs', type: 'lipsync' },
  'POST /v3/video-translations/batches': { list: 'video_translations', type: 'translation' },
  'POST /v3/video-quality/comparisons/batches': { list: 'comparisons', type: 'comparison' },
}

function getBatched(call: Call): { list: string; type: string } {
  const batched = BATCHED[call.name]
  if (!batched) throw new Error(`${call.name} is no batch`)
  return batched
}

const startBatch: Shape = (call, begin) => {
  const { list, type } = getBatched(call)
  const given = call.body[list]
  // The documented example of comparisons is an empty list.
  const items =
    type === 'comparison'
      ? [...(Array.isArray(given) ? given : [])]
      : assertCount(call, list, given)
  const ids = items.map(() => newId(type))
  const batch = begin({ doc: { item_type: type, items: ids } })
  for (const [index, id] of ids.entries()) {
    const doc = {
      title: asText((items[index] as Doc).title) ?? 'Demo',
      callback_id: null,
      batch_id: batch.id,
    }
    addResource(call.state, call.account.email, {
      type,
      id,
      doc,
      jobId: batch.id,
      part: { index, total: ids.length },
    })
  }
  return batch
}

/** The batch was made when its uploads were announced. Completing them is the job. */
const completeUploads: Shape = (call, begin) => {
  const batch = getNamed(call, '/batch_id')
  const again = begin({ id: batch.id, type: 'batch', doc: batch.doc })
  const ids = readPointer(batch.doc, '/items/*').map(String)
  for (const [index, id] of ids.entries()) {
    addResource(call.state, call.account.email, {
      type: 'asset',
      id,
      doc: { batch_id: batch.id, file_type: 'video' },
      jobId: again.jobId ?? again.id,
      part: { index, total: ids.length },
    })
  }
  return again
}

const train: Shape = (call, begin) =>
  begin({ id: getNamed(call, '/group_id').id, type: 'training' })

const generatePhoto: Shape = (call, begin) => {
  const keys = [newId('asset'), newId('asset')]
  for (const id of keys)
    addResource(call.state, call.account.email, { type: 'asset', id, doc: { file_type: 'image' } })
  const image_key_list = keys.map((id) => `image/${id}/original`)
  const image_url_list = keys.map((id) => mediaUrl(call.site, `${id}.jpg`))
  return begin({ doc: { done: { image_key_list, image_url_list } } })
}

const changePhoto: Shape = (call, begin) => {
  const photo = getNamed(call, '/id')
  return begin({
    form: 'photo',
    doc: { group_id: photo.doc.group_id ?? null, title: photo.doc.title },
  })
}

const makeVideoAvatar: Shape = (call, begin) => {
  const given = call.found.get('/avatar_group_id')
  const group =
    given ??
    addResource(call.state, call.account.email, { type: 'avatar-group', doc: titleOf(call) })
  return begin({ form: 'video', doc: { avatar_group_id: group.id, group_id: group.id } })
}

/** A digital twin waits for a consent when its job is done. Waiting takes no slot [guess]. */
const makeAvatar: Shape = (call, begin) => {
  const isTwin = call.body.type === 'digital_twin'
  const waits = isTwin ? { waits_as: 'pending_consent' } : {}
  const given = call.found.get('/avatar_group_id')
  const likeness = call.found.get('/avatar_id')
  const known = given ?? groupOf(call, likeness)
  const groupId = known?.id ?? newId('avatar-group')
  const form = isTwin ? 'look' : 'photo'
  const look = begin({ form, doc: { ...waits, group_id: groupId } })
  const group =
    known ??
    addResource(call.state, call.account.email, {
      type: 'avatar-group',
      id: groupId,
      doc: { ...titleOf(call), ...waits },
      jobId: look.jobId ?? look.id,
    })
  const template = envelopeData(call.row.responseExample) as Doc
  const answer = {
    avatar_group: fillRow(template.avatar_group, toSubject(call, group)),
    avatar_item: fillRow(template.avatar_item, toSubject(call, look)),
  }
  return { ...look, doc: { ...look.doc, answer } }
}

/** A look that is made after another one joins its group. */
function groupOf(call: Call, likeness: Resource | undefined): Resource | undefined {
  const id = asText(likeness?.doc.group_id)
  if (!likeness || likeness.account === '' || id === undefined) return undefined
  return findResource(call.state, call.account, 'avatar-group', id)
}

const openAgent: Shape = (call, begin) => {
  const videoId = newId('video')
  const resourceId = newId('agent-resource')
  // In chat mode the agent asks back before it renders [guess].
  const waits = call.body.mode === 'chat' ? { waits_as: 'waiting_for_input' } : {}
  // The id may be null at first.
  const isLate = call.text.includes('[lateid]')
  const ids = { video_id: videoId, resource_ids: [resourceId], has_late_id: isLate }
  const session = begin({ doc: { ...waits, ...ids } })
  const link = { ...titleOf(call), session_id: session.id, video_id: videoId }
  const { email } = call.account
  addResource(call.state, email, {
    type: 'video',
    id: videoId,
    doc: { ...link, callback_id: session.doc.callback_id },
    jobId: session.id,
  })
  addResource(call.state, email, {
    type: 'agent-resource',
    id: resourceId,
    doc: link,
    jobId: session.id,
  })
  return isLate ? { ...session, doc: { ...session.doc, answer: { video_id: null } } } : session
}

const messageAgent: Shape = (call, begin) => {
  const session = getSubject(call)
  const { waits_as: _, ...doc } = session.doc
  const again = begin({ id: session.id, type: 'agent-session', doc })
  call.state.putResource({ ...again, createdAt: session.createdAt, seq: session.seq })
  const video = call.state.resources.get(`${call.account.email}|video|${String(doc.video_id)}`)
  if (video) call.state.putResource({ ...video, jobId: again.jobId ?? again.id })
  return { ...again, doc: { ...doc, answer: { run_id: newId('agent-run') } } }
}

const cloneVoice: Shape = (_call, begin) => begin({ form: 'clone' })

/** `voice_id` trains a professional voice again. */
const trainVoice: Shape = (call, begin) => {
  const { mode, language = null } = call.body
  if (mode !== 'instant' && mode !== 'professional') {
    throw invalid('v3', 'mode is invalid.', 'mode')
  }
  const again = call.found.get('/voice_id')
  const which = again ? { id: again.id } : { newId: newId('model-voice') }
  return begin({ ...which, form: 'model', doc: { ...again?.doc, mode, language } })
}

const makeLook: Shape = (call, begin) => {
  const { doc } = getNamed(call, '/reference_look_id')
  return begin({ form: 'look', doc: { group_id: doc.group_id } })
}

function titleOf(call: Call): Doc {
  const title = asText(call.body.name) ?? asText(call.body.avatar_name) ?? asText(call.body.title)
  return title ? { title } : {}
}

export const SHAPES: Record<string, Shape> = {
  ...Object.fromEntries(Object.keys(BATCHED).map((name) => [name, startBatch])),
  'POST /v3/assets/complete/batches': completeUploads,
  'POST /v2/photo_avatar/train': train,
  'POST /v2/photo_avatar/photo/generate': generatePhoto,
  'POST /v2/photo_avatar/look/generate': generatePhoto,
  'POST /v2/photo_avatar/add_motion': changePhoto,
  'POST /v2/photo_avatar/upscale': changePhoto,
  'POST /v2/video_avatar': makeVideoAvatar,
  'POST /v3/avatars': makeAvatar,
  'POST /v3/video-agents': openAgent,
  'POST /v3/video-agents/{session_id}': messageAgent,
  'POST /v3/voices/clone': cloneVoice,
  'POST /v3/models/audio/voices': trainVoice,
  'POST /v3/avatars/looks': makeLook,
}
