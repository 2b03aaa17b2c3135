/** The gateway's Worker where the first telling of what a creation named gets lost. An entry for runWorker, never deployed. */
import worker from '../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const known = new WeakMap<Env, Env>()
const lost = new Set<string>()

/** One for each, since what an isolate keeps hangs on it. */
function lossy(env: Env): Env {
  const before = known.get(env)
  if (before) return before
  const getByName = (name: string) => {
    const stub = env.ACCOUNT_SLOTS.getByName(name)
    const bind = (...args: Parameters<typeof stub.bind>) => {
      const [requestId] = args
      if (lost.has(requestId)) return stub.bind(...args)
      lost.add(requestId)
      return Promise.reject(new Error('lost'))
    }
    return new Proxy(stub, {
      get: (slots, key): unknown => (key === 'bind' ? bind : Reflect.get(slots, key)),
    })
  }
  const own = { ...env, ACCOUNT_SLOTS: { getByName } } as unknown as Env
  known.set(env, own)
  return own
}

export default {
  fetch: (request, env, ctx) => worker.fetch(request, lossy(env), ctx),
} satisfies ExportedHandler<Env>
