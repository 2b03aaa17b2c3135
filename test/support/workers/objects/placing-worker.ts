/**
 * The gateway's Worker. The header `x-placed` of an answer lists the places that the Worker asked for its objects, or `-` where it
 * asked for none. Never deployed.
 */
import worker from '../../../../src/index.ts'

export { AccountSlots, TenantDesk } from '../../../../src/index.ts'

let placed: string[] = []
let own: Env | undefined

/** One `env`, because an isolate keeps its caches by it. */
function noting(env: Env): Env {
  const noted = <T extends Rpc.DurableObjectBranded>(space: DurableObjectNamespace<T>) => ({
    ...space,
    getByName: (name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
      placed.push(options?.locationHint ?? '-')
      return space.getByName(name, options)
    },
  })
  const { ACCOUNT_SLOTS, TENANT_DESK } = env
  own ??= { ...env, ACCOUNT_SLOTS: noted(ACCOUNT_SLOTS), TENANT_DESK: noted(TENANT_DESK) } as Env
  return own
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    placed = []
    const answer = await worker.fetch(request, noting(env), context)
    const told = new Response(answer.body, answer)
    told.headers.set('x-placed', placed.join(' '))
    return told
  },
}
