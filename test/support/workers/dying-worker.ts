/**
 * The gateway's Worker with a clock that tests move, which dies between taking an Idempotency-Key and asking for a slot: once
 * for each creation whose title begins with "dies". An entry for runWorker, never deployed.
 */
import type { LeaseMessage } from '../../../src/domain/slots/lease-record.ts'
import worker from './clocked-worker.ts'

export { AccountSlots, TenantDesk } from './clocked-worker.ts'

const known = new WeakMap<Env, Env>()
const died = new Set<string>()

/** One for each, since what an isolate keeps hangs on it. */
function mortal(env: Env): Env {
  const before = known.get(env)
  if (before) return before
  const getByName = (name: string) => {
    const stub = env.ACCOUNT_SLOTS.getByName(name)
    const acquire = (ask: LeaseMessage) => {
      const title = ask.clue.title ?? ''
      if (!title.startsWith('dies') || died.has(title)) return stub.acquire(ask)
      died.add(title)
      // The runtime ends a request that waits for nothing, as a kill does: no line of it runs any more.
      return new Promise(() => {})
    }
    return new Proxy(stub, {
      get: (slots, key): unknown => (key === 'acquire' ? acquire : Reflect.get(slots, key)),
    })
  }
  const own = { ...env, ACCOUNT_SLOTS: { ...env.ACCOUNT_SLOTS, getByName } } as unknown as Env
  known.set(env, own)
  return own
}

export default {
  fetch: (request, env, ctx) => {
    const isClock = new URL(request.url).pathname === '/__clock'
    return worker.fetch(request, isClock ? env : mortal(env), ctx)
  },
} satisfies ExportedHandler<Env>
