/** Workers KV: one store, and for each place a cache that keeps what it read, misses too, for up to a minute. */
import { currentParty } from '../world/party.ts'
import type { World } from '../world/world.ts'

interface Entry {
  text: string
  metadata: unknown
  expiresAt: number
}

interface Cached {
  entry: Entry | undefined
  until: number
}

export interface KvRates {
  /** Reads and writes that fail. */
  fail: number
  /** Reads that a place's cache does not keep, so that the next one sees what was written since. */
  fresh: number
}

export const CALM_KV: KvRates = { fail: 0, fresh: 1 }

const STALE_MS = 60_000
const LATENCY_MS = { least: 1, most: 40 }

export class KvStore {
  rates = CALM_KV
  reads = 0
  writes = 0
  readonly entries = new Map<string, Entry>()
  readonly #world: World
  readonly #caches = new Map<string, Map<string, Cached>>()

  constructor(world: World) {
    this.#world = world
  }

  /** The binding of an isolate in a place. */
  at(place: string): unknown {
    const cache = new Map<string, Cached>()
    this.#caches.set(place, this.#caches.get(place) ?? cache)
    const get = async (key: string, how?: string | { type?: string }) => {
      const entry = await this.#read(place, key)
      return entry ? valueOf(entry, typeof how === 'string' ? how : how?.type) : null
    }
    return {
      get,
      getWithMetadata: async (key: string, how?: { type?: string }) => {
        const entry = await this.#read(place, key)
        const value = entry ? valueOf(entry, how?.type) : null
        return { value, metadata: entry?.metadata ?? null }
      },
      put: async (
        key: string,
        value: string | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream,
        more: { expirationTtl?: number; metadata?: unknown } = {}
      ) => {
        const text = typeof value === 'string' ? value : await new Response(value).text()
        const { expirationTtl = Infinity, metadata = null } = more
        const expiresAt = this.#world.now + expirationTtl * 1000
        await this.#write(place, key, { text, metadata, expiresAt })
      },
      delete: (key: string) => this.#write(place, key, undefined),
    }
  }

  #read(place: string, key: string): Promise<Entry | undefined> {
    this.reads += 1
    return this.#world.ask(`kv get ${key.slice(0, 12)}`, (answer) => {
      const latency = this.#latency()
      if (this.#world.chance.isHit('kv read fails', this.rates.fail))
        return answer(latency, () => failed('get'))
      answer(latency, () => this.#seenFrom(place, key))
    })
  }

  #seenFrom(place: string, key: string): Entry | undefined {
    const cache = this.#caches.get(place)
    const cached = cache?.get(key)
    const { now, chance } = this.#world
    if (cached && cached.until > now) return live(cached.entry, now)
    const entry = this.entries.get(key)
    if (!chance.isHit('kv fresh', this.rates.fresh))
      cache?.set(key, { entry, until: now + chance.between('kv stale', 0, STALE_MS) })
    return live(entry, now)
  }

  #write(place: string, key: string, entry: Entry | undefined): Promise<void> {
    this.writes += 1
    return this.#world.ask(`kv put ${key.slice(0, 12)}`, (answer) => {
      const { chance } = this.#world
      const isFailed = chance.isHit('kv write fails', this.rates.fail)
      // A write that is said to have failed may have arrived.
      const isWritten = !isFailed || chance.isHit('kv write fails late', 0.5)
      this.#world.after(this.#latency(), `kv write in ${place}`, undefined, () => {
        this.#world.note(`${currentParty()?.name ?? ''} ${key}`, entry?.text)
        if (isWritten && entry) this.entries.set(key, entry)
        else if (isWritten) this.entries.delete(key)
        answer(this.#latency(), () => (isFailed ? failed('put') : undefined))
      })
    })
  }

  #latency(): number {
    return this.#world.chance.between('kv latency', LATENCY_MS.least, LATENCY_MS.most)
  }
}

function failed(what: string): never {
  throw new Error(`KV ${what} failed: 500 Internal Server Error`)
}

function live(entry: Entry | undefined, now: number): Entry | undefined {
  return entry && entry.expiresAt > now ? entry : undefined
}

function valueOf({ text }: Entry, type = 'text'): unknown {
  if (type === 'json') return JSON.parse(text) as unknown
  if (type === 'stream') return new Response(text).body
  return type === 'arrayBuffer' ? new TextEncoder().encode(text).buffer : text
}
