/**
 * Which account an id belongs to: kept by TenantDesk, remembered by the isolate. Ids are unguessable, so one that was
 * asked for and not known is very likely not a job of ours; that is believed for a minute.
 */
import type { Desk, Owner, OwnerBook } from '#domain/ports.ts'
import { Cached } from './cached.ts'

const MISS_MS = 60_000
/** An owner never changes; what is forgotten is only asked for again. */
const KEEP_MS = 3_600_000

export interface OwnerCache {
  known: Cached<Owner>
  missed: Cached<true>
}

export function makeOwnerCache(): OwnerCache {
  return { known: new Cached<Owner>(KEEP_MS, 20_000), missed: new Cached<true>(MISS_MS, 20_000) }
}

export function makeOwnerBook(
  cache: OwnerCache,
  deskOf: (tenant: string, provider: string) => Desk
): OwnerBook {
  const keyOf = (tenant: string, provider: string, id: string) => `${tenant}/${provider}/${id}`
  const note = (tenant: string, provider: string, owner: Owner) => {
    const key = keyOf(tenant, provider, owner.id)
    cache.known.put(key, owner, Date.now())
    cache.missed.delete(key)
  }
  return {
    async learn(tenant, provider, owners) {
      for (const owner of owners) note(tenant, provider, owner)
      await deskOf(tenant, provider).learn(owners)
    },
    async find(tenant, provider, ids) {
      const now = Date.now()
      const known = ids.flatMap((id) => cache.known.peek(keyOf(tenant, provider, id), now) ?? [])
      const asked = ids.filter((id) => {
        const key = keyOf(tenant, provider, id)
        return !cache.known.peek(key, now) && !cache.missed.peek(key, now)
      })
      if (asked.length === 0) return known
      const found = await deskOf(tenant, provider).ownersOf(asked)
      for (const owner of found) note(tenant, provider, owner)
      for (const id of asked) {
        const isMissed = !found.some((owner) => owner.id === id)
        if (isMissed) cache.missed.put(keyOf(tenant, provider, id), true, now)
      }
      return [...known, ...found]
    },
  }
}
