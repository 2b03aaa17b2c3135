/** What the tests of one provider share: two gateways on one simulator, and a client's server. */
import { afterAll, beforeEach } from 'vitest'
import type { Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { LOOPBACK } from '../support/hooked.ts'
import { Receiver } from '../support/receiver.ts'
import type { ProviderKit } from './kit.ts'

export interface Bench {
  kit: ProviderKit
  open: ReturnType<typeof gatewaysOfFile>
  /** Its waits are the real ones: what happens here does not happen by alarm. */
  calm: Gateway
  /** Its waits are 200 times shorter. */
  quick: Gateway
  receiver: Receiver
}

const SETTINGS = { webhooks: 'auto', jobMs: 600_000, doubleRate: 0, latencyMs: 0 }

export async function openBench(kit: ProviderKit): Promise<Bench> {
  const open = gatewaysOfFile()
  const receiver = await Receiver.open()
  afterAll(() => receiver.close())
  const calm = await open({ vars: LOOPBACK })
  const quick = await open({ vars: LOOPBACK, timeScale: 200, simulator: calm.sim })
  beforeEach(async () => {
    receiver.answer = () => undefined
    await calm.sim.clearFaults()
    await calm.sim.settings(SETTINGS)
  })
  return { kit, open, calm, quick, receiver }
}
