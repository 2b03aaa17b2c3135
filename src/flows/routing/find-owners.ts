/**
 * Finds the accounts that own the ids of a call. Known owners are read from the owner book. For other ids all accounts are
 * asked once, at the same time, until two accounts have shown the id: then it is public. The number of searches is limited.
 * Beyond the limit only known owners are used.
 */
import type { Account } from '#domain/accounts/account.ts'
import { textsAt, valueAt } from '#domain/text/json-pointer.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner, OwnerPool } from '#domain/routing/owner.ts'
import type { IdSearch } from '#providers/contract/provider.ts'
import { askAccounts, readCall, ReadTogether, type Asked } from './ask-accounts.ts'
import { searchLists } from './find-in-lists.ts'
import { maySearch, tooManySearches, type Search, type Wanted } from './id-search.ts'
import type { NamedId } from './ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** Searches at the same time, for one tenant in one isolate. */
const SEARCHES_MAX = 10
/** An id that so many accounts show is public, whatever the others say. They are not asked. */
const HOLDERS_OF_PUBLIC = 2
/** Limits for one call: ids searched one by one, and requests to accounts for them. */
const IDS_MAX = 50
const QUESTIONS_MAX = 200

export function poolOf(tenant: string, provider: string, accounts: readonly Account[]): OwnerPool {
  const newest = Math.max(0, ...accounts.map((account) => account.createdAt))
  return { tenant, provider, epoch: `${accounts.length}-${newest}` }
}

export async function findOwners(
  ports: Ports,
  call: ProxyCall,
  accounts: readonly Account[],
  all: readonly NamedId[]
): Promise<Owner[]> {
  // A job that has not begun has no account yet.
  const ids = all.filter(({ id }) => call.named?.some(({ name }) => name === id) !== true)
  if (accounts.length < 2 || ids.length === 0) return []
  const pool = poolOf(call.tenant, call.provider.name, accounts)
  const known = await ports.owners.find(
    pool,
    ids.map(({ id }) => id)
  )
  const emails = new Set(accounts.map((account) => account.email))
  const useful = known.filter((owner) => owner.email === null || emails.has(owner.email))
  const settled = new Set(useful.map((owner) => owner.id))
  const unknown = ids.filter(({ id }) => !settled.has(id))
  const found = await search(
    ports,
    { call, pool, accounts, read: new ReadTogether(ports, { isSearch: true }) },
    unknown
  )
  return [...useful, ...found]
}

async function search(ports: Ports, of: Search, ids: readonly NamedId[]): Promise<Owner[]> {
  const { call, pool, accounts } = of
  const wanted = ids.flatMap((named) => {
    const how = searchOf(call, named)
    return how && !ports.owners.isMissing(pool, named.id, how.path) ? [{ ...named, how }] : []
  })
  if (wanted.length === 0) return []
  const { found, left } = await searchLists(ports, of, wanted)
  const most = Math.max(1, Math.min(IDS_MAX, Math.floor(QUESTIONS_MAX / accounts.length)))
  for (const one of left.slice(0, most)) found.push(...(await searchOnce(ports, of, one)))
  return found
}

function searchOf({ match, provider }: ProxyCall, { ref, id }: NamedId): IdSearch | undefined {
  // Dots would change the path of the search, and half a character cannot stand in one.
  if (!match || /^\.+$/.test(id) || !id.isWellFormed()) return undefined
  const { search } = match.added ?? {}
  const isOwn = ref.in === 'path' && search?.at === ref.at
  const own = isOwn ? { path: search.path.replace('{id}', encodeURIComponent(id)) } : undefined
  return own ?? provider.routes.searchFor(match, ref, id)
}

/** Runs one search for calls that name the same id: later calls wait, and then find the owner in the book. */
function searchOnce(ports: Ports, of: Search, wanted: Wanted): Promise<Owner[]> {
  const { call, pool } = of
  return ports.searches.run(`${call.tenant} ${wanted.id}`, 1, async () => {
    const known = await ports.owners.find(pool, [wanted.id])
    if (known.length > 0 || ports.owners.isMissing(pool, wanted.id, wanted.how.path)) return known
    if (!maySearch(ports, call)) {
      // The id in the path decides the account. On any other account the provider would answer that it does not exist.
      if (wanted.ref.in === 'path') throw tooManySearches(ports, call)
      return []
    }
    return ports.searches.run(call.tenant, SEARCHES_MAX, () => searchOne(ports, of, wanted))
  })
}

async function searchOne(
  ports: Ports,
  { call, pool, accounts, read }: Search,
  { ref, id, how }: Wanted
): Promise<Owner[]> {
  const looks = accounts.flatMap((account) => looksOn(call, account, how))
  const holders = new Set<Account>()
  const asked = await askAccounts(
    ports,
    looks.map(({ account }) => account),
    (_, index) => readCall(call.provider, call, looks[index]?.how ?? how),
    read,
    (one, index) => {
      if (has(one, looks[index]?.how ?? how, id)) holders.add(one.account)
      return holders.size >= HOLDERS_OF_PUBLIC
    }
  )
  const isPublic = holders.size >= HOLDERS_OF_PUBLIC
  const says = asked.map((one, index) => saysSomething(one, looks[index]?.how ?? how))
  const isCertain = isPublic || says.every(Boolean)
  const [holder] = holders
  const isLikeness = call.provider.uploads?.isLikenessId(ref) === true
  const mark = isLikeness ? { isLikeness } : {}
  const rest = { id, source: 'found', mayBeShared: ref.mayBeShared, ...mark } as const
  const found: Owner[] = []
  if (isPublic) found.push({ ...rest, email: null, mayBeShared: true })
  else if (holder) found.push({ ...rest, email: holder.email })
  else if (isCertain) ports.owners.markMissing(pool, [id], how.path)
  else {
    // If one account alone failed, that account has the id, or nobody has. One that hangs would hang again.
    const unsure = asked.filter((_, at) => !says[at])
    const [only, ...others] = new Set(unsure.map(({ account }) => account))
    const isFailure = others.length === 0 && unsure.every(hasFailed) && says.includes(true)
    if (only && isFailure && isAble(call, only, call.path)) return [{ ...rest, email: only.email }]
  }
  // If one account showed the id and others could not be asked, the id may be public. The owner is used, but not recorded.
  if (isCertain || !ref.mayBeShared) await ports.owners.learn(pool, found)
  return found
}

/** The searches that the account's kind of credential can make. */
function looksOn(
  call: ProxyCall,
  account: Account,
  how: IdSearch
): { account: Account; how: IdSearch }[] {
  const { otherwise } = how
  if (isAble(call, account, how.path) || !otherwise) return [{ account, how }]
  return otherwise.map((one) => ({ account, how: one }))
}

function isAble({ provider }: ProxyCall, account: Account, path: string): boolean {
  return provider.accounts.missingFor?.(account, path) === undefined
}

/** False when the answer proves nothing about the id: the account refused, failed or was unreachable, or the path is retired. */
function saysSomething({ answer, fault }: Asked, how: IdSearch): boolean {
  if (answer === undefined || fault !== undefined || answer.status >= 500) return false
  return how.mayBeRetired !== true || ![404, 410].includes(answer.status)
}

/** Whether the account may answer the next time: it could not be reached, or answered with an error of its own. */
function hasFailed({ answer, fault, parking, isLate }: Asked): boolean {
  if (fault || parking || isLate) return false
  return answer === undefined || answer.status >= 500
}

function has({ answer }: Asked, how: IdSearch, id: string): boolean {
  if (!answer || answer.status !== 200) return false
  if (how.rows !== undefined) return textsAt(answer.json, how.rows).includes(id)
  const status = valueAt(answer.json, '/data/status')
  return (
    valueAt(answer.json, '/data') !== undefined &&
    valueAt(answer.json, '/data') !== null &&
    status !== 'not_found'
  )
}
