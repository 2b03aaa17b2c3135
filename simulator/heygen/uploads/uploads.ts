/** Uploads: the bytes are counted and hashed as they arrive. Small files are kept for the asset's URL. */
import { Refusal } from '../../answers/refusal.ts'
import { newId } from '../../state/ids.ts'
import type { State } from '../../state/state.ts'
import type { Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { asText, type Call, getSubject, type Reply, reply } from '../answers/call.ts'
import { envelopeOf, invalid, refuse } from '../answers/errors.ts'
import { fillData, withData } from '../answers/fill.ts'
import { addResource } from '../resources/resources.ts'
import { mediaTypeOf, readUpload, type Uploaded } from './multipart.ts'

const MIB = 1024 * 1024
const RAW_TYPES = ['image/png', 'image/jpeg', 'video/mp4', 'video/webm', 'audio/mpeg']
const MULTIPART_MAX_BYTES = 32 * MIB
const DIRECT_MAX_BYTES = 1024 * MIB
/** Documented per kind: 100 MB for video, 50 MB for the others. */
const RAW_MAX_BYTES: Record<string, number> = { video: 100 * MIB, image: 50 * MIB, audio: 50 * MIB }

export async function uploadRaw(call: Call): Promise<Reply> {
  const { uploaded, fileType } = await receiveRaw(call, RAW_TYPES)
  const id = newId('asset')
  const extension = uploaded.contentType
    .split('/')[1]
    ?.replace('jpeg', 'jpg')
    .replace('mpeg', 'mp3')
  const key =
    fileType === 'image' ? { image_key: `image/${id}/original.${extension}` } : { image_key: null }
  const doc = {
    ...toFileDoc(uploaded),
    ...key,
    title: `upload.${extension}`,
    file_type: fileType,
    type: fileType,
  }
  call.state.keepFile(id, uploaded.bytes)
  return show(call, addResource(call.state, call.account.email, { type: 'asset', id, doc }))
}

export async function uploadPhoto(call: Call): Promise<Reply> {
  const { uploaded } = await receiveRaw(call, ['image/png', 'image/jpeg'])
  const photo = addResource(call.state, call.account.email, {
    type: 'avatar',
    form: 'photo',
    doc: { ...toFileDoc(uploaded), title: 'Photo' },
  })
  return show(call, photo)
}

async function receiveRaw(
  call: Call,
  types: string[]
): Promise<{ uploaded: Uploaded; fileType: string }> {
  const contentType = mediaTypeOf(call.request)
  if (!types.includes(contentType)) {
    throw new Refusal(400, { code: 400543, message: 'Asset format not supported' })
  }
  const fileType = fileTypeOf(contentType)
  const maxBytes = RAW_MAX_BYTES[fileType] ?? 50 * MIB
  const uploaded = await receive(call, { maxBytes })
  if (uploaded.sizeBytes === 0)
    throw refuse('v1', { status: 400, number: 40001, code: '', message: 'Empty body' })
  return { uploaded, fileType }
}

export async function uploadMultipart(call: Call): Promise<Reply> {
  const contentType = call.request.headers.get('content-type') ?? ''
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  if (!boundary) throw invalid('v3', 'A multipart body with one part named file is needed.', 'file')
  const uploaded = await receive(call, { maxBytes: MULTIPART_MAX_BYTES, boundary })
  if (!uploaded.hasFile) throw invalid('v3', 'file: Field required', 'file')
  const doc = {
    ...toFileDoc(uploaded),
    title: uploaded.fileName ?? 'file',
    file_type: fileTypeOf(uploaded.contentType),
    type: fileTypeOf(uploaded.contentType),
  }
  const asset = addResource(call.state, call.account.email, { type: 'asset', doc })
  call.state.keepFile(asset.id, uploaded.bytes)
  return show(call, asset)
}

async function receive(
  call: Call,
  options: { maxBytes: number; boundary?: string }
): Promise<Uploaded> {
  const uploaded = await readUpload(call.request, options)
  if (!uploaded) throw tooLarge(call)
  Object.assign(call.recorded, { bodyBytes: uploaded.bodyBytes, bodySha256: uploaded.sha256 })
  return uploaded
}

function tooLarge(call: Call): Refusal {
  const facts = {
    status: 413,
    number: 413,
    code: 'payload_too_large',
    message: 'File exceeds the maximum size.',
  }
  return refuse(envelopeOf(call.row), facts)
}

function toFileDoc(uploaded: Uploaded): Doc {
  return {
    mime_type: uploaded.contentType,
    size_bytes: uploaded.sizeBytes,
    sha256: uploaded.sha256,
  }
}

function fileTypeOf(mime: string): string {
  return mime.split('/')[0] ?? 'video'
}

export function announceUpload(call: Call): Reply {
  return reply(call, withData(call.row.responseExample, announce(call, call.body, {})))
}

export function announceUploads(call: Call): Reply {
  const files = call.body.files
  if (!Array.isArray(files) || files.length === 0 || files.length > 100) {
    throw invalid('v3', 'files must have 1 to 100 items.', 'files')
  }
  const batchId = newId('batch')
  const items = files.map((file) => announce(call, file as Doc, { batch_id: batchId }))
  const doc = { item_type: 'asset', items: items.map((item) => item.asset_id) }
  addResource(call.state, call.account.email, { type: 'batch', id: batchId, doc })
  return reply(call, withData(call.row.responseExample, { batch_id: batchId, items }))
}

function announce(call: Call, file: Doc, more: Doc): Doc {
  const contentType = asText(file.content_type)
  if (!contentType) throw invalid('v3', 'content_type: Field required', 'content_type')
  const doc = {
    ...more,
    title: asText(file.filename) ?? 'file',
    mime_type: contentType,
    file_type: fileTypeOf(contentType),
    type: fileTypeOf(contentType),
    size_bytes: 0,
    status: 'pending_upload',
  }
  const asset = addResource(call.state, call.account.email, { type: 'asset', doc })
  return {
    asset_id: asset.id,
    expires_in_seconds: 3600,
    max_bytes: DIRECT_MAX_BYTES,
    status: 'pending_upload',
    upload_headers: { 'Content-Type': contentType },
    upload_url: `${call.site.origin}/files/uploads/${asset.id}?X-Amz-Signature=SIM${asset.id.slice(0, 16)}`,
  }
}

/** Completing without an upload is a 409 [guess]. The asset of the documented examples counts as uploaded. */
export function completeAsset(call: Call): Reply {
  const asset = getSubject(call)
  if (asset.doc.status === 'pending_upload') {
    throw refuse('v3', {
      status: 409,
      number: 0,
      code: 'resource_not_ready',
      message: 'Nothing was uploaded yet.',
    })
  }
  return show(call, asset)
}

/** The storage's side of a direct upload. */
export async function putUpload(state: State, request: Request, id: string): Promise<Response> {
  const asset = state.resources.values().find((each) => each.type === 'asset' && each.id === id)
  const isSigned =
    new URL(request.url).searchParams.get('X-Amz-Signature') === `SIM${id.slice(0, 16)}`
  if (!asset || !isSigned)
    return new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
  const uploaded = await readUpload(request, { maxBytes: DIRECT_MAX_BYTES })
  if (!uploaded) return new Response('<Error><Code>EntityTooLarge</Code></Error>', { status: 400 })
  state.keepFile(id, uploaded.bytes)
  const { status: _, ...doc } = asset.doc
  state.putResource({ ...asset, doc: { ...doc, ...toFileDoc(uploaded), mime_type: doc.mime_type } })
  return new Response(null, { headers: { etag: `"${uploaded.sha256.slice(0, 32)}"` } })
}

function show(call: Call, resource: Resource): Reply {
  const filled = fillData(call, resource)
  if ('owner' in filled) filled.owner = call.account.username
  return reply(call, withData(call.row.responseExample, filled))
}
