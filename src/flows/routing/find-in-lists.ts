/**
 * Finds the owners of many unknown ids of one resource. It reads each account's list of its own resources instead of each id.
 * The lists leave out public resources. If all lists were read to the end, an id in none of them is public or does not exist,
 * so any account can serve the call.
 */
import { textAt, textsAt, valueAt } from '#domain/text/json-pointer.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { OwnList } from '#providers/contract/provider.ts'
import { askAccounts, readCall, type Asked } from './ask-accounts.ts'
import { maySearch, type Search, type Wanted } from './id-search.ts'

/** From this many ids on, lists are read. Fewer ids are read one by one. */
const MANY = 6
const PAGES_MAX = 5

interface Found {
  found: Owner[]
  /** Ids whose owner is still unknown. */
  left: Wanted[]
}

export async function searchLists(
  ports: Ports,
  of: Search,
  wanted: readonly Wanted[]
): Promise<Found> {
  const result: Found = { found: [], left: [] }
  for (const some of byList(of, wanted).values()) {
    const { list, named } = some
    const isListed = list !== undefined && named.length >= MANY && maySearch(ports, of.call)
    const { found, left } = isListed
      ? await searchList(ports, of, list, named)
      : { found: [], left: named }
    result.found.push(...found)
    result.left.push(...left)
  }
  return result
}

interface Group {
  list: OwnList | undefined
  named: Wanted[]
}

function byList({ call }: Search, wanted: readonly Wanted[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const one of wanted) {
    const list = call.provider.routes.ownListOf?.(one.ref.resource)
    const name = list?.path ?? ''
    const group = groups.get(name) ?? { list, named: [] }
    group.named.push(one)
    groups.set(name, group)
  }
  return groups
}

async function searchList(
  ports: Ports,
  of: Search,
  list: OwnList,
  named: readonly Wanted[]
): Promise<Found> {
  const { pool } = of
  const { holders, isWhole } = await readLists(ports, of, list)
  const found = named.flatMap(({ id, ref }): Owner[] => {
    const emails = holders.get(id)
    if (!emails) return []
    const email = emails.size > 1 ? null : ([...emails][0] ?? null)
    return [{ id, email, source: 'listed', mayBeShared: ref.mayBeShared || email === null }]
  })
  const settled = new Set(found.map((owner) => owner.id))
  const left = named.filter(({ id }) => !settled.has(id))
  await ports.owners.learn(pool, found).catch(() => {})
  if (!isWhole) return { found, left }
  for (const { id, how } of left) ports.owners.markMissing(pool, [id], how.path)
  return { found, left: [] }
}

/** Reads every account's list page by page. `isWhole`: every list was read to its end. */
async function readLists(
  ports: Ports,
  { call, accounts, read }: Search,
  list: OwnList
): Promise<{ holders: Map<string, Set<string>>; isWhole: boolean }> {
  const holders = new Map<string, Set<string>>()
  let open = accounts.map((account) => ({ account, token: undefined as string | undefined }))
  let isWhole = true
  for (let page = 0; page < PAGES_MAX && open.length > 0; page += 1) {
    const asked = await askAccounts(
      ports,
      open.map(({ account }) => account),
      (_, index) => readCall(call.provider, call, { path: pathOf(list, open[index]?.token) }),
      read
    )
    for (const one of asked) addHolders(holders, list, one)
    isWhole &&= asked.every(({ answer }) => answer?.status === 200)
    open = asked.flatMap(({ account, answer }) => {
      const token = nextOf(list, answer?.json)
      return token === undefined ? [] : [{ account, token }]
    })
  }
  return { holders, isWhole: isWhole && open.length === 0 && list.showsAll }
}

function addHolders(
  holders: Map<string, Set<string>>,
  { rows }: OwnList,
  { account, answer }: Asked
): void {
  if (answer?.status !== 200) return
  for (const id of textsAt(answer.json, rows)) {
    holders.set(id, (holders.get(id) ?? new Set()).add(account.email))
  }
}

function pathOf({ path, token }: OwnList, value: string | undefined): string {
  return value === undefined ? path : `${path}&${token}=${encodeURIComponent(value)}`
}

function nextOf({ next, more }: OwnList, json: unknown): string | undefined {
  return valueAt(json, more) === false ? undefined : textAt(json, next)
}
