/**
 * Who owns the ids of a call: what is remembered, else every account is asked once, side by side. An id at two accounts
 * is public. With one account there is nothing to find out.
 */
import type { Account } from '#domain/account.ts'
import { AppError } from '#domain/errors.ts'
import { textsAt, valueAt } from '#domain/json-pointer.ts'
import type { Owner, OwnerPool, Ports } from '#domain/ports.ts'
import type { IdRef, IdSearch } from '#providers/provider.ts'
import { askAccounts, readCall, ReadTogether, type Asked } from './ask-accounts.ts'
import type { ProxyCall } from './proxy-call.ts'

/** Searches at once in one isolate and tenant. */
const SEARCHES_MAX = 10
/** Ids of one call that are looked for. */
const IDS_MAX = 50

export interface NamedId {
  ref: IdRef
  id: string
}

/** `read`: all searches of one call have one deadline. */
type Wanted = NamedId & { how: IdSearch; read: ReadTogether }

export function poolOf(tenant: string, provider: string, accounts: readonly Account[]): OwnerPool {
  const newest = Math.max(0, ...accounts.map((account) => account.createdAt))
  return { tenant, provider, epoch: `${accounts.length}-${newest}` }
}

export async function findOwners(
  ports: Ports,
  call: ProxyCall,
  accounts: readonly Account[],
  ids: readonly NamedId[]
): Promise<Owner[]> {
  if (accounts.length < 2 || ids.length === 0) return []
  const pool = poolOf(call.tenant, call.provider.name, accounts)
  const known = await ports.owners.find(
    pool,
    ids.map(({ id }) => id)
  )
  const emails = new Set(accounts.map((account) => account.email))
  const useful = known.filter((owner) => owner.email === null || emails.has(owner.email))
  const unknown = ids.filter(({ id }) => !useful.some((owner) => owner.id === id))
  const found = await search(ports, call, pool, accounts, unknown)
  return [...useful, ...found]
}

async function search(
  ports: Ports,
  call: ProxyCall,
  pool: OwnerPool,
  accounts: readonly Account[],
  ids: readonly NamedId[]
): Promise<Owner[]> {
  const wanted = ids.flatMap((named) => {
    const how = searchOf(call, named)
    return how && !ports.owners.isMissing(pool, named.id) ? [{ ...named, how }] : []
  })
  if (wanted.length === 0) return []
  if (wanted.length > IDS_MAX) {
    throw new AppError(
      'bad_request',
      `This call names ${wanted.length} ids that are not known; ${IDS_MAX} can be looked for at once.`
    )
  }
  const results: Owner[] = []
  const read = new ReadTogether(ports)
  for (const one of wanted) {
    results.push(...(await searchOnce(ports, call, pool, accounts, { ...one, read })))
  }
  return results
}

function searchOf({ match, provider }: ProxyCall, { ref, id }: NamedId): IdSearch | undefined {
  if (!match) return undefined
  const { search } = match.added ?? {}
  const isOwn = ref.in === 'path' && search?.at === ref.at
  const own = isOwn ? { path: search.path.replace('{id}', encodeURIComponent(id)) } : undefined
  return own ?? provider.searchFor(match, ref, id)
}

/** One search for an id however many calls name it: whoever had to wait finds it known. */
function searchOnce(
  ports: Ports,
  call: ProxyCall,
  pool: OwnerPool,
  accounts: readonly Account[],
  wanted: Wanted
): Promise<Owner[]> {
  return ports.searches.run(`${call.tenant} ${wanted.id}`, 1, async () => {
    const known = await ports.owners.find(pool, [wanted.id])
    if (known.length > 0 || ports.owners.isMissing(pool, wanted.id)) return known
    return ports.searches.run(call.tenant, SEARCHES_MAX, () =>
      searchOne(ports, call, pool, accounts, wanted)
    )
  })
}

async function searchOne(
  ports: Ports,
  call: ProxyCall,
  pool: OwnerPool,
  accounts: readonly Account[],
  { ref, id, how, read }: Wanted
): Promise<Owner[]> {
  const looks = accounts.flatMap((account) => looksOn(call, account, how))
  const asked = await askAccounts(
    ports,
    looks.map(({ account }) => account),
    (_, index) => readCall(call.provider, call, looks[index]?.how ?? how),
    read
  )
  const shown = asked.filter((one, index) => has(one, looks[index]?.how ?? how, id))
  const holders = accounts.filter((account) => shown.some((one) => one.account === account))
  const isCertain = asked.every((one, index) => saysSomething(one, looks[index]?.how ?? how))
  const [holder] = holders
  const rest = { id, source: 'found', mayBeShared: ref.mayBeShared } as const
  const found: Owner[] = []
  if (holders.length > 1) found.push({ ...rest, email: null, mayBeShared: true })
  else if (holder) found.push({ ...rest, email: holder.email })
  else if (isCertain) ports.owners.noteMissing(pool, [id])
  // What only one account of several could show may be public all the same: good for this call, not for the next.
  if (isCertain || !ref.mayBeShared) await ports.owners.learn(pool, found)
  return found
}

/** What an account's credential can be asked. */
function looksOn(
  { provider }: ProxyCall,
  account: Account,
  how: IdSearch
): { account: Account; how: IdSearch }[] {
  const isAble = provider.missingFor?.(account, how.path) === undefined
  const { otherwise } = how
  return isAble || !otherwise ? [{ account, how }] : otherwise.map((one) => ({ account, how: one }))
}

/** Refused, overloaded or unreachable accounts say nothing about an id, nor do paths that are no longer there. */
function saysSomething({ answer, order }: Asked, how: IdSearch): boolean {
  if (answer === undefined || order !== undefined || answer.response.status >= 500) return false
  return how.mayBeRetired !== true || ![404, 410].includes(answer.response.status)
}

function has({ answer }: Asked, how: IdSearch, id: string): boolean {
  if (!answer || answer.response.status !== 200) return false
  if (how.rows !== undefined) return textsAt(answer.json, how.rows).includes(id)
  const status = valueAt(answer.json, '/data/status')
  return (
    valueAt(answer.json, '/data') !== undefined &&
    valueAt(answer.json, '/data') !== null &&
    status !== 'not_found'
  )
}
