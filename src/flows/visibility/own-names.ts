/**
 * Marks the names that the client of an own token gives its jobs with the token, before anything reads them. So two customers of one
 * tenant may use the same name: owners, "one at a time" and the provider see two. Answers lose the mark again.
 */
import { markedTenant, type OwnScope } from '#domain/visibility/own-scope.ts'
import { asComposed } from '#domain/text/headers.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

type OwnCall = ProxyCall & { own: OwnScope }

const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** The forms that the call may have: a path may name a thing by its id or by the client's name. */
export function namedForms(call: OwnCall): OwnCall[] {
  const { provider, tenant, match, requestId, path, search, own } = call
  const { names } = provider
  const isMade = match?.route.kind === 'creates-job'
  if (!names || (isMade && !hasName(call))) return [call]
  const text = call.body instanceof Uint8Array ? readUtf8(call.body) : undefined
  const marked = { tenant: markedTenant(tenant, own.token), requestId, match, path, search }
  return names.toProvider(marked, text).map((form) => {
    const body = form.body === undefined || form.body === text ? undefined : form.body
    const bytes = body === undefined ? undefined : new Uint8Array(new TextEncoder().encode(body))
    return {
      ...call,
      path: form.path,
      search: form.search,
      match: form.path === path ? match : provider.routes.match(call.method, form.path),
      ...(bytes === undefined ? {} : { body: bytes, json: parseJson(body ?? '') }),
    }
  })
}

/** A creation without a name of its client's is named by the gateway, as any other. */
function hasName(call: OwnCall): boolean {
  const json = (call as { json?: unknown }).json
  const { resource } = call.provider.names ?? {}
  return idsOf(call, json).some(({ ref }) => ref.resource === resource)
}

/** The answer as the token's client sees it: without marks, and without the account. */
export async function withoutMarks(call: OwnCall, answer: ProxyAnswer): Promise<ProxyAnswer> {
  const { email, parking: _, ...bare } = answer
  // A call that the gateway makes of an older one goes on where the one before it went.
  const rest = call.madeOf && email !== undefined ? { ...bare, email } : bare
  const { names } = call.provider
  const { response } = rest
  if (!names || !/json/i.test(response.headers.get('content-type') ?? '')) return rest
  const bytes = await readBytes(response.body, ANSWER_BYTES_MAX).catch(() => undefined)
  if (!bytes) {
    const message = 'The answer of the provider ended before it was complete.'
    throw new AppError('upstream_unreachable', message)
  }
  const text = new TextDecoder().decode(bytes)
  const clean = names.toClient(text, markedTenant(call.tenant, call.own.token))
  const { status } = response
  const headers = new Headers(response.headers)
  if (clean !== text) asComposed(headers)
  const hasNoBody = [101, 204, 205, 304].includes(status)
  const body = clean === text ? bytes : clean
  return { ...rest, response: new Response(hasNoBody ? null : body, { status, headers }) }
}
