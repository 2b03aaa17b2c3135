/**
 * The gateway's Worker with a clock that the test moves. The jobs that a creation's answer named reach the account's object late or
 * never. `POST /__bind {lateMs}`: from now on so late. `{isLost: true}`: never. `{}`: as usual. The work of objects themselves
 * does not change. An entry for runWorker, never deployed.
 */
import worker from '../../../src/index.ts'
import { changedMethod } from './changed-method.ts'
import clocked from './clocked-worker.ts'

export { AccountSlots, TenantDesk } from './clocked-worker.ts'

interface Bind {
  lateMs?: number
  isLost?: boolean
}

let how: Bind = {}

const late = changedMethod('bind', (bind) => async (...args) => {
  const { lateMs, isLost } = how
  if (isLost) throw new Error('lost')
  if (lateMs !== undefined) await new Promise((resolve) => setTimeout(resolve, lateMs))
  return bind(...args)
})

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
