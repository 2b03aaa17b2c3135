/**
 * Finds which account an id belongs to. TenantDesk keeps the owners. An isolate caches them for the tenant's present set of
 * accounts.
 */
import { shortId } from '#domain/jobs/fingerprint.ts'
import type { OwnerStore } from '#domain/ports/ports.ts'
import type { Owner, OwnerPool } from '#domain/routing/owner.ts'
import type { Desk } from '#domain/ports/desk.ts'
import { Cached } from './cached.ts'

const MISS_MS = 60_000
const KEEP_MS = 3_600_000
const IDS = { entries: 20_000, chars: 4_000_000 }

export interface OwnerCache {
  known: Cached<Owner>
  /** The desk does not know these ids. */
  unlearnt: Cached<true>
  /** No account has these ids. */
  /** The places where no account has the id. */
  missing: Cached<ReadonlySet<string>>
}

export function makeOwnerCache(now: () => number): OwnerCache {
  return {
    known: new Cached<Owner>(
      KEEP_MS,
      {
        ...IDS,
        weigh: ({ id, email }) => id.length + (email ?? '').length,
      },
      now
    ),
    unlearnt: new Cached<true>(MISS_MS, IDS, now),
    missing: new Cached<ReadonlySet<string>>(MISS_MS, IDS, now),
  }
}

/** Long ids are kept as a short name, because clients may send any text as an id. */
export function makeOwnerStore(
  cache: OwnerCache,
  deskOf: (tenant: string, provider: string) => Desk
): OwnerStore {
  const keep = (pool: OwnerPool, owner: Owner) => keepOwner(cache, pool, owner)
  const knownOf = (pool: OwnerPool, id: string) => cache.known.peek(keyOf(pool, id))
  return {
    async find(pool, ids) {
      const named = new Map(ids.map((id) => [shortId(id), id]))
      const asNamed = (owner: Owner) => ({ ...owner, id: named.get(owner.id) ?? owner.id })
      const known: Owner[] = []
      const asked: string[] = []
      for (const id of named.keys()) {
        const owner = knownOf(pool, id)
        if (owner) known.push(owner)
        else if (cache.unlearnt.peek(keyOf(pool, id)) === undefined) asked.push(id)
      }
      if (asked.length === 0) return known.map(asNamed)
      const found = await deskOf(pool.tenant, pool.provider).ownersOf(asked)
      for (const owner of found) keep(pool, owner)
      const learnt = new Set(found.map((owner) => owner.id))
      for (const id of asked) {
        if (!learnt.has(id)) cache.unlearnt.put(keyOf(pool, id), true)
      }
      return [...known, ...found].map(asNamed)
    },
    async learn(pool, owners, seen = () => []) {
      const kept = owners.map((owner) => ({ ...owner, id: shortId(owner.id) }))
      const news = kept.filter((owner) => isNews(owner, knownOf(pool, owner.id)))
      for (const { start: _, key: __, own: ___, ...owner } of news) keep(pool, owner)
      if (news.length === 0) return true
      const desk = deskOf(pool.tenant, pool.provider)
      const told = seen()
      const isOfJobs = news.some((owner) => owner.start !== undefined)
      if (isOfJobs && (await isFulfilled(desk.learnJobs(news, told)))) return true
      // An older desk returns nothing.
      const copies = (await desk.learn(news, told)) ?? []
      for (const owner of news)
        if (copies.includes(owner.id)) keep(pool, { ...owner, source: 'copied' })
      return !isOfJobs
    },
    markMissing(pool, ids, where) {
      for (const key of ids.map((id) => keyOf(pool, shortId(id)))) {
        cache.missing.put(key, new Set([...(cache.missing.peek(key) ?? []), where]))
      }
    },
    forgetMisses(pool, ids) {
      for (const id of ids.map(shortId)) {
        cache.unlearnt.delete(keyOf(pool, id))
        cache.missing.delete(keyOf(pool, id))
      }
    },
    isMissing: (pool, id, where) =>
      cache.missing.peek(keyOf(pool, shortId(id)))?.has(where) === true,
  }
}

/** Keeps an owner that the desk has told, also beside another answer. */
export function keepOwner(cache: OwnerCache, pool: OwnerPool, owner: Owner): void {
  const key = keyOf(pool, owner.id)
  cache.known.put(key, owner)
  cache.unlearnt.delete(key)
  cache.missing.delete(key)
}

/** What the desk keeps with the creation, or for an own token, is always news. */
function isNews(owner: Owner, known: Owner | undefined): boolean {
  return (owner.start ?? owner.own) !== undefined || known?.email !== owner.email
}

function isFulfilled(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false
  )
}

function keyOf({ tenant, provider, epoch }: OwnerPool, id: string): string {
  return `${tenant}/${provider}/${epoch}/${id}`
}
