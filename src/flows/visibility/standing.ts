/** Finds out what ids are to an own token: its own, granted, public, or nothing that it may know of. */
import type { Standing } from '#domain/visibility/may-pass.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { shortId } from '#domain/jobs/fingerprint.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import type { NamedId } from '#flows/routing/ids-in-call.ts'
import { maySearch, tooManySearches } from '#flows/routing/id-search.ts'
import { asOwn, isKnownOwn, learnIds, rememberOwn } from '#flows/routing/learn-ids.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { Ask } from '#flows/legacy/newer-call.ts'
import { isKnownPublic, publicAmong } from './public-ids.ts'

/** How long an id that is in no lease is not looked for again. */
const MISS_MS = 60_000

export async function standingsOf(
  ports: Ports,
  call: ProxyCall & { own: OwnScope },
  named: readonly NamedId[],
  ask: Ask
): Promise<Map<string, Standing>> {
  const { own } = call
  const standings = new Map<string, Standing>()
  const left = () => named.filter(({ id }) => !standings.has(id))
  const set = (ids: Iterable<string>, standing: Standing) => {
    for (const id of ids) standings.set(id, standing)
  }
  const isChange = call.match?.route.kind === 'write-account'
  const isPublic = ({ ref, id }: NamedId) => ref.mayBeShared && isKnownPublic(ports, call, id)
  if (!isChange) set(unique(left().filter((one) => isPublic(one))), 'public')
  set(await madeWith(ports, call, unique(left())), 'own')
  set(
    unique(left()).filter((id) => own.grants.includes(id)),
    'granted'
  )
  const shareable = left().filter(({ ref }) => ref.mayBeShared)
  if (!isChange) set(await publicAmong(ports, call, shareable, ask), 'public')
  set(await foundInLeases(ports, call, unique(left())), 'own')
  set(unique(left()), 'none')
  return standings
}

function unique(named: readonly NamedId[]): string[] {
  return [...new Set(named.map(({ id }) => id))]
}

async function madeWith(
  ports: Ports,
  call: ProxyCall & { own: OwnScope },
  ids: readonly string[]
): Promise<string[]> {
  const { token } = call.own
  const known = ids.filter((id) => isKnownOwn(ports, call, token, id))
  const asked = ids.filter((id) => !known.includes(id))
  if (asked.length === 0) return known
  const short = new Map(asked.map((id) => [shortId(id), id]))
  const desk = ports.desk(call.tenant, call.provider.name)
  const found = await desk.ownOf(token, [...short.keys()])
  for (const id of found) rememberOwn(ports, call, token, id)
  return [...known, ...found.flatMap((id) => short.get(id) ?? [])]
}

/**
 * A job whose creation's answer was lost has no row at the desk, but its lease names the token. The same is asked for a foreign and
 * for an unknown id.
 */
async function foundInLeases(
  ports: Ports,
  call: ProxyCall & { own: OwnScope },
  ids: readonly string[]
): Promise<string[]> {
  const found: string[] = []
  for (const id of ids) {
    const name = `${call.tenant}/${call.provider.name}/not own/${call.own.token}/${shortId(id)}`
    if (ports.memory.get(name, ports.now()) === true) continue
    if (!maySearch(ports, call)) throw tooManySearches(ports, call)
    if (await isInLease(ports, call, id)) found.push(id)
    else ports.memory.set(name, true, ports.now() + MISS_MS)
  }
  return found
}

async function isInLease(
  ports: Ports,
  call: ProxyCall & { own: OwnScope },
  jobId: string
): Promise<boolean> {
  const { tenant, provider, own } = call
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const asked = await askReachable(ports, accounts, ({ key }) =>
    ports.slots(key).findJob(tenant, { jobId })
  )
  const holder = asked.answers.find(({ answer }) => answer?.lease.ownToken === own.token)
  if (!holder) {
    if (asked.missing.length > 0) throw unreachable()
    return false
  }
  // A suspected job may be another's.
  if (holder.answer?.lease.state === 'suspect' || holder.answer?.lease.jobId !== jobId) return false
  const owner = {
    id: jobId,
    email: holder.item.email,
    source: 'created',
    mayBeShared: false,
  } as const
  await learnIds(ports, call, asOwn({ ...call, own: { ...own, isMaking: true } }, [owner]))
  return true
}

function unreachable(): AppError {
  const message = 'Whether this token made what the call names could not be asked just now.'
  return new AppError('account_unavailable', message, { retryAfterSeconds: 5, isNameless: true })
}
