/** The gateway's Worker where the first telling of what a creation named gets lost. An entry for runWorker, never deployed. */
import worker from '../../../src/index.ts'
import { changedMethod } from './changed-method.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const lost = new Set<unknown>()

const lossy = changedMethod('bind', (bind) => (requestId, ...others) => {
  if (lost.has(requestId)) return bind(requestId, ...others)
  lost.add(requestId)
  return Promise.reject(new Error('lost'))
})

export default {
  fetch: (request, env, ctx) => worker.fetch(request, lossy(env), ctx),
} satisfies ExportedHandler<Env>
