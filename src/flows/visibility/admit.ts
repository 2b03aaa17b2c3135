/**
 * Lets calls of an own token pass if all that they name may pass. Several calls are judged each by itself, but what must be asked is
 * asked once for all of them.
 */
import { mayPass, type Standing } from '#domain/visibility/may-pass.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { isMaking } from '#domain/visibility/passage.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import type { NamedId } from '#flows/routing/ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { PublicLists } from './public-ids.ts'
import { standingsOf, type Found } from './standing.ts'
import { strictIdsOf } from './strict-ids.ts'

type OwnCall = ProxyCall & { own: OwnScope }

const GRANTED = 'This token may use what was granted to it, and not change it.'

/** In their order: the call as it may run, or why it may not. All of them are of one token, and change something, or none does. */
export async function admitEach(
  ports: Ports,
  calls: readonly OwnCall[],
  ask: Ask,
  lists?: PublicLists
): Promise<(OwnCall | AppError)[]> {
  const [first] = calls
  if (!first) return []
  const named = calls.map((call) => namedIn(call))
  const judged = named.flatMap((ids) => (ids instanceof AppError ? [] : withKeys(first, ids)))
  const standings = await standingsOf(ports, first, judged, ask, lists)
  return calls.map((call, index) => admit(call, named[index] ?? [], standings))
}

/** The ids that are judged. */
function namedIn(call: OwnCall): NamedId[] | AppError {
  try {
    const all = strictIdsOf(call)
    if (call.match?.route.pool === 'split' && all.length === 0)
      return new AppError('bad_request', 'The call must name what it asks for.')
    return all.filter(({ ref }) => !isNameOfClient(call, ref))
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

/** The ids, and those inside of keys. */
function withKeys({ provider }: OwnCall, named: readonly NamedId[]): NamedId[] {
  const inside = named.flatMap(({ ref, id }) => {
    const found = provider.uploads?.idInKey?.(id)
    return found === undefined ? [] : [{ ref, id: found }]
  })
  return [...named, ...inside]
}

function isKnown(found: Found | undefined): boolean {
  return found === 'own' || found === 'granted' || found === 'public'
}

/** What a creation calls its job is the token's by its mark. */
function isNameOfClient({ provider, match }: OwnCall, ref: NamedId['ref']): boolean {
  return match?.route.kind === 'creates-job' && ref.resource === provider.names?.resource
}

function admit(
  call: OwnCall,
  named: readonly NamedId[] | AppError,
  standings: ReadonlyMap<string, Found>
): OwnCall | AppError {
  const route = call.match?.route
  if (named instanceof AppError) return named
  if (!route) return absent('thing')
  const known = new Map<string, Standing>()
  for (const { id } of named) {
    const inside = call.provider.uploads?.idInKey?.(id) ?? id
    // The key of an own picture need not have been in an answer: an older call's is made of the picture's id.
    const found = isKnown(standings.get(id)) ? standings.get(id) : standings.get(inside)
    if (found instanceof AppError) return found
    known.set(id, found ?? 'none')
  }
  const refusal = refusalOf(route.kind, named, known)
  if (refusal) return refusal
  const isAllOwn = named.length > 0 && named.every(({ id }) => known.get(id) === 'own')
  return { ...call, own: { ...call.own, isMaking: isMaking(route) || isAllOwn } }
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

export function absent(resource: string): AppError {
  const word = resource === 'any' ? 'thing' : resource.replaceAll('-', ' ')
  return new AppError('not_found', `There is no such ${word}.`)
}
