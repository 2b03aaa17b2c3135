/** The gateway's Worker, in which the first call to bind a creation's jobs gets lost. An entry for runWorker, never deployed. */
import worker from '../../../../src/index.ts'
import { changedMethod } from '../changed-method.ts'

export { AccountSlots, TenantDesk } from '../../../../src/index.ts'

const lost = new Set<unknown>()

const lossy = changedMethod('bind', (bind) => (requestId, ...others) => {
  if (lost.has(requestId)) return bind(requestId, ...others)
  lost.add(requestId)
  return Promise.reject(new Error('lost'))
})

export default {
  fetch: (request, env, ctx) => worker.fetch(request, lossy(env), ctx),
} satisfies ExportedHandler<Env>
