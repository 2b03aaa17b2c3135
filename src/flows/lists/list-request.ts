/** Reads and writes the page size and page token of a list request: in the query, or in the JSON body of a POST that only reads. */
import { parseJson } from '#domain/text/json-text.ts'
import { valueAt } from '#domain/text/json-pointer.ts'
import { putMember } from '#domain/text/json-slices.ts'
import type { ListShape } from '#providers/contract/provider.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** The page size and the page token as a query, wherever the request has them. */
export function queryOf(call: ProxyCall, shape: ListShape): URLSearchParams {
  if (!shape.isAskedInBody) return new URLSearchParams(call.search)
  const json = parseJson(textOf(call))
  const query = new URLSearchParams()
  for (const name of [shape.limit, shape.token]) {
    const value = name === undefined ? undefined : valueAt(json, `/${name}`)
    if (name !== undefined && (typeof value === 'string' || typeof value === 'number')) {
      query.set(name, String(value))
    }
  }
  return query
}

/** The client's body with another page size and page token. */
export function bodyAt(
  call: ProxyCall,
  { limit, token }: ListShape,
  query: URLSearchParams
): Uint8Array<ArrayBuffer> {
  let text = textOf(call)
  const put = (name: string, json: string) => {
    text = putMember(text, `/${name}`, json) ?? text
  }
  const size = limit === undefined ? null : query.get(limit)
  if (limit !== undefined && size !== null && /^\d+$/.test(size)) put(limit, size)
  if (token !== undefined) put(token, JSON.stringify(query.get(token) ?? ''))
  return new Uint8Array(new TextEncoder().encode(text))
}

function textOf({ body }: ProxyCall): string {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body).trim() : ''
  return text === '' ? '{}' : text
}
