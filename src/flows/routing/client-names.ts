/**
 * Translates names that clients give their jobs and that must be unique in an account (`Provider.names`). The provider gets the
 * name with a mark of the tenant, so that two tenants never collide. The client sees its own text.
 */
import { asComposed } from '#domain/text/headers.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { NamedForm } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export async function sendNamed(
  call: ProxyCall,
  send: (form: Partial<Pick<ProxyCall, 'path' | 'search' | 'body'>>) => Promise<Response>
): Promise<Response> {
  const { provider, tenant } = call
  const { names } = provider
  if (!names || call.bearer !== undefined) return send({})
  const body = textOf(call)
  const forms = names.toProvider(call, body)
  for (const [index, form] of forms.entries()) {
    const answer = await send(toPart(form, body))
    const bytes = await readJson(answer)
    if (bytes === undefined) return answer
    const text = new TextDecoder().decode(bytes)
    const isLast = index === forms.length - 1
    const said = { status: answer.status, body: isLast ? undefined : parseJson(text) }
    if (isLast || !provider.answers.saysUnknown?.(said))
      return withText(answer, names.toClient(text, tenant), { bytes, text })
  }
  throw new Error('names.up returned no form of the call')
}

/** Undefined for a streamed body, which is not read. */
function textOf({ body }: ProxyCall): string | undefined {
  return body instanceof Uint8Array ? readUtf8(body) : undefined
}

function toPart({ path, search, body }: NamedForm, before: string | undefined) {
  const isSame = body === undefined || body === before
  return {
    path,
    search,
    ...(isSame ? {} : { body: new Uint8Array(new TextEncoder().encode(body)) }),
  }
}

/** Undefined: the answer is not JSON. Throws when it breaks off. */
async function readJson(answer: Response): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!/json/i.test(answer.headers.get('content-type') ?? '')) return undefined
  const bytes = await readBytes(answer.body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!bytes) {
    throw new AppError(
      'upstream_unreachable',
      'The answer of the provider ended before it was complete.'
    )
  }
  return bytes
}

/** An answer without such a name keeps its bytes. */
function withText(
  answer: Response,
  text: string,
  before: { bytes: Uint8Array<ArrayBuffer>; text: string }
): Response {
  const { status } = answer
  const headers = new Headers(answer.headers)
  const hasNoBody = [101, 204, 205, 304].includes(status)
  if (text === before.text) {
    return new Response(hasNoBody ? null : before.bytes, { status, headers })
  }
  asComposed(headers)
  return new Response(text, { status, headers })
}
