/**
 * Which account an id belongs to: kept by TenantDesk, remembered by the isolate for one set of accounts. What is
 * forgotten is only asked for again.
 */
import { shortId } from '#domain/jobs/fingerprint.ts'
import type { OwnerBook } from '#domain/ports/ports.ts'
import type { Owner, OwnerPool } from '#domain/routing/owner.ts'
import type { Desk } from '#domain/ports/desk.ts'
import { Cached } from './cached.ts'

const MISS_MS = 60_000
const KEEP_MS = 3_600_000
const IDS = { entries: 20_000, chars: 4_000_000 }

export interface OwnerCache {
  known: Cached<Owner>
  /** Asked of the desk and not known there. */
  unlearnt: Cached<true>
  /** Looked for on every account and found on none. */
  missing: Cached<true>
}

export function makeOwnerCache(): OwnerCache {
  return {
    known: new Cached<Owner>(KEEP_MS, {
      ...IDS,
      weigh: ({ id, email }) => id.length + (email ?? '').length,
    }),
    unlearnt: new Cached<true>(MISS_MS, IDS),
    missing: new Cached<true>(MISS_MS, IDS),
  }
}

/** Of a very long id a short name is kept, here and by the desk: clients write what they like where an id stands. */
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
      const named = new Map(ids.map((id) => [shortId(id), id]))
      const asNamed = (owner: Owner) => ({ ...owner, id: named.get(owner.id) ?? owner.id })
      const now = Date.now()
      const known: Owner[] = []
      const asked: string[] = []
      for (const id of named.keys()) {
        const owner = knownOf(pool, id)
        if (owner) known.push(owner)
        else if (cache.unlearnt.peek(keyOf(pool, id), now) === undefined) asked.push(id)
      }
      if (asked.length === 0) return known.map(asNamed)
      const found = await deskOf(pool.tenant, pool.provider).ownersOf(asked)
      for (const owner of found) note(pool, owner)
      const learnt = new Set(found.map((owner) => owner.id))
      for (const id of asked) {
        if (!learnt.has(id)) cache.unlearnt.put(keyOf(pool, id), true, Date.now())
      }
      return [...known, ...found].map(asNamed)
    },
    async learn(pool, owners) {
      const kept = owners.map((owner) => ({ ...owner, id: shortId(owner.id) }))
      const news = kept.filter((owner) => knownOf(pool, owner.id)?.email !== owner.email)
      for (const owner of news) note(pool, owner)
      if (news.length === 0) return
      // An older desk says nothing.
      const copies = (await deskOf(pool.tenant, pool.provider).learn(news)) ?? []
      for (const owner of news)
        if (copies.includes(owner.id)) note(pool, { ...owner, source: 'copied' })
    },
    noteMissing(pool, ids) {
      for (const id of ids) cache.missing.put(keyOf(pool, shortId(id)), true, Date.now())
    },
    forgetMisses(pool, ids) {
      for (const id of ids.map(shortId)) {
        cache.unlearnt.delete(keyOf(pool, id))
        cache.missing.delete(keyOf(pool, id))
      }
    },
    isMissing: (pool, id) => cache.missing.peek(keyOf(pool, shortId(id)), Date.now()) !== undefined,
  }
}

function keyOf({ tenant, provider, epoch }: OwnerPool, id: string): string {
  return `${tenant}/${provider}/${epoch}/${id}`
}
