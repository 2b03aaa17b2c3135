/**
 * Finds queued creations by the names that clients have for their jobs. TenantDesk keeps them. An isolate caches what has begun,
 * which does not change, and what waits for a few seconds. So many polls cost the desk little.
 */
import { shortId } from '#domain/jobs/fingerprint.ts'
import type { Desk } from '#domain/ports/desk.ts'
import type { ItemStore } from '#domain/ports/ports.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { isUnstarted, shownFor } from '#domain/line/shown.ts'
import type { OwnerPool } from '#domain/routing/owner.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import { Cached } from './cached.ts'
import { keepOwner, type OwnerCache } from './owners.ts'

/** How long the desk is not asked again about a name that is no item. */
const MISS_MS = 60_000
/** A job keeps its name. */
const NAMED_MS = 3_600_000
const BOUNDS = {
  entries: 20_000,
  chars: 8_000_000,
  weigh: (shown: ItemShown | null) => (shown ? 300 + (shown.refusal ?? '').length : 0),
}

/** null: the name is no item. */
type ItemCache = Cached<ItemShown | null>

export function makeItemCache(now: () => number): ItemCache {
  return new Cached<ItemShown | null>(MISS_MS, BOUNDS, now)
}

/** null: the job has no name of ours. */
type NameCache = Cached<string | null>

export function makeNameCache(now: () => number): NameCache {
  const bounds = { entries: 20_000, chars: 2_000_000, weigh: () => 100 }
  return new Cached<string | null>(MISS_MS, bounds, now)
}

interface Around {
  names: NameCache
  owners: OwnerCache
  desk(tenant: string, provider: string): Desk
  now(): number
  durations: Durations
}

export function makeItemStore(cache: ItemCache, around: Around): ItemStore {
  return {
    async find(pool, names) {
      const seen = names.map((name) => cache.peek(keyOf(pool, name)))
      const asked = names.filter((_, index) => seen[index] === undefined)
      const found = asked.length === 0 ? [] : await ask(around, pool, asked)
      for (const name of asked) {
        const shown = found.find((one) => isCalled(one, name)) ?? null
        cache.put(keyOf(pool, name), shown, keptFor(around, name, shown))
      }
      for (const shown of found) keepOwners(around.owners, pool, shown)
      return [
        ...new Set([...seen.filter((shown) => shown !== null && shown !== undefined), ...found]),
      ]
    },
    async namesOf(pool, ids) {
      const names = around.names
      const asked = ids.filter((id) => names.peek(keyOf(pool, id)) === undefined)
      if (asked.length > 0) {
        const told = await askNames(around, pool, asked.map(shortId))
        for (const id of asked) {
          const name = told.get(shortId(id))
          // A job that nobody knows yet may get its name in a moment.
          names.put(keyOf(pool, id), name ?? null, name === undefined ? MISS_MS : NAMED_MS)
        }
      }
      return new Map(
        ids.flatMap((id): [string, string][] => {
          const name = names.peek(keyOf(pool, id))
          return typeof name === 'string' ? [[id, name]] : []
        })
      )
    },
    forget(pool, names) {
      for (const name of names) cache.delete(keyOf(pool, name))
    },
  }
}

/** A client's own name is free again when its item has ended without a start, so another isolate may have given it to another item. */
function keptFor({ now, durations }: Around, name: string, shown: ItemShown | null): number {
  if (!shown) return MISS_MS
  const isFree = name.startsWith('task:') && isUnstarted(shown)
  return isFree ? durations.shownShortMs : shownFor(shown, now(), durations)
}

/** `task:` stands before the client's own name for a job. */
function isCalled({ item, names, taskName }: ItemShown, name: string): boolean {
  return item === name || names.includes(name) || `task:${taskName}` === name
}

async function ask(around: Around, pool: OwnerPool, names: string[]): Promise<ItemShown[]> {
  try {
    return await around.desk(pool.tenant, pool.provider).itemsOf(names)
  } catch (error) {
    if (lacksMethod(error)) return []
    throw error
  }
}

async function askNames(
  around: Around,
  pool: OwnerPool,
  ids: string[]
): Promise<ReadonlyMap<string, string>> {
  try {
    const told = await around.desk(pool.tenant, pool.provider).namesOf(ids)
    return new Map(told.map(({ id, name }) => [id, name]))
  } catch (error) {
    if (lacksMethod(error)) return new Map()
    throw error
  }
}

/** The desk tells the account beside the item, so that it is not asked again for the owner of the job. */
function keepOwners(
  owners: OwnerCache,
  pool: OwnerPool,
  { owner, taskName, jobIds = [] }: ItemShown
): void {
  if (!owner) return
  if (taskName !== undefined) keepOwner(owners, pool, { ...owner, id: taskName })
  for (const id of jobIds.filter((one) => one !== ''))
    keepOwner(owners, pool, { ...owner, id: shortId(id) })
}

function keyOf({ tenant, provider }: Pick<OwnerPool, 'tenant' | 'provider'>, name: string): string {
  return `${tenant}/${provider}/${name}`
}
