/** One call of one account at HeyGen: allowed, valid, then answered by what its row is for. */
import { siteOf } from '../../answers/links.ts'
import type { Refusal } from '../../answers/refusal.ts'
import { rowName } from '../../catalogue/rows.ts'
import type { State } from '../../state/state.ts'
import type { Account, Recorded } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import type { Call, Reply } from '../answers/call.ts'
import { envelopeOf, invalid, refuse, unauthorized } from '../answers/errors.ts'
import { localise } from '../answers/fill.ts'
import type { HeygenMatch, Row } from '../catalogue/catalogue.ts'
import { startJobs } from '../creations/start.ts'
import { generate } from '../creations/synchronous.ts'
import { serveUnlisted, UNLISTED } from '../creations/unlisted.ts'
import { readOne } from '../reads/details.ts'
import { isList, listRows } from '../reads/lists.ts'
import { addPublic } from '../resources/public.ts'
import { actOnSession, openSocket } from '../streaming/streaming.ts'
import { write } from '../writes/writes.ts'
import { withIdempotencyKey } from './idempotency.ts'
import { resolveOwners } from './owners.ts'
import { checkStrictly } from './strict.ts'
import { validateBody } from './validate.ts'

export type ServeInput = {
  recorded: Recorded
  state: State
  request: Request
  url: URL
  match: HeygenMatch
  text: string | undefined
}

export async function serve(input: ServeInput, account: Account): Promise<Response> {
  const { state, request, recorded, url, match, text } = input
  const { row } = match
  assertNotBlocked(row, account)
  assertScope(row, account)
  const call: Call = {
    state,
    row,
    name: rowName(row),
    account,
    params: match.params,
    query: url.searchParams,
    body: {},
    text: text ?? '',
    request,
    recorded,
    site: siteOf(state, url.origin),
    found: new Map(),
  }
  addPublic(state)
  call.body = readBody(call, text)
  if (row.kind === UNLISTED) return toResponse(call, await serveUnlisted(call))
  if (row.method === 'WSS') {
    resolveOwners(call)
    return openSocket(call)
  }
  const check = () => {
    checkStrictly(call)
    validateBody(row, call.body)
    resolveOwners(call)
  }
  return withIdempotencyKey(call, check, async () => {
    check()
    return toResponse(call, await answer(call))
  })
}

function answer(call: Call): Reply | Promise<Reply> {
  const { kind, method } = call.row
  if (isList(call.name)) return listRows(call)
  if (kind === 'creates-job') return startJobs(call)
  if (kind === 'sync-generation') return generate(call)
  if (kind === 'streaming-session' && method !== 'GET') return actOnSession(call)
  if (method === 'GET') return readOne(call)
  return write(call)
}

function readBody(call: Call, text: string | undefined): Doc {
  const { row } = call
  const takesJson = row.requestContentType === 'application/json'
  if (!takesJson || text === undefined) return {}
  // A call whose documented body is empty may come without a body.
  const mayBeEmpty = Object.keys((row.requestExample ?? {}) as object).length === 0
  if (text.trim() === '' && mayBeEmpty) return {}
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw invalid(envelopeOf(row), 'The body is not valid JSON.')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw invalid(envelopeOf(row), 'The body must be a JSON object.')
  }
  return body as Doc
}

/** The number is documented for the older families. That the newer ones have it as their code is a [guess]. */
function assertNotBlocked(row: Row, { blocked }: Account): void {
  if (!blocked) return
  const facts = { status: 403, number: 400631, code: '400631', message: 'User is blocked.' }
  throw refuse(envelopeOf(row), facts)
}

/** The names of scopes are not documented: the first path segment, with or without s, is a [guess]. */
function assertScope(row: Row, account: Account): void {
  if (!account.scopes || row.family !== 'v3' || row.path === '/v3/api_keys/self') return
  const segment = row.path === '/v3/users/me' ? 'account' : (row.path.split('/')[2] ?? '')
  const verb = row.method === 'GET' ? 'read' : 'write'
  const names = [segment, segment.replace(/s$/, ''), '*']
  if (
    account.scopes.some(
      (scope) => scope === '*:*' || names.some((name) => scope === `${name}:${verb}`)
    )
  )
    return
  const message = 'The API key lacks the scope for this operation.'
  throw refuse('v3', { status: 403, number: 403, code: 'insufficient_api_key_scope', message })
}

function toResponse(call: Call, { status, body, headers = {} }: Reply): Response {
  if (body instanceof Uint8Array || (typeof body === 'string' && headers['content-type'])) {
    return new Response(body as BodyInit, { status, headers })
  }
  return Response.json(localise(body, call.site), { status, headers })
}

export function unauthorizedFor(row: Row): Refusal {
  return unauthorized(envelopeOf(row))
}
