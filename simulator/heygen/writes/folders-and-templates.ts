/** Folders, templates, uploads in parts and trained voices of v3: written at once, without a job. */
import { mediaUrl } from '../../answers/links.ts'
import { endJob } from '../../jobs/jobs.ts'
import type { Resource } from '../../state/types.ts'
import {
  asText,
  type Call,
  getNamed,
  getSubject,
  type Reply,
  reply,
  toDoc,
} from '../answers/call.ts'
import { invalid, refuse } from '../answers/errors.ts'
import { fillData, withData } from '../answers/fill.ts'
import { addResource } from '../resources/resources.ts'

const FOLDER_TYPES = ['mixed', 'video', 'video_translate']

/** parent_id null or "" is the workspace's root. */
export function makeFolder(call: Call): Reply {
  const type = asText(call.body.type) ?? 'mixed'
  if (!asText(call.body.name)) throw invalid('v3', 'name: Field required', 'name')
  if (!FOLDER_TYPES.includes(type)) throw invalid('v3', 'type is invalid.', 'type')
  const doc = {
    ...toDoc(call.body),
    type,
    parent_id: asText(call.body.parent_id) || null,
    is_trash: false,
    creator_username: call.account.username,
  }
  return show(call, addResource(call.state, call.account.email, { type: 'folder', doc }))
}

/** A template is made of a video, at once. */
export function makeTemplate(call: Call): Reply {
  const video = getNamed(call, '/video_id')
  const doc = {
    ...toDoc(call.body),
    source_video_id: video.id,
    edit_version: 'ev_1',
  }
  return show(call, addResource(call.state, call.account.email, { type: 'template', doc }))
}

/** Answers the variables of the example. A template of the examples has the version of the examples. */
export function setVariables(call: Call): Reply {
  const template = getSubject(call)
  const current = asText(template.doc.edit_version) ?? 'ev_7'
  const expected = asText(call.body.expected_edit_version)
  if (expected !== undefined && expected !== current) {
    const message = 'The template was edited meanwhile.'
    throw refuse('v3', { status: 409, number: 409, code: 'stale_edit_version', message })
  }
  const edit_version = `ev_${Number(current.slice(3)) + 1}`
  return show(call, call.state.putResource({ ...template, doc: { ...template.doc, edit_version } }))
}

/** Bodies and names are a [guess]. The bytes go to the storage, as with other direct uploads. */
export function signParts(call: Call): Reply {
  const asset = getSubject(call)
  const numbers = Array.isArray(call.body.part_numbers) ? call.body.part_numbers : [1]
  const parts = numbers.map((part_number) => ({
    part_number,
    upload_url: mediaUrl(call.site, `uploads/${asset.id}`),
  }))
  return reply(call, withData(call.row.responseExample, { asset_id: asset.id, parts }))
}

/** Only the upload is abandoned: an asset that was complete before stays [guess]. */
export function abandonParts(call: Call): Reply {
  const asset = getSubject(call)
  if (asset.doc.status === 'pending_upload') call.state.deleteResource(asset)
  return reply(call, withData(call.row.responseExample, { asset_id: asset.id }))
}

/** Deleting an instant voice in training cancels the training. A professional one in training cannot be deleted. */
export function removeVoice(call: Call): Reply {
  const voice = getSubject(call)
  const job = voice.jobId ? call.state.jobs.get(voice.jobId) : undefined
  const isTraining = job !== undefined && job.status !== 'ended'
  if (isTraining && voice.doc.mode === 'professional') {
    const message = 'The voice is still in training.'
    throw refuse('v3', { status: 409, number: 409, code: 'resource_not_ready', message })
  }
  if (isTraining) endJob(call.state, job, { outcome: 'deleted' })
  call.state.deleteResource(voice)
  return reply(call, call.row.responseExample)
}

function show(call: Call, resource: Resource): Reply {
  return reply(call, withData(call.row.responseExample, fillData(call, resource)))
}
