/**
 * The gate in front of the flows, for own tokens: tokens with `sees: own` (docs/rfc/0010-sees-own.md). It comes before keys, repeats
 * and accounts, so nothing of a call that may not pass is read, kept or sent. Calls that the gateway makes of a call pass it again.
 */
import { detailOf } from '#domain/visibility/own-list.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { passageOf, type Passage } from '#domain/visibility/passage.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { withPlainLists } from '#flows/routing/ids-in-call.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readWhole } from '#flows/upstream/read-call.ts'
import { absent, admitEach } from './admit.ts'
import { ownList } from './own-list.ts'
import { namedForms, withoutMarks } from './own-names.ts'
import type { PublicLists } from './public-ids.ts'

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

export async function serveOwn(ports: Ports, call: OwnCall, ways: Ways): Promise<ProxyAnswer> {
  return withoutMarks(call, await answer(ports, call, ways))
}

async function answer(ports: Ports, sent: OwnCall, ways: Ways): Promise<ProxyAnswer> {
  const { token, grants } = sent.own
  const call = { ...withPlainLists(sent), own: { token, grants } }
  const passage = passageFor(call)
  const refusal = refusalOfRow(call, passage)
  if (refusal) throw refusal
  if (passage === 'usual' || passage === 'endpoints') return ways.run(ports, call)
  const { match, provider } = call
  const route = match?.route
  const shape = route && provider.lists.shapeOf(route)
  if (!route) throw new Error('a call without a row')
  // An older list is made of newer calls, which pass this gate themselves.
  if (shape && provider.legacy?.rowOf(route)) {
    return ways.run(ports, { ...call, own: { ...call.own, isCarriedOnly: true } })
  }
  if (passage === 'list' && shape)
    return ways.named(ports, call, await ownList(ports, call, shape, ways.ask))
  if (passage !== 'ids') throw new AppError('forbidden', WHOLE)
  return ways.run(ports, await admitted(ports, call, ways.ask))
}

/** Why no call of the row passes, whatever it names. */
function refusalOfRow({ match, provider }: OwnCall, passage: Passage): AppError | undefined {
  if (passage === 'absent') return new AppError('not_found', 'There is no such path.')
  if (passage !== 'closed' || !match) return undefined
  return new AppError('forbidden', provider.routes.closedToOwn?.(match.route) ?? WHOLE)
}

/**
 * Creations that come together, each as if it came alone: in the form in which it may pass, or why it may not. Of what is no creation
 * only the row is looked at.
 */
export async function admitCreations(
  ports: Ports,
  sent: readonly OwnCall[],
  ask: Ask,
  lists: PublicLists
): Promise<(OwnCall | AppError)[]> {
  const calls = sent.map((call): OwnCall | AppError => {
    const passage = passageFor(call)
    const refusal = refusalOfRow(call, passage)
    if (refusal || !isCreation(call)) return refusal ?? call
    return passage === 'ids' ? (namedForms(call)[0] ?? call) : new AppError('forbidden', WHOLE)
  })
  const asked = calls.flatMap((call) =>
    call instanceof AppError || !isCreation(call) ? [] : [call]
  )
  const answers = await admitEach(ports, asked, ask, lists)
  const admitted = new Map(asked.map((call, index) => [call, answers[index] ?? absent('thing')]))
  return calls.map((call) => (call instanceof AppError ? call : (admitted.get(call) ?? call)))
}

function isCreation({ match }: OwnCall): boolean {
  return match?.route.kind === 'creates-job'
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
    const [found] = await admitEach(ports, [form], ask)
    if (found && !(found instanceof AppError)) return found
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
  if (!isJson) return { ...read, own: call.own }
  // Called a form, the same bytes may name other things.
  const asRead = new Headers(headers)
  asRead.set('content-type', 'application/json')
  return { ...read, headers: asRead, own: call.own }
}
