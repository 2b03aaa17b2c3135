/**
 * What a provider said when it refused a queued creation. It is kept with the item, sealed, because it may repeat the client's body:
 * clients poll for it, and the event of the end repeats its sentence.
 */
import type { Ports } from '#domain/ports/ports.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { ProxyAnswer } from '#flows/upstream/proxy-call.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { queuedIdentity } from './item-text.ts'

const BODY_CHARS_MAX = 4096
const MESSAGE_CHARS_MAX = 200
const MESSAGE_AT = ['/error/message', '/message', '/error']

/** `status`, `type`, `body`: the provider's answer. A longer body is not kept. `message`: its sentence, or what we know instead. */
export interface Refusal {
  message: string
  status?: number
  type?: string
  body?: string
}

type Sealing = Pick<Ports, 'vault'>

export async function readRefusal({ response }: ProxyAnswer): Promise<Refusal> {
  const { status, headers } = response
  const body = await response.clone().text()
  const json = parseJson(body)
  const said = MESSAGE_AT.map((at) => textAt(json, at)).find((text) => text)
  const type = headers.get('content-type')
  return {
    message: said?.slice(0, MESSAGE_CHARS_MAX) ?? `the provider answered ${status}`,
    status,
    ...(type === null ? {} : { type }),
    ...(body.length > BODY_CHARS_MAX ? {} : { body }),
  }
}

export function sealRefusal(
  { vault }: Sealing,
  provider: Provider,
  tenant: string,
  refusal: Refusal
): Promise<string> {
  return vault.seal(queuedIdentity(provider.name, tenant), JSON.stringify(refusal))
}

/** Undefined: no master key opens it any more. */
export async function openRefusal(
  { vault }: Sealing,
  provider: Provider,
  tenant: string,
  sealed: string
): Promise<Refusal | undefined> {
  const opening = vault.open(queuedIdentity(provider.name, tenant), sealed)
  const plain = await opening.catch(() => undefined)
  return plain === undefined ? undefined : (JSON.parse(plain) as Refusal)
}
