/** What the tests of one provider share: two gateways, each on a simulator of its own, and a client's server. */
import { afterAll, beforeEach } from 'vitest'
import { CLOCKED } from '../support/clock/clock.ts'
import { Gate } from '../support/gate.ts'
import type { Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { LOOPBACK } from '../support/scenes/hooked.ts'
import { Receiver } from '../support/receiver.ts'
import type { ProviderKit } from './kit.ts'

export interface Bench {
  kit: ProviderKit
  open: ReturnType<typeof gatewaysOfFile>
  /** Its waits are the real ones: what happens here does not happen by alarm. */
  calm: Gateway
  /** Its clock is moved by the tests (test/support/clock/clock.ts). */
  moved: Gateway
  /** Between `calm` and its simulator. */
  gate: Gate
  receiver: Receiver
}

const SETTINGS = { webhooks: 'auto', jobMs: -1, doubleRate: 0, latencyMs: 0 }

export async function openBench(kit: ProviderKit): Promise<Bench> {
  const open = gatewaysOfFile()
  const receiver = await Receiver.open()
  const gate = await Gate.open()
  afterAll(() => Promise.all([receiver.close(), gate.close()]))
  const calm = await open({ vars: { ...LOOPBACK, ...gate.vars } })
  gate.target = calm.sim.url
  const moved = await open({ vars: LOOPBACK, entry: CLOCKED })
  beforeEach(async () => {
    receiver.answer = () => undefined
    for (const { sim } of [calm, moved]) {
      await sim.clearFaults()
      await sim.settings(SETTINGS)
    }
  })
  return { kit, open, calm, moved, gate, receiver }
}
