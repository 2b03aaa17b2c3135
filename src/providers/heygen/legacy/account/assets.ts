/**
 * Older calls about uploads. v3 takes a file as a part of a form and up to 32 MiB. An upload is never more than an upload: also
 * `talking_photo`, which v3 would charge for a look.
 */
import { AppError } from '#domain/runtime/errors.ts'
import type { LegacyCall, NewerCall } from '#providers/contract/provider.ts'
import {
  clamped,
  invalid,
  orNull,
  segment,
  textOf,
  v1Plain,
  v2,
  type Row,
} from '#providers/heygen/legacy/shared/words.ts'

export const ASSETS: Readonly<Record<string, Row>> = {
  'POST /v1/asset': { carry: uploadAsset, isUpload: true },
  'POST /v1/talking_photo': { carry: uploadTalkingPhoto, isUpload: true },
  'GET /v1/asset/list': { carry: listAssets },
  'POST /v1/asset/{asset_id}/delete': { carry: deleteAsset },
}

const FILE_BYTES_MAX = 32 * 1024 * 1024
/** HeyGen's number for a file of a kind that it does not take. */
const NOT_SUPPORTED = 400543

const EXTENSIONS: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  mpeg: 'mp3',
  'x-wav': 'wav',
  'x-subrip': 'srt',
  'octet-stream': 'bin',
}

/** v3 has no image keys. Ours contains the id of the upload, so nothing must be stored to find it again. */
async function uploadAsset(call: LegacyCall): Promise<unknown> {
  const file = fileOf(call)
  const { body } = await call.ask({ method: 'POST', path: '/v3/assets', file })
  const id = orNull(body, '/data/asset_id')
  const [kind] = (textOf(body, '/data/mime_type') ?? file.type).split('/')
  call.lose('name', 'folder_id')
  return v1Plain({
    id,
    name: file.name,
    file_type: kind,
    folder_id: '',
    meta: null,
    created_ts: Math.floor(call.now / 1000),
    url: orNull(body, '/data/url'),
    image_key: kind === 'image' ? `image/${id}/original.${extensionOf(file.type)}` : null,
  })
}

/** The id is that of the upload. A video of it animates the image and needs no look. */
async function uploadTalkingPhoto(call: LegacyCall): Promise<unknown> {
  const file = fileOf(call)
  if (!file.type.startsWith('image/')) {
    const why = 'A talking photo is an image: send its Content-Type.'
    throw new AppError('bad_request', why, { providerCode: NOT_SUPPORTED })
  }
  const { body } = await call.ask({ method: 'POST', path: '/v3/assets', file })
  return v1Plain({
    talking_photo_id: orNull(body, '/data/asset_id'),
    talking_photo_url: orNull(body, '/data/url'),
  })
}

function fileOf(call: LegacyCall): NonNullable<NewerCall['file']> {
  const { upload } = call
  if (!upload || upload.bytes === 0) throw empty(call)
  if (upload.bytes !== undefined && upload.bytes > FILE_BYTES_MAX) throw tooLarge()
  const type = typeOf(upload.type)
  const name = `upload.${extensionOf(type)}`
  if (upload.bytes !== undefined) return { ...upload, type, name }
  return { body: measured(call, upload.body), type, name }
}

/** The client did not say how long the file is, so it is measured on its way. */
function measured(call: LegacyCall, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let bytes = 0
  const meter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > FILE_BYTES_MAX) throw tooLarge()
      controller.enqueue(chunk)
    },
    flush() {
      if (bytes === 0) throw empty(call)
    },
  })
  return body.pipeThrough(meter)
}

function empty(call: LegacyCall): AppError {
  return invalid(call, 'The body', 'is empty. Send the bytes of the file.')
}

function tooLarge(): AppError {
  const instead = 'POST /v3/assets/direct-uploads and its upload_url take larger ones.'
  return new AppError('too_large', `A file may have up to 32 MiB here. ${instead}`)
}

function typeOf(contentType: string): string {
  const [type = ''] = contentType.split(';')
  const plain = type.trim().toLowerCase()
  if (plain === 'image/jpg') return 'image/jpeg'
  return /^[\w.+-]+\/[\w.+-]+$/.test(plain) ? plain : 'application/octet-stream'
}

function extensionOf(type: string): string {
  const [, kind = 'bin'] = type.split('/')
  return EXTENSIONS[kind] ?? kind
}

const PAGES_MAX = 10
/** v3's own size of a page. */
const ROWS_USUAL = 20

/** v3 cannot filter by type, so rows of other types are left out, and pages are read until this one is full. */
async function listAssets(call: LegacyCall): Promise<unknown> {
  const { query } = call
  const kind = query.get('file_type') ?? ''
  const limit = clamped(query.get('limit'), 1, 100)
  const wanted = limit ?? ROWS_USUAL
  const assets: unknown[] = []
  let token = query.get('token') ?? undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { body } = await call.ask({
      method: 'GET',
      path: '/v3/assets',
      query: {
        folder_id: query.get('folder_id') ?? undefined,
        limit: page === 0 ? limit : wanted - assets.length,
        token,
      },
    })
    const rows = orNull(body, '/data')
    const shown = (Array.isArray(rows) ? rows : []).map(assetOf)
    assets.push(...shown.filter(({ file_type }) => kind === '' || file_type === kind))
    token = textOf(body, '/next_token')
    if (kind === '' || token === undefined || assets.length >= wanted) break
  }
  call.lose('total')
  return v2({ assets, total: assets.length, token: token ?? null })
}

async function deleteAsset(call: LegacyCall): Promise<unknown> {
  const path = `/v3/assets/${segment(call, 'asset_id', call.params['asset_id'])}`
  const { body } = await call.ask({ method: 'GET', path })
  await call.ask({ method: 'DELETE', path })
  return v2(assetOf(orNull(body, '/data')))
}

function assetOf(row: unknown) {
  const id = orNull(row, '/id')
  const type = orNull(row, '/type')
  const url = textOf(row, '/url')
  return {
    id,
    name: orNull(row, '/name'),
    file_type: type,
    folder_id: textOf(row, '/folder_id') ?? '',
    meta: null,
    created_ts: orNull(row, '/uploaded_at'),
    url: url ?? null,
    image_key: type === 'image' ? `image/${id}/original.${extensionIn(url)}` : null,
  }
}

function extensionIn(url = ''): string {
  const [, extension = 'jpg'] = /\.(png|jpe?g|webp|gif)(?:[?#]|$)/i.exec(url) ?? []
  return extension.toLowerCase().replace('jpeg', 'jpg')
}
