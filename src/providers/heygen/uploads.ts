/** How HeyGen's uploads are read and made again (reference/heygen.md section 5). None of it costs anything. */
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderAssets } from '#providers/contract/provider.ts'
import { saysUnknown } from './answers.ts'

const LISTS = new Set(['/v1/asset/list', '/v3/assets', '/v3/assets/search'])
const DELETIONS = new Set(['DELETE /v3/assets/{asset_id}', 'POST /v1/asset/{asset_id}/delete'])
/** Older paths say it with a number, and on v2 with a 400. */
const UNKNOWN = new Set(['asset_not_found', '400569'])

/** What an answer names that does not know something else. */
const OTHERS = /avatar|voice|look|template|folder|video|group|project|knowledge|brand|glossary/i
const OWN = /asset|image|file/i

export const heygenAssets: ProviderAssets = {
  resource: 'asset',
  read: (id) => ({
    path: `/v3/assets/${encodeURIComponent(assetId(id))}`,
    urlAt: '/data/url',
    nameAt: '/data/name',
  }),
  upload(id, { type, name }) {
    // A key is only given by the older upload, which takes the bytes as they are.
    if (isKey(id)) {
      return { path: '/v1/asset', contentType: type, head: '', tail: '', idAt: '/data/image_key' }
    }
    const boundary = `gateway-${crypto.randomUUID()}`
    const disposition = `form-data; name="file"; filename="${plainName(name)}"`
    return {
      path: '/v3/assets',
      contentType: `multipart/form-data; boundary=${boundary}`,
      head: `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
      tail: `\r\n--${boundary}--\r\n`,
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
    return status >= 400 && status < 500 && (UNKNOWN.has(code) || saysUnknown({ status, body }))
  },
}

/** `image/<id>/original.jpg`: the key of an image has the asset's id in it. */
export function assetId(id: string): string {
  return KEY.exec(id)?.[1] ?? id
}

const KEY = /^[a-z]+\/([^/]+)\//

function isKey(id: string): boolean {
  return KEY.test(id)
}

function plainName(name: string): string {
  return name.replace(/[^\w.-]+/g, '_').slice(0, 100) || 'file'
}
