/** The gateway's Worker where giving a slot back always gets lost. An entry for runWorker, never deployed. */
import worker from '../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const known = new WeakMap<Env, Env>()

/** One for each, since what an isolate keeps hangs on it. */
function lossy(env: Env): Env {
  const before = known.get(env)
  if (before) return before
  const getByName = (name: string) => {
    const stub = env.ACCOUNT_SLOTS.getByName(name)
    return new Proxy(stub, {
      get: (slots, key): unknown =>
        key === 'release' ? () => Promise.reject(new Error('lost')) : Reflect.get(slots, key),
    })
  }
  const own = { ...env, ACCOUNT_SLOTS: { getByName } } as unknown as Env
  known.set(env, own)
  return own
}

export default {
  fetch: (request, env, ctx) => worker.fetch(request, lossy(env), ctx),
} satisfies ExportedHandler<Env>
