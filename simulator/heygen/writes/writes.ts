/** Resources that are made, changed and deleted at once, without a job. */
import { endJob } from '../../jobs/jobs.ts'
import { newId } from '../../state/ids.ts'
import { newHex } from '../../state/random.ts'
import type { Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import {
  asText,
  type Call,
  findSubject,
  getNamed,
  getSubject,
  type Reply,
  reply,
  toDoc,
} from '../answers/call.ts'
import { envelopeOf, invalid } from '../answers/errors.ts'
import { envelopeData, fillData, fillRow, localise, toSubject, withData } from '../answers/fill.ts'
import { changeEndpoint, makeEndpoint, rotateSecret } from '../events/endpoints.ts'
import { addResource, toId } from '../resources/resources.ts'
import {
  announceUpload,
  announceUploads,
  completeAsset,
  uploadMultipart,
  uploadPhoto,
  uploadRaw,
} from '../uploads/uploads.ts'
import {
  abandonParts,
  makeFolder,
  makeTemplate,
  removeVoice,
  setVariables,
  signParts,
} from './folders-and-templates.ts'

type Write = (call: Call) => Reply | Promise<Reply>

export async function write(call: Call): Promise<Reply> {
  const subject = findSubject(call)
  const special = WRITES[call.name]
  if (special) return special(call)
  if (call.row.method === 'DELETE' || call.row.path.endsWith('/delete'))
    return remove(call, subject)
  const made = MADE[call.name]
  if (made) return make(call, made)
  return change(call, subject)
}

const MADE: Record<string, string> = {
  'POST /v1/streaming/knowledge_base/create': 'knowledge-base',
  'POST /v1/folders/create': 'folder',
  'POST /v3/brand-glossaries': 'brand-glossary',
  'POST /v3/brand-kits': 'brand-kit',
  'POST /v3/workflows': 'workflow',
}

function make(call: Call, type: string): Reply {
  const resource = addResource(call.state, call.account.email, { type, doc: toDoc(call.body) })
  return answerWith(call, resource)
}

function answerWith(call: Call, resource: Resource): Reply {
  return reply(call, withData(call.row.responseExample, fillData(call, resource)))
}

function change(call: Call, subject: Resource | undefined): Reply {
  const target = subject ?? firstFound(call)
  if (!target) return reply(call, localise(call.row.responseExample, call.site))
  const { callback_id: _, ...changed } = toDoc(call.body)
  const resource = call.state.putResource({ ...target, doc: { ...target.doc, ...changed } })
  return answerWith(call, resource)
}

function firstFound(call: Call): Resource | undefined {
  return call.found.values().next().value
}

/** Deleting ends a job that runs. That this releases its slot is a [guess]. */
function remove(call: Call, subject: Resource | undefined): Reply {
  const target = subject ?? firstFound(call)
  const answer = target ? answerWith(call, target) : reply(call, call.row.responseExample)
  if (target && target.account !== '') {
    const job = target.jobId && !target.part ? call.state.jobs.get(target.jobId) : undefined
    if (job) endJob(call.state, job, { outcome: 'deleted' })
    call.state.deleteResource(target)
  }
  return answer
}

const makeGroup: Write = (call) => {
  const id = newId('avatar-group')
  const doc = { ...toDoc(call.body), group_id: id, status: 'completed' }
  const { email } = call.account
  const group = addResource(call.state, email, { type: 'avatar-group', id, doc })
  addResource(call.state, email, { type: 'avatar', id, form: 'photo', doc })
  return answerWith(call, { ...group, doc: { ...doc, status: 'pending' } })
}

const addToGroup: Write = (call) => {
  const group = getNamed(call, '/group_id')
  const keys = Array.isArray(call.body.image_keys) ? call.body.image_keys : []
  const example = call.row.responseExample
  const [template] = (envelopeData(example) as { photo_avatar_list: unknown[] }).photo_avatar_list
  const photo_avatar_list = keys.map(() => {
    const doc = { ...toDoc(call.body), group_id: group.id, status: 'completed' }
    const photo = addResource(call.state, call.account.email, {
      type: 'avatar',
      form: 'photo',
      doc,
    })
    const shown = { ...photo, doc: { ...doc, status: 'pending' } }
    return fillRow(template, toSubject(call, shown))
  })
  return reply(call, withData(example, { photo_avatar_list }))
}

/** With its last look a group is deleted too. */
const removeLook: Write = (call) => {
  const look = getSubject(call)
  const answer = remove(call, look)
  const own = [...(call.state.byOwner.get(call.account.email)?.values() ?? [])]
  const ofGroup = own.filter(
    (each) => each.type === 'avatar' && each.doc.group_id === look.doc.group_id
  )
  const group = own.find((each) => each.type === 'avatar-group' && each.id === look.doc.group_id)
  if (group && ofGroup.length === 0) call.state.deleteResource(group)
  return answer
}

const trash =
  (is_trash: boolean): Write =>
  (call) => {
    const folder = getSubject(call)
    call.state.putResource({ ...folder, doc: { ...folder.doc, is_trash } })
    return reply(call, call.row.responseExample)
  }

const share: Write = (call) => {
  const video = getNamed(call, '/video_id')
  return reply(call, withData(call.row.responseExample, `https://app.heygen.com/share/${video.id}`))
}

/** With the consent a digital twin is complete [guess]. */
const consent: Write = (call) => {
  const group = getSubject(call)
  const looks = [...(call.state.byOwner.get(call.account.email)?.values() ?? [])].filter(
    (each) => each.type === 'avatar' && each.doc.group_id === group.id
  )
  for (const each of [group, ...looks]) {
    const { waits_as: _, ...doc } = each.doc
    call.state.putResource({ ...each, doc })
  }
  const example = call.row.responseExample
  const template = envelopeData(example) as Doc
  const fresh = call.state.resources.get(group.key) ?? group
  const avatar_group = fillRow(template.avatar_group, toSubject(call, fresh))
  const url = asText(call.body.reroute_url) ?? `${call.site.origin}/files/consent/${newHex(8)}.mp4`
  return reply(call, withData(example, { avatar_group, url }))
}

/** A stopped session ends at once. That it counts as completed is a [guess]. */
const stopAgent: Write = (call) => {
  const session = getSubject(call)
  const job = session.jobId ? call.state.jobs.get(session.jobId) : undefined
  if (job) endJob(call.state, job)
  return answerWith(call, session)
}

const cancelRun: Write = (call) => {
  const run = getSubject(call)
  const job = run.jobId ? call.state.jobs.get(run.jobId) : undefined
  if (job) endJob(call.state, job, { outcome: 'cancelled' })
  return answerWith(call, run)
}

const addVersion: Write = (call) => {
  const workflow = getSubject(call)
  const version_number = Number(workflow.doc.version ?? 0) + 1
  call.state.putResource({ ...workflow, doc: { ...workflow.doc, version: version_number } })
  return reply(call, withData(call.row.responseExample, { version_number }))
}

const removeEndpoint: Write = (call) => {
  const target = findSubject(call) ?? call.found.get('/endpoint_id')
  if (target) call.state.deleteResource(target)
  return reply(call, call.row.responseExample)
}

const setDefaultVoice: Write = (call) => {
  const group = getSubject(call)
  const voice = asText(call.body.default_voice_id)
  if (!voice)
    throw invalid(envelopeOf(call.row), 'default_voice_id is required.', 'default_voice_id')
  call.state.putResource({ ...group, doc: { ...group.doc, default_voice_id: voice } })
  return reply(call, { data: { id: toId('avatar-group', group.id), default_voice_id: voice } })
}

/** The lists of v1 are kept as v3 has them. */
const changeBrandVoice: Write = (call) => {
  const { vocabulary, blacklist, whitelist, ...rest } = call.body
  const entries = (list: unknown, second: string): Doc[] | undefined =>
    Array.isArray(list) ? list.map(([term, value]) => ({ term, [second]: value })) : undefined
  const lists = {
    terms: entries(vocabulary, 'pronunciation'),
    do_not_translate_terms: Array.isArray(blacklist)
      ? blacklist.map((term) => ({ term }))
      : undefined,
    forced_translations: entries(whitelist, 'translation'),
  }
  return change({ ...call, body: { ...rest, ...lists } }, findSubject(call))
}

const WRITES: Record<string, Write> = {
  'POST /v1/brand_voice/{brand_voice_id}': changeBrandVoice,
  'POST /v2/photo_avatar/avatar_group/create': makeGroup,
  'POST /v2/photo_avatar/avatar_group/add': addToGroup,
  'DELETE /v3/avatars/looks/{look_id}': removeLook,
  'POST /v1/folders/{folder_id}/trash': trash(true),
  'POST /v1/folders/{folder_id}/restore': trash(false),
  'POST /v1/video/share': share,
  'POST /v3/avatars/{group_id}/consent': consent,
  'POST /v3/video-agents/{session_id}/stop': stopAgent,
  'POST /v3/workflow-runs/{run_id}/cancel': cancelRun,
  'POST /v3/workflows/{workflow_id}/versions': addVersion,
  'PATCH /v3/avatars/{group_id}': setDefaultVoice,
  'POST /v1/webhook/endpoint.add': makeEndpoint,
  'POST /v3/webhooks/endpoints': makeEndpoint,
  'PATCH /v1/webhook/endpoint.update': changeEndpoint,
  'PATCH /v3/webhooks/endpoints/{endpoint_id}': changeEndpoint,
  'DELETE /v1/webhook/endpoint.delete': removeEndpoint,
  'DELETE /v3/webhooks/endpoints/{endpoint_id}': removeEndpoint,
  'POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret': rotateSecret,
  'POST /v1/asset': uploadRaw,
  'POST /v1/talking_photo': uploadPhoto,
  'POST /v3/assets': uploadMultipart,
  'POST /v3/assets/{asset_id}/complete': completeAsset,
  'POST /v3/folders': makeFolder,
  'POST /v3/templates': makeTemplate,
  'PUT /v3/templates/{template_id}/variables': setVariables,
  'POST /v3/assets/{asset_id}/parts': signParts,
  'DELETE /v3/assets/{asset_id}/parts': abandonParts,
  'DELETE /v3/models/audio/voices/{voice_id}': removeVoice,
  'POST /v3/assets/direct-uploads': announceUpload,
  'POST /v3/assets/direct-uploads/batches': announceUploads,
}
