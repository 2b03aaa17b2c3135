/**
 * The gateway's Worker as if it ran in several places. Each `x-isolate` has its own caches. It reads KV through a cache that is a
 * minute old and also keeps misses, as the real KV may be. An entry for runWorker, never deployed.
 */
import worker from '../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const STALE_MS = 60_000

interface Seen {
  value: unknown
  readAt: number
}

/** The part of KV that the gateway uses: reads of JSON. Only objects write. */
function staleKv(kv: KVNamespace): KVNamespace {
  const seen = new Map<string, Seen>()
  const get = async (key: string) => {
    const known = seen.get(key)
    if (known && Date.now() - known.readAt < STALE_MS) return known.value
    const value: unknown = await kv.get(key, { type: 'json' })
    seen.set(key, { value, readAt: Date.now() })
    return value
  }
  return { get } as unknown as KVNamespace
}

const places = new Map<string, Env>()

function envAt(place: string, env: Env): Env {
  const known = places.get(place)
  if (known) return known
  const own: Env = { ...env, REGISTRY: staleKv(env.REGISTRY) }
  places.set(place, own)
  return own
}

export default {
  fetch(request, env, ctx) {
    return worker.fetch(request, envAt(request.headers.get('x-isolate') ?? 'one', env), ctx)
  },
} satisfies ExportedHandler<Env>
