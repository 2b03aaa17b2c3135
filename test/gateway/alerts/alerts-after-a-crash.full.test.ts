/** A fault is told although nobody could be told when it was seen, and the gateway was started again meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { Receiver } from '../../support/receiver.ts'
import { addAlert, addOperatorAlert, saidAt, untilSaid } from '../../support/scenes/alerts.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { Simulator } from '../../support/simulator.ts'

const receiver = await Receiver.open()
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
const persist = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-test-'))
let gateway: Gateway | undefined
afterAll(async () => {
  await gateway?.dispose()
  await simulator.dispose()
  await receiver.close()
  rmSync(persist, { recursive: true, force: true })
})

/** Its minute has six seconds. */
async function openWith(more: { entry?: string }, token?: string): Promise<Gateway> {
  await gateway?.dispose()
  gateway = await openGateway({ simulator, persist, vars: LOOPBACK, timeScale: 10, ...more })
  if (token !== undefined) gateway.token = token
  return gateway
}

test('a fault that could not be told is told after a restart, once, and its end too when the account is removed', async () => {
  const deaf = await openWith({ entry: 'test/support/workers/deaf-worker.ts' })
  const { token } = deaf
  await deaf.addAccount('a', 1)
  await addAlert(deaf, `${receiver.url}/one`, { events: ['account_parked'] })
  await addOperatorAlert(deaf, `${receiver.url}/operator`, { events: ['account_parked'] })
  await simulator.addAccount('a@example.com', 'sk_test_a', { credits: 0 })
  expect((await deaf.createVideo()).status).toBe(402)
  const it = await openWith({}, token)
  await untilSaid(receiver, '/one', ['account_parked raised a'])
  await untilSaid(receiver, '/operator', ['account_parked raised a'])
  const removed = await it.fetch('/v1/heygen/accounts/a@example.com', { method: 'DELETE' })
  expect(removed.status).toBe(204)
  await untilSaid(receiver, '/one', ['account_parked recovered a'], 1)
  await untilSaid(receiver, '/operator', ['account_parked recovered a'], 1)
  expect(saidAt(receiver, '/one')).toHaveLength(2)
})
