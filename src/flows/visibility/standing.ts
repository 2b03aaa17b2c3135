/**
 * Finds out what ids are to an own token: its own, granted, public, or nothing that it may know of. Many calls may be asked about at
 * once: what must be asked is asked once for all their ids.
 */
import type { Standing } from '#domain/visibility/may-pass.ts'
import { listOfJobs } from '#domain/visibility/own-list.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { shortId } from '#domain/jobs/fingerprint.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import { IDS_MAX, type NamedId } from '#flows/routing/ids-in-call.ts'
import { maySearch, tooManySearches } from '#flows/routing/id-search.ts'
import { isKnownOwn, learnIds, rememberOwn } from '#flows/routing/learn-ids.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { isKnownPublic, publicAmong, type PublicLists } from './public-ids.ts'

/** How long an id that is in no lease is not looked for again. */
const MISS_MS = 60_000
/** Of one question, so that a call with a thousand unknown ids does not fill this isolate's memory. */
const MISSES_KEPT = 30
/** What one question to the desk names. Together they are far below what a row or a value of its storage may have. */
const ASKED_AT_ONCE = 10_000

type OwnCall = ProxyCall & { own: OwnScope }

/** An error: what the id is could not be found out. */
export type Found = Standing | AppError

/** `call`: any of the calls that name these ids. They are of one token, and all change something, or none does. */
export async function standingsOf(
  ports: Ports,
  call: OwnCall,
  named: readonly NamedId[],
  ask: Ask,
  lists?: PublicLists
): Promise<Map<string, Found>> {
  const { own } = call
  const standings = new Map<string, Found>()
  const left = () => named.filter(({ id }) => !standings.has(id))
  const set = (ids: Iterable<string>, standing: Found) => {
    for (const id of ids) standings.set(id, standing)
  }
  const isChange = call.match?.route.kind === 'write-account'
  const isPublic = ({ ref, id }: NamedId) => ref.mayBeShared && isKnownPublic(ports, call, id)
  if (!isChange) set(unique(left().filter((one) => isPublic(one))), 'public')
  set(await madeWith(ports, call, unique(left())), 'own')
  const { idInKey = () => undefined } = call.provider.uploads ?? {}
  // A granted key is also the picture that it names, which a carried call names by its id.
  const grants = new Set(own.grants.flatMap((one) => [one, idInKey(one) ?? one]))
  set(
    unique(left()).filter((id) => grants.has(id)),
    'granted'
  )
  const shareable = left().filter(({ ref }) => ref.mayBeShared)
  if (!isChange) {
    const { ids, unsure } = await publicAmong(ports, call, shareable, ask, lists)
    set(ids, 'public')
    if (unsure)
      set(
        unique(shareable).filter((id) => !standings.has(id)),
        unsure
      )
  }
  for (const [id, standing] of await inLeases(ports, call, unique(left())))
    standings.set(id, standing)
  set(unique(left()), 'none')
  return standings
}

function unique(named: readonly NamedId[]): string[] {
  return [...new Set(named.map(({ id }) => id))]
}

async function madeWith(ports: Ports, call: OwnCall, ids: readonly string[]): Promise<string[]> {
  const { token } = call.own
  const known = ids.filter((id) => isKnownOwn(ports, call, token, id))
  const isKnown = new Set(known)
  const asked = ids.filter((id) => !isKnown.has(id))
  if (asked.length === 0) return known
  const short = new Map(asked.map((id) => [shortId(id), id]))
  const desk = ports.desk(call.tenant, call.provider.name)
  const names = [...short.keys()]
  const found: string[] = []
  for (let at = 0; at < names.length; at += ASKED_AT_ONCE)
    found.push(...(await desk.ownOf(token, names.slice(at, at + ASKED_AT_ONCE))))
  for (const id of found) rememberOwn(ports, call, token, id)
  return [...known, ...found.flatMap((id) => short.get(id) ?? [])]
}

/**
 * A job whose creation's answer was lost has no row at the desk, but its lease names the token. The same is asked for a foreign and
 * for an unknown id. However many ids there are, it is one search, and each account is asked once.
 */
async function inLeases(
  ports: Ports,
  call: OwnCall,
  ids: readonly string[]
): Promise<Map<string, Found>> {
  const standings = new Map<string, Found>()
  const missName = (id: string) =>
    `${call.tenant}/${call.provider.name}/not own/${call.own.token}/${shortId(id)}`
  const asked = ids.filter((id) => ports.memory.get(missName(id), ports.now()) !== true)
  if (asked.length === 0) return standings
  const looked = maySearch(ports, call) ? asked.slice(0, IDS_MAX) : []
  for (const id of asked.slice(looked.length)) standings.set(id, tooManySearches(ports, call))
  if (looked.length === 0) return standings
  const { found, isWhole } = await lookAtAccounts(ports, call, looked)
  const missed = looked.filter((id) => !found.has(id))
  for (const id of found) standings.set(id, 'own')
  if (!isWhole) for (const id of missed) standings.set(id, unreachable())
  else
    for (const id of missed.slice(0, MISSES_KEPT))
      ports.memory.set(missName(id), true, ports.now() + MISS_MS)
  return standings
}

async function lookAtAccounts(
  ports: Ports,
  call: OwnCall,
  ids: string[]
): Promise<{ found: Set<string>; isWhole: boolean }> {
  const { tenant, provider, own } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const query = { tenant, ownToken: own.token, jobIds: ids, limit: ids.length }
  const asked = await askReachable(ports, accounts, ({ key }) => ports.slots(key).listJobs(query))
  const wanted = new Set(ids)
  const owners = asked.answers.flatMap(({ item, answer }) =>
    answer.jobs.flatMap(({ lease: { state, jobId, ownToken, route } }) => {
      // A suspected job may be another's. An object of an older release returns those of other tokens, too.
      const isOwn = ownToken === own.token && state !== 'suspect'
      if (!isOwn || jobId === undefined || !wanted.has(jobId)) return []
      const rest = { source: 'created', mayBeShared: false } as const
      const list = listOfJobs(provider.routes.table, route)
      return [{ id: jobId, email: item.email, ...rest, own: { token: own.token, list } }]
    })
  )
  if (owners.length > 0) await learnIds(ports, call, owners)
  return { found: new Set(owners.map(({ id }) => id)), isWhole: asked.missing.length === 0 }
}

function unreachable(): AppError {
  const message = 'Whether this token made what the call names could not be asked just now.'
  return new AppError('account_unavailable', message, { retryAfterSeconds: 5, isNameless: true })
}
