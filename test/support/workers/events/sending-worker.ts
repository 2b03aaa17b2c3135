/**
 * The gateway's Worker with a movable clock, in which calls to receivers stop: `POST /__sending {at}`. `before`: they are never
 * sent. `after`: they are answered, and the gateway never learns it. So a test can kill workerd at that moment. An entry for
 * runWorker, never deployed.
 */
import worker from '../clocked-worker.ts'

export { AccountSlots, TenantDesk } from '../clocked-worker.ts'

let at: 'before' | 'after' | undefined
let stopped = 0

const usual = globalThis.fetch

globalThis.fetch = async (input, init) => {
  const isDelivery = new Headers(init?.headers).has('webhook-id')
  if (!isDelivery || at === undefined) return usual(input, init)
  if (at === 'after') await usual(input, init)
  stopped += 1
  return new Promise(() => {})
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/__sending') return worker.fetch(request, env, ctx)
    if (request.method === 'POST') at = (await request.json<{ at?: typeof at }>()).at
    return Response.json({ stopped })
  },
} satisfies ExportedHandler<Env>
