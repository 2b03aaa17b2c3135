/**
 * The gateway's Worker with a clock that the test moves, where what a creation's answer named reaches the account's
 * object late or never. `POST /__bind {lateMs}`: from now on so late; `{isLost: true}`: never; `{}`: as usual. Not for
 * what objects do by themselves. An entry for runWorker, never deployed.
 */
import worker from '../../../src/index.ts'
import clocked from './clocked-worker.ts'

export { AccountSlots, TenantDesk } from './clocked-worker.ts'

interface Bind {
  lateMs?: number
  isLost?: boolean
}

let how: Bind = {}

type Method = (...args: unknown[]) => Promise<unknown>

async function bindLate(bind: Method, args: unknown[]): Promise<unknown> {
  const { lateMs, isLost } = how
  if (isLost) throw new Error('lost')
  if (lateMs !== undefined) await new Promise((resolve) => setTimeout(resolve, lateMs))
  return bind(...args)
}

const known = new WeakMap<Env, Env>()

/** One for each, since what an isolate keeps hangs on it. */
function late(env: Env): Env {
  const before = known.get(env)
  if (before) return before
  const getByName = (name: string) => {
    const stub = env.ACCOUNT_SLOTS.getByName(name) as unknown as Record<string, Method>
    return new Proxy(stub, {
      get: (slots, key): unknown => {
        if (key !== 'bind') return Reflect.get(slots, key)
        return (...args: unknown[]) =>
          bindLate((...given) => slots['bind']?.(...given) ?? Promise.reject(new Error()), args)
      },
    })
  }
  const own = { ...env, ACCOUNT_SLOTS: { getByName } } as unknown as Env
  known.set(env, own)
  return own
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/__bind') {
      how = await request.json()
      return new Response()
    }
    if (pathname === '/__clock') return clocked.fetch(request, env, ctx)
    return worker.fetch(request, late(env), ctx)
  },
} satisfies ExportedHandler<Env>
