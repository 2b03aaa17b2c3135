/**
 * The sealed text of a queued creation: body, query and headers together. A Worker writes it, and the object of the account that
 * starts the creation reads it, which may be days later.
 */
import type { Ports } from '#domain/ports/ports.ts'
import type { Work } from '#domain/ports/line.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'
import type { Provider } from '#providers/contract/provider.ts'

/** The first line of the text. The body follows it as it is: JSON in JSON could be six times as long, and a row has 2 MB. */
interface Head {
  search: string
  headers: [string, string][]
  /** The call has no body, which is not the same as an empty one. */
  isBare?: true
}

type Sealing = Pick<Ports, 'vault'>

export async function sealItem({ vault }: Sealing, call: ReadCall): Promise<string> {
  const { provider, tenant, search, headers, body } = call
  const head: Head = { search, headers: [...headers], ...(body === null ? { isBare: true } : {}) }
  const text = readUtf8(body ?? new Uint8Array())
  if (text === undefined) throw new Error('a body that is not UTF-8')
  return vault.seal(queuedIdentity(provider.name, tenant), `${JSON.stringify(head)}\n${text}`)
}

/** The call as it was queued, under the lease id of this try. Throws CannotOpen if no master key opens it. */
export async function openItem(
  { vault }: Sealing,
  provider: Provider,
  { leaseId, record, sort, sealed }: Work
): Promise<ReadCall> {
  const { tenant, method, path, tokenHash, own, origin, reply } = record
  const plain = await vault.open(queuedIdentity(provider.name, tenant), sealed)
  const end = plain.indexOf('\n')
  const { search, headers, isBare } = JSON.parse(plain.slice(0, end)) as Head
  const text = plain.slice(end + 1)
  return {
    requestId: leaseId,
    tenant,
    provider,
    match: provider.routes.match(method, path),
    method,
    path,
    search,
    headers: new Headers(headers),
    body: isBare ? null : (new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>),
    json: text === '' ? undefined : parseJson(text),
    tokenId: sort.token,
    tokenHash,
    // It has passed the gate, so what it may use besides its own counts no more.
    ...(own ? { own: { token: sort.token, grants: [], isMaking: true } } : {}),
    origin,
    ...(sort.limit === undefined ? {} : { limit: sort.limit }),
    ...(reply === undefined ? {} : { reply }),
  }
}

/** A text that was sealed for another tenant does not open. */
export function queuedIdentity(provider: string, tenant: string): string {
  return `queued/${provider}/${tenant}`
}
