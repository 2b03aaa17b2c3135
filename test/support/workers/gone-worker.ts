/**
 * The gateway's Worker, in which parts of the platform can fail: `POST /__gone {parts}` with some of `kv`, `accounts` (the
 * accounts' objects), `desks`. `accounts:abc`: only objects whose name contains `abc`. Calls with another `x-isolate` have other caches. The work of objects themselves does not change.
 * An entry for runWorker, never deployed.
 */
import worker from '../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

let gone: string[] = []

function isGone(part: string, name: unknown): boolean {
  return gone.some((one) => {
    const [kind, text] = one.split(':')
    return kind === part && (text === undefined || String(name).includes(text))
  })
}

function unlessGone<T extends object>(part: string, binding: T): T {
  return new Proxy(binding, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (isGone(part, args[0])) throw new Error(`${part} cannot be reached`)
        return (value as (...given: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}

const isolates = new Map<string, Env>()

function isolateOf(name: string, env: Env): Env {
  const known = isolates.get(name)
  if (known) return known
  const own: Env = {
    ...env,
    REGISTRY: unlessGone('kv', env.REGISTRY),
    ACCOUNT_SLOTS: unlessGone('accounts', env.ACCOUNT_SLOTS),
    TENANT_DESK: unlessGone('desks', env.TENANT_DESK),
  }
  isolates.set(name, own)
  return own
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === '/__gone') {
      gone = ((await request.json()) as { parts: string[] }).parts
      return new Response(null, { status: 204 })
    }
    return worker.fetch(request, isolateOf(request.headers.get('x-isolate') ?? '', env), ctx)
  },
} satisfies ExportedHandler<Env>
