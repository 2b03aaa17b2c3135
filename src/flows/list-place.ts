/** Tokens of merged lists: each account's place, sealed, since the provider's tokens and the accounts' emails are in it. */
import { AppError } from '#domain/errors.ts'
import type { Cursor } from '#domain/merge-rows.ts'
import { fromUrlText, toUrlText } from '#domain/sealed-text.ts'
import type { Ports } from '#domain/ports.ts'
import type { ListShape } from '#providers/provider.ts'
import type { ProxyCall } from './proxy-call.ts'

/** What a token carries. */
export interface Place {
  limit: number
  streams: { email: string; part?: 'public' | 'private'; cursor: Cursor }[]
}

function sealName(call: ProxyCall): string {
  return `list/${call.provider.name}/${call.tenant}/${call.path}`
}

export async function readPlace(
  ports: Ports,
  call: ProxyCall,
  shape: ListShape,
  query: URLSearchParams
): Promise<Place | undefined> {
  const token = shape.token === undefined ? null : query.get(shape.token)
  if (!token) return undefined
  try {
    return JSON.parse(await ports.vault.open(sealName(call), fromUrlText(token))) as Place
  } catch {
    throw new AppError('bad_request', `${shape.token}: is not a token of this list`)
  }
}

export async function writePlace(ports: Ports, call: ProxyCall, place: Place): Promise<string> {
  return toUrlText(await ports.vault.seal(sealName(call), JSON.stringify(place)))
}
