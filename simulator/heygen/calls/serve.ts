/** One call on the simulated HeyGen: who, what, allowed, then the row's own answer. */
import { findByKey, findByWebToken } from '../accounts/accounts.ts'
import type { State } from '../../state/state.ts'
import type { Account, Doc, Recorded, Resource } from '../../state/types.ts'
import type { Call, Reply } from '../answers/call.ts'
import { type Match, type OwnerId, type Row, rowName } from '../catalogue/catalogue.ts'
import { envelopeOf, invalid, notFound, Refusal, refuse, unauthorized } from '../answers/errors.ts'
import { localise } from '../answers/fill.ts'
import { replayed } from './idempotency.ts'
import { isList, listRows } from '../reads/lists.ts'
import { readOne } from '../reads/details.ts'
import {
  addPublic,
  belongsToOther,
  findResource,
  readPointer,
  splitIds,
  toId,
  toType,
} from '../resources/resources.ts'
import { startJobs } from '../creations/start.ts'
import { openSocket, stream } from '../streaming/streaming.ts'
import { generate } from '../creations/synchronous.ts'
import { serveUnlisted, UNLISTED } from '../creations/unlisted.ts'
import { validateBody } from './validate.ts'
import { write } from '../writes/writes.ts'

export type ServeInput = {
  recorded: Recorded
  state: State
  request: Request
  url: URL
  match: Match
  text: string | undefined
}

/** Finds the account of a call; undefined where the credential is missing or wrong. */
export function authenticate(
  state: State,
  request: Request,
  url: URL,
  row: Row
): Account | undefined {
  const bearer = /^bearer\s+(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const apiKey = request.headers.get('x-api-key')
  if (apiKey) return findByKey(state, apiKey)
  const sessionToken = url.searchParams.get('session_token') ?? bearer
  if (row.kind === 'streaming-session' && sessionToken) {
    const owner = findTokenOwner(state, sessionToken)
    if (owner) return owner
  }
  if (row.method === 'WSS' && row.path === '{realtime_endpoint}')
    return findSessionOwner(state, url)
  return bearer ? findByWebToken(state, bearer) : undefined
}

function findTokenOwner(state: State, token: string): Account | undefined {
  const found = state.resources
    .values()
    .find((each) => each.type === 'streaming-token' && each.id === token)
  return found && state.accounts.get(found.account)
}

/** The address of the realtime socket is its own credential. */
function findSessionOwner(state: State, url: URL): Account | undefined {
  const id = url.pathname.split('/').at(-1)
  const found = state.resources
    .values()
    .find((each) => each.type === 'streaming-session' && each.id === id)
  return found && state.accounts.get(found.account)
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
    origin: url.origin,
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
    validateBody(row, call.body)
    resolveOwners(call)
  }
  return replayed(call, check, async () => {
    check()
    return toResponse(call, await answer(call))
  })
}

function answer(call: Call): Reply | Promise<Reply> {
  const { kind, method } = call.row
  if (isList(call.name)) return listRows(call)
  if (kind === 'creates-job') return startJobs(call)
  if (kind === 'sync-generation') return generate(call)
  if (kind === 'streaming-session' && method !== 'GET') return stream(call)
  if (method === 'GET') return readOne(call)
  return write(call)
}

function readBody(call: Call, text: string | undefined): Doc {
  const { row } = call
  const takesJson = row.requestContentType === 'application/json'
  if (!takesJson || text === undefined) return {}
  // Calls whose documented body is empty may come without one.
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

/** Every id that the call names must be the account's own or public. */
function resolveOwners(call: Call): void {
  for (const owner of call.row.ownerIdIn) {
    if (call.row.path.endsWith('/statuses')) continue
    const type = toType(call.row, owner.resource)
    const ids = readIds(call, owner)
    if (owner.required && ids.length === 0) throw missing(call.row, owner)
    if (!type) continue
    for (const id of ids) {
      const found = assertOwn(call, type, id, owner)
      // A folder in the trash takes nothing in; nothing is made then.
      if (owner.in === 'body' && type === 'folder' && found.doc.is_trash === true) {
        throw notFound(call.row, type, 'body')
      }
      call.found.set(owner.in === 'body' ? (owner.pointer ?? owner.name) : owner.name, found)
    }
  }
}

function readIds(call: Call, owner: OwnerId): string[] {
  if (owner.in === 'path') return splitIds(owner, call.params[owner.name])
  if (owner.in === 'query') return splitIds(owner, call.query.get(owner.name) ?? undefined)
  return readPointer(call.body, owner.pointer).filter(
    (id) => typeof id === 'string' && id !== ''
  ) as string[]
}

function assertOwn(call: Call, type: string, id: string, owner: OwnerId): Resource {
  const found = findResource(call.state, call.account, type, id)
  if (found && (found.account !== '' || owner.mayBeShared || call.row.method === 'GET'))
    return found
  // Seen once: the details of a foreign avatar are forbidden rather than unknown.
  const forbidden = call.row.errorExamples.find((each) => each.status === 403)
  const isDetails = call.name === 'GET /v2/avatar/{avatar_id}/details'
  if (isDetails && forbidden && belongsToOther(call.state, call.account, type, toId(type, id))) {
    throw new Refusal(403, forbidden.body)
  }
  throw notFound(call.row, type, owner.in)
}

function missing(row: Row, owner: OwnerId): Refusal {
  const envelope = envelopeOf(row)
  if (envelope === 'v1') return new Refusal(400, { code: 400, message: 'Invlid parameters' })
  return invalid(envelope, `${owner.name} is required`, owner.name)
}

/** Resource names of scopes are not listed anywhere; the first path segment, with or without s, is taken [guess]. */
/** The number is documented of the older families; that newer ones show it in the place of their code is a [guess]. */
function assertNotBlocked(row: Row, { blocked }: Account): void {
  if (!blocked) return
  const facts = { status: 403, number: 400631, code: '400631', message: 'User is blocked.' }
  throw refuse(envelopeOf(row), facts)
}

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
  return Response.json(localise(body, call.origin), { status, headers })
}

export function unauthorizedFor(row: Row): Refusal {
  return unauthorized(envelopeOf(row))
}
