/** Reads HeyGen's uploads and makes them again (reference/heygen.md section 5). None of these calls costs anything. */
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderUploads } from '#providers/contract/provider.ts'
import { answers } from './answers.ts'
import { assetId, idInKey, isKey } from './uploads/asset-id.ts'
import { isLikenessId, isLikenessRow } from './uploads/likenesses.ts'

const LISTS = new Set(['/v1/asset/list', '/v3/assets', '/v3/assets/search'])
const DELETIONS = new Set(['DELETE /v3/assets/{asset_id}', 'POST /v1/asset/{asset_id}/delete'])
/** Codes for an unknown upload. The older paths have a number, which v2 answers with a 400. */
const UNKNOWN = new Set(['asset_not_found', '400569'])

/** An answer with these words, and without those below, is not about the upload. */
const OTHERS = /avatar|voice|look|template|folder|video|group|project|knowledge|brand|glossary/i
const OWN = /asset|image|file/i

export const uploads: ProviderUploads = {
  resource: 'asset',
  read: (id) => ({
    path: `/v3/assets/${encodeURIComponent(assetId(id))}`,
    urlAt: '/data/url',
    nameAt: '/data/name',
  }),
  upload(id, { type, name }, boundary) {
    // Only the older upload answers with a key. Its body is the file's bytes.
    if (isKey(id)) {
      return { path: '/v1/asset', contentType: type, head: '', tail: '', idAt: '/data/image_key' }
    }
    const mark = `gateway-${boundary}`
    const disposition = `form-data; name="file"; filename="${plainName(name)}"`
    return {
      path: '/v3/assets',
      contentType: `multipart/form-data; boundary=${mark}`,
      head: `--${mark}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
      tail: `\r\n--${mark}--\r\n`,
      idAt: '/data/asset_id',
    }
  },
  isList: ({ method, path }) => method === 'GET' && LISTS.has(path),
  deleted({ route, params }) {
    const id = params.asset_id
    if (!id || !DELETIONS.has(`${route.method} ${route.path}`)) return undefined
    return { id, keyStart: `image/${id}/` }
  },
  deletion: (id) => ({
    method: 'DELETE',
    path: `/v3/assets/${encodeURIComponent(assetId(id))}`,
  }),
  saysUnknown({ status, body }) {
    const code = textAt(body, '/error/code') ?? textAt(body, '/code') ?? ''
    const message = textAt(body, '/error/message') ?? textAt(body, '/message') ?? ''
    const isOfOthers = OTHERS.test(`${code} ${message}`) && !OWN.test(`${code} ${message}`)
    if (isOfOthers) return false
    return (
      status >= 400 &&
      status < 500 &&
      (UNKNOWN.has(code) || answers.saysUnknown?.({ status, body }) === true)
    )
  },
  isLikenessRow,
  isLikenessId,
  idInKey,
}

function plainName(name: string): string {
  return name.replace(/[^\w.-]+/g, '_').slice(0, 100) || 'file'
}
