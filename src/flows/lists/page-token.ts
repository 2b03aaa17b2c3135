/**
 * Page tokens of merged lists. A token carries the position in each account's list; it is sealed, because it contains the
 * provider's tokens and the accounts' emails. A position that is too long for a URL is kept by the tenant's object for a
 * day, and the token only names it.
 */
import { AppError } from '#domain/runtime/errors.ts'
import type { Cursor } from '#domain/lists/merge-rows.ts'
import { CannotOpen, fromUrlText, toUrlText } from '#domain/access/sealed-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ListShape } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { logMissingKey } from '#flows/access/missing-master-key.ts'

/** The position in a merged list: the page size, and the position in each account's list. */
export interface Place {
  limit: number
  streams: { email: string; part?: 'public' | 'private'; cursor: Cursor }[]
}

/** Cloudflare accepts URLs of 16 KB, but proxies in front of it may accept less. */
const TOKEN_CHARS_MAX = 1500

function sealName(call: ProxyCall): string {
  return `list/${call.provider.name}/${call.tenant}/${call.path}`
}

function notOurs(error: unknown): string {
  const isOld = error instanceof CannotOpen && !error.isKnownKey
  if (!isOld) return 'is not a token of this list'
  return 'is not a token of this list, or its master key was removed. Start the list anew, without it.'
}

/** Undefined: the request has no token, so the list starts. Throws `bad_request` for a token that cannot be opened. */
export async function readPlace(
  ports: Ports,
  call: ProxyCall,
  shape: ListShape,
  query: URLSearchParams
): Promise<Place | undefined> {
  const token = shape.token === undefined ? null : query.get(shape.token)
  if (!token) return undefined
  const open = (sealed: string) =>
    ports.vault.open(sealName(call), sealed).catch((error: unknown) => {
      logMissingKey(ports, 'page token', error, token)
      throw new AppError('bad_request', `${shape.token}: ${notOurs(error)}`)
    })
  const read = parse(await open(fromUrlText(token)))
  if (typeof read !== 'string') return read
  const kept = await ports.desk(call.tenant, call.provider.name).placeOf(read)
  if (kept === undefined) {
    const why =
      'is no longer known (a token is kept for a day at most). Start the list anew, without it.'
    throw new AppError('bad_request', `${shape.token}: ${why}`)
  }
  return parse(await open(kept)) as Place
}

export async function writePlace(ports: Ports, call: ProxyCall, place: Place): Promise<string> {
  const sealed = await ports.vault.seal(sealName(call), JSON.stringify(pack(place)))
  if (sealed.length <= TOKEN_CHARS_MAX) return toUrlText(sealed)
  const desk = ports.desk(call.tenant, call.provider.name)
  const name = await desk.keepPlace(sealed).catch(() => undefined)
  // If the object cannot be asked, the token is long. It works where long URLs do.
  if (name === undefined) return toUrlText(sealed)
  return toUrlText(await ports.vault.seal(sealName(call), JSON.stringify({ kept: name })))
}

/** Email, part, and the cursor's token, skip, id and time. Default values at the end are left out. */
type PackedStream = [string, ('public' | 'private' | 0)?, (string | 0)?, number?, string?, number?]

interface Packed {
  l: number
  s: PackedStream[]
}

function pack({ limit, streams }: Place): Packed {
  const s = streams.map(({ email, part, cursor: { token, skip, after } }) => {
    const packed = [email, part ?? 0, token ?? 0, skip, after?.id, after?.createdAt]
    const end = packed.findLastIndex((value) => value !== undefined && value !== 0)
    return packed.slice(0, Math.max(end, after ? 5 : 0) + 1) as PackedStream
  })
  return { l: limit, s }
}

/** A position, or the name under which it is kept. Tokens of older versions contain the position in plain form. */
function parse(text: string): Place | string {
  const read = JSON.parse(text) as Packed | Place | { kept: string }
  if ('kept' in read) return read.kept
  if ('streams' in read) return read
  const streams = read.s.map(([email, part, token, skip = 0, id, createdAt = 0]) => ({
    email,
    ...(part ? { part } : {}),
    cursor: {
      token: token || null,
      skip,
      ...(id === undefined ? {} : { after: { id, createdAt } }),
      isDone: false,
    },
  }))
  return { limit: read.l, streams }
}
