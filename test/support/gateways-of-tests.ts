import { afterAll, afterEach } from 'vitest'
import { openGateway, type Gateway } from './gateway.ts'
import { Simulator } from './simulator.ts'

/**
 * For files whose tests open a gateway each: it is disposed of after its test, and all have one simulator, which
 * begins anew with each.
 */
export function gatewaysOfTests(): typeof openGateway {
  const open: Gateway[] = []
  let simulator: Promise<Simulator> | undefined
  afterEach(async () => {
    await Promise.all(open.splice(0).map((gateway) => gateway.dispose()))
  })
  afterAll(async () => (await simulator)?.dispose())
  return async (options = {}) => {
    const isFirst = open.length === 0 && options.simulator === undefined
    simulator ??= Simulator.start()
    const shared = isFirst ? { simulator: await anew(await simulator, options.simVars) } : {}
    const gateway = await openGateway({ ...options, ...shared })
    open.push(gateway)
    return gateway
  }
}

async function anew(simulator: Simulator, vars: Record<string, string> = {}): Promise<Simulator> {
  await simulator.control('POST', '/reset')
  const { JOB_MS: jobMs, SYNC_MS: syncMs, ...others } = vars
  const [odd] = Object.keys(others)
  if (odd !== undefined) throw new Error(`${odd} is no setting of a running simulator`)
  await simulator.settings({
    ...(jobMs === undefined ? {} : { jobMs: Number(jobMs) }),
    ...(syncMs === undefined ? {} : { syncMs: Number(syncMs) }),
  })
  return simulator
}
