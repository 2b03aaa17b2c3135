/**
 * Which account an id belongs to: kept by TenantDesk, remembered by the isolate for one set of accounts. What is
 * forgotten is only asked for again.
 */
import type { Desk, Owner, OwnerBook, OwnerPool } from '#domain/ports.ts'
import { Cached } from './cached.ts'

const MISS_MS = 60_000
const KEEP_MS = 3_600_000

export interface OwnerCache {
  known: Cached<Owner>
  /** Asked of the desk and not known there. */
  unlearnt: Cached<true>
  /** Looked for on every account and found on none. */
  missing: Cached<true>
}

export function makeOwnerCache(): OwnerCache {
  return {
    known: new Cached<Owner>(KEEP_MS, 20_000),
    unlearnt: new Cached<true>(MISS_MS, 20_000),
    missing: new Cached<true>(MISS_MS, 20_000),
  }
}

export function makeOwnerBook(
  cache: OwnerCache,
  deskOf: (tenant: string, provider: string) => Desk
): OwnerBook {
  const note = (pool: OwnerPool, owner: Owner) => {
    const key = keyOf(pool, owner.id)
    cache.known.put(key, owner, Date.now())
    cache.unlearnt.delete(key)
    cache.missing.delete(key)
  }
  const knownOf = (pool: OwnerPool, id: string) => cache.known.peek(keyOf(pool, id), Date.now())
  return {
    async find(pool, ids) {
      const known = ids.flatMap((id) => knownOf(pool, id) ?? [])
      const asked = ids.filter((id) => {
        const isUnlearnt = cache.unlearnt.peek(keyOf(pool, id), Date.now()) !== undefined
        return !isUnlearnt && !known.some((owner) => owner.id === id)
      })
      if (asked.length === 0) return known
      const found = await deskOf(pool.tenant, pool.provider).ownersOf(asked)
      for (const owner of found) note(pool, owner)
      for (const id of asked) {
        const isFound = found.some((owner) => owner.id === id)
        if (!isFound) cache.unlearnt.put(keyOf(pool, id), true, Date.now())
      }
      return [...known, ...found]
    },
    async learn(pool, owners) {
      const news = owners.filter((owner) => knownOf(pool, owner.id)?.email !== owner.email)
      for (const owner of news) note(pool, owner)
      if (news.length === 0) return
      // An older desk says nothing.
      const copies = (await deskOf(pool.tenant, pool.provider).learn(news)) ?? []
      for (const owner of news)
        if (copies.includes(owner.id)) note(pool, { ...owner, source: 'copied' })
    },
    noteMissing(pool, ids) {
      for (const id of ids) cache.missing.put(keyOf(pool, id), true, Date.now())
    },
    forgetMisses(pool, ids) {
      for (const id of ids) {
        cache.unlearnt.delete(keyOf(pool, id))
        cache.missing.delete(keyOf(pool, id))
      }
    },
    isMissing: (pool, id) => cache.missing.peek(keyOf(pool, id), Date.now()) !== undefined,
  }
}

function keyOf({ tenant, provider, epoch }: OwnerPool, id: string): string {
  return `${tenant}/${provider}/${epoch}/${id}`
}
