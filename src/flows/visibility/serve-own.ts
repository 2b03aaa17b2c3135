/**
 * The gate in front of the flows, for own tokens: tokens with `sees: own` (docs/rfc/0010-sees-own.md). It comes before keys, repeats
 * and accounts, so nothing of a call that may not pass is read, kept or sent. Calls that the gateway makes of a call pass it again.
 */
import { detailOf } from '#domain/visibility/own-list.ts'
import { mayPass, type Standing } from '#domain/visibility/may-pass.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { isMaking, passageOf, type Passage } from '#domain/visibility/passage.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { withPlainLists, type NamedId } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readWhole } from '#flows/upstream/read-call.ts'
import { ownList } from './own-list.ts'
import { namedForms, withoutMarks } from './own-names.ts'
import { standingsOf } from './standing.ts'
import { strictIdsOf } from './strict-ids.ts'

type OwnCall = ProxyCall & { own: OwnScope }

/**
 * `run`: what is done for any call. `ask`: the gateway's entry for any call, this gate included. `named`: puts names of queued
 * creations into a list.
 */
interface Ways {
  run: Ask
  ask: Ask
  named(ports: Ports, call: ProxyCall, answer: ProxyAnswer): Promise<ProxyAnswer>
}

const WHOLE = 'This is about whole accounts, and this token sees only its own.'
const GRANTED = 'This token may use what was granted to it, and not change it.'

export async function serveOwn(ports: Ports, call: OwnCall, ways: Ways): Promise<ProxyAnswer> {
  return withoutMarks(call, await answer(ports, call, ways))
}

async function answer(ports: Ports, sent: OwnCall, ways: Ways): Promise<ProxyAnswer> {
  const { token, grants } = sent.own
  const call = { ...withPlainLists(sent), own: { token, grants } }
  const passage = passageFor(call)
  if (passage === 'absent') throw new AppError('not_found', 'There is no such path.')
  if (passage === 'usual' || passage === 'endpoints') return ways.run(ports, call)
  const { match, provider } = call
  const route = match?.route
  const shape = route && provider.lists.shapeOf(route)
  if (!route) throw new Error('a call without a row')
  if (passage === 'closed') {
    throw new AppError('forbidden', provider.routes.closedToOwn?.(route) ?? WHOLE)
  }
  // An older list is made of newer calls, which pass this gate themselves.
  if (shape && provider.legacy?.rowOf(route)) {
    return ways.run(ports, { ...call, own: { ...call.own, isCarriedOnly: true } })
  }
  if (passage === 'list' && shape)
    return ways.named(ports, call, await ownList(ports, call, shape, ways.ask))
  if (passage !== 'ids') throw new AppError('forbidden', WHOLE)
  return ways.run(ports, await admitted(ports, call, ways.ask))
}

function passageFor({ match, provider }: OwnCall): Passage {
  const route = match?.route
  return passageOf(route, {
    isAdded: match?.added !== undefined,
    isClosed: route !== undefined && provider.routes.closedToOwn?.(route) !== undefined,
    isListed: route !== undefined && provider.lists.shapeOf(route) !== undefined,
    isListable: route !== undefined && detailOf(provider.routes.table, route) !== undefined,
  })
}

/** The call in the form in which it may pass. Throws if it has none. */
async function admitted(ports: Ports, sent: OwnCall, ask: Ask): Promise<OwnCall> {
  const call = await withReadBody(sent)
  let refusal: AppError | undefined
  for (const form of namedForms(call)) {
    const found = await admit(ports, form, ask)
    if (!(found instanceof AppError)) return found
    refusal = found
  }
  throw refusal ?? absent('thing')
}

/** A body must be JSON, because nothing else is read for ids, or a file for an upload. A DELETE has no body, as its row says. */
async function withReadBody(call: OwnCall): Promise<OwnCall> {
  const { method, match, headers } = call
  if (method === 'DELETE') return { ...call, body: null }
  const isFile = !/json/i.test(headers.get('content-type') ?? '')
  if (call.body === null || (isFile && match?.route.pool === 'roomy')) return call
  const read = await readWhole(call)
  const isJson = typeof read.json === 'object' && read.json !== null && !Array.isArray(read.json)
  if (read.body?.byteLength && !isJson)
    throw new AppError('bad_request', 'The body must be a JSON object.')
  return { ...read, own: call.own }
}

async function admit(ports: Ports, call: OwnCall, ask: Ask): Promise<OwnCall | AppError> {
  const route = call.match?.route
  if (!route) return absent('thing')
  const all = strictIdsOf(call)
  const named = all.filter(({ ref }) => !isNameOfClient(call, ref))
  if (route.pool === 'split' && all.length === 0)
    return new AppError('bad_request', 'The call must name what it asks for.')
  const standings = await standingsOf(ports, call, named, ask)
  const refusal = refusalOf(route.kind, named, standings)
  if (refusal) return refusal
  const isAllOwn = named.every(({ id }) => standings.get(id) === 'own')
  return { ...call, own: { ...call.own, isMaking: isMaking(route) || isAllOwn } }
}

/** What a creation calls its job is the token's by its mark. */
function isNameOfClient({ provider, match }: OwnCall, ref: NamedId['ref']): boolean {
  return match?.route.kind === 'creates-job' && ref.resource === provider.names?.resource
}

function refusalOf(
  kind: string,
  named: readonly NamedId[],
  standings: ReadonlyMap<string, Standing>
): AppError | undefined {
  const judged = named.map(({ ref, id }) => ({
    ref,
    passage: mayPass(kind, ref, standings.get(id) ?? 'none'),
  }))
  const first = judged.find(({ passage }) => passage === 'absent')
  if (first) return absent(first.ref.resource)
  const isGranted = judged.some(({ passage }) => passage === 'granted')
  return isGranted ? new AppError('forbidden', GRANTED) : undefined
}

function absent(resource: string): AppError {
  return new AppError('not_found', `There is no such ${resource.replaceAll('-', ' ')}.`)
}
