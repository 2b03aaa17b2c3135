/**
 * The files of HeyGen's accounts (reference/heygen.md section 5): uploads, lists, deletions, and the host from which a file is read.
 * A file is usable only on its own account.
 */
import { data, refusal } from '../../test/support/witness/witness-answers.ts'
import type { NetworkCall, NetworkReply, Served, Server } from '../platform/network.ts'
import type { World } from '../world/world.ts'
import type { Account } from './books.ts'

type Answer = Pick<NetworkReply, 'status' | 'body'>

export interface StoredFile {
  id: string
  account: string
  content: string
  type: string
  isDeleted: boolean
}

const ASSET = /\basset-[0-9a-f]{20}\b/g
const HOST = 'files.example.com'

export class Files implements Server {
  readonly all = new Map<string, StoredFile>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Undefined: not about a file. */
  answer({ method, url, headers, body }: NetworkCall, account: Account): Answer | undefined {
    const [, version, family, id] = url.pathname.split('/')
    if (version !== 'v3' || family !== 'assets') return undefined
    if (method === 'POST' && id === undefined)
      return this.#keep(account, contentOf(headers.get('content-type') ?? '', body))
    if (method === 'GET' && id === undefined) return this.#list(account)
    const found = this.of(account.email).find((one) => one.id === id)
    if (!found) return refusal(404, 'asset_not_found', 'Asset not found')
    if (method === 'GET') return data({ ...rowOf(found), asset_id: found.id })
    if (method !== 'DELETE') return undefined
    found.isDeleted = true
    return data({ id: found.id })
  }

  of(email: string): StoredFile[] {
    return [...this.all.values()].filter(
      ({ account, isDeleted }) => account === email && !isDeleted
    )
  }

  /** The refusal of a creation that names a file which its account does not have. */
  refusalOf(body: string, { email }: Account): Answer | undefined {
    const own = new Set(this.of(email).map(({ id }) => id))
    const isStrange = [...body.matchAll(ASSET)].some(([id]) => !own.has(id))
    return isStrange ? refusal(404, 'asset_not_found', 'Asset not found') : undefined
  }

  /** The text with the content of each file in the place of its id: a copy has the same. */
  withContents(text: string): string {
    return text.replace(ASSET, (id) => this.all.get(id)?.content ?? id)
  }

  /** A file's own host. It wants no credential. */
  serve({ method, url, headers }: NetworkCall): { reply: Served; afterMs: number } {
    const file = this.all.get(url.pathname.slice(1))
    if (method !== 'GET' || !file || file.isDeleted || headers.has('x-api-key'))
      return { reply: { status: 403, body: '' }, afterMs: 0 }
    const length = String(Buffer.byteLength(file.content))
    const told = { 'content-type': file.type, 'content-length': length }
    return { reply: { status: 200, body: file.content, headers: told }, afterMs: 0 }
  }

  #keep({ email }: Account, { content, type }: { content: string; type: string }): Answer {
    const id = `asset-${this.#world.chance.hex('things', 20)}`
    const file = { id, account: email, content, type, isDeleted: false }
    this.all.set(id, file)
    const size = Buffer.byteLength(content)
    return data({ asset_id: id, url: urlOf(file), mime_type: type, size_bytes: size })
  }

  #list({ email }: Account): Answer {
    const rows = this.of(email).toReversed().map(rowOf)
    return { status: 200, body: JSON.stringify({ data: rows, has_more: false, next_token: null }) }
  }
}

function rowOf(file: StoredFile): Record<string, unknown> {
  return { id: file.id, name: 'face.png', type: 'image', url: urlOf(file) }
}

function urlOf({ id }: StoredFile): string {
  return `https://${HOST}/${id}`
}

/** The file in the part named `file`, or the whole body. */
function contentOf(type: string, body: string): { content: string; type: string } {
  const [, mark] = /boundary=([^;\s]+)/.exec(type) ?? []
  if (mark === undefined) return { content: body, type: 'image/png' }
  const [, part = ''] = body.split(`--${mark}\r\n`)
  const at = part.indexOf('\r\n\r\n')
  const [, own = 'application/octet-stream'] = /content-type: (\S+)/i.exec(part.slice(0, at)) ?? []
  return { content: part.slice(at + 4, part.lastIndexOf(`\r\n--${mark}--`)), type: own }
}
