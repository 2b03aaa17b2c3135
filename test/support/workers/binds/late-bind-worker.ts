/**
 * The gateway's Worker with a clock that the test moves. The jobs that a creation's answer named reach the account's object late or
 * never. `POST /__bind {lateMs}`: from now on so late, each creation once. `{isLost: true}`: never. `{isUnlearned: true}`: they do
 * not reach the desk either. `{}`: as usual. The work of objects themselves does not change. An entry for runWorker, never deployed.
 */
import worker from '../../../../src/index.ts'
import { changedMethod } from '../changed-method.ts'
import clocked from '../clocked-worker.ts'

export { AccountSlots, TenantDesk } from '../clocked-worker.ts'

interface Bind {
  lateMs?: number
  isLost?: boolean
  isUnlearned?: boolean
}

let how: Bind = {}

const delayed = new Set<unknown>()

const late = changedMethod('bind', (bind) => async (...args) => {
  const { lateMs, isLost } = how
  if (isLost) throw new Error('lost')
  const isFirst = !delayed.has(args[0])
  delayed.add(args[0])
  if (lateMs !== undefined && isFirst) await new Promise((resolve) => setTimeout(resolve, lateMs))
  return bind(...args)
})

const unlearned = (method: string) =>
  changedMethod(
    method,
    (learn) =>
      (...args) =>
        how.isUnlearned ? Promise.reject(new Error('lost')) : learn(...args),
    'TENANT_DESK'
  )
const [learn, learnJobs] = [unlearned('learn'), unlearned('learnJobs')]

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/__bind') {
      how = await request.json()
      return new Response()
    }
    if (pathname === '/__clock') return clocked.fetch(request, env, ctx)
    return worker.fetch(request, learn(learnJobs(late(env))), ctx)
  },
} satisfies ExportedHandler<Env>
