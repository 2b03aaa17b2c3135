/**
 * The gateway's Worker with a clock that tests move. It ends between taking an Idempotency-Key and asking for a slot, once for each
 * creation whose title begins with "dies". An entry for runWorker, never deployed.
 */
import type { LeaseMessage } from '../../../src/domain/slots/lease-record.ts'
import { changedMethod } from './changed-method.ts'
import worker from './clocked-worker.ts'

export { AccountSlots, TenantDesk } from './clocked-worker.ts'

const died = new Set<string>()

const mortal = changedMethod('acquire', (acquire) => (ask, ...others) => {
  const title = (ask as LeaseMessage).clue.title ?? ''
  if (!title.startsWith('dies') || died.has(title)) return acquire(ask, ...others)
  died.add(title)
  // The runtime ends a request that waits for nothing. As after a kill, none of its code runs any more.
  return new Promise(() => {})
})

export default {
  fetch: (request, env, ctx) => {
    const isClock = new URL(request.url).pathname === '/__clock'
    return worker.fetch(request, isClock ? env : mortal(env), ctx)
  },
} satisfies ExportedHandler<Env>
