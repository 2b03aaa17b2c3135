/** The gateway's Worker, in which every call to release a slot gets lost. An entry for runWorker, never deployed. */
import worker from '../../../src/index.ts'
import { changedMethod } from './changed-method.ts'

export { AccountSlots, TenantDesk } from '../../../src/index.ts'

const lossy = changedMethod('release', () => () => Promise.reject(new Error('lost')))

export default {
  fetch: (request, env, ctx) => worker.fetch(request, lossy(env), ctx),
} satisfies ExportedHandler<Env>
