/** `@modelcontextprotocol/conformance` as it is published, against the gateway's own `/mcp`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, UNPUBLISHED_KEYS, type Gateway } from '../../support/gateway.ts'
import { conform, failuresOf, openDoor, STABLE, type Door } from './conform.ts'

let gateway: Gateway
let door: Door
beforeAll(async () => {
  gateway = await openGateway({ vars: { MASTER_KEYS: UNPUBLISHED_KEYS } })
  door = await openDoor(gateway)
})
afterAll(async () => {
  await door.close()
  await gateway.dispose()
})

/** The scenarios that need neither tools of a test nor what the gateway does not offer (conformance.full.test.ts). */
const OF_EVERY_SERVER = [
  'dns-rebinding-protection',
  'ping',
  'server-initialize',
  'server-sse-multiple-streams',
  'tools-list',
]

test('the conformance suite finds nothing in what every server must do', async () => {
  const checks = await conform(door, STABLE, ['--suite', 'active'])
  expect(Object.keys(checks)).toEqual(expect.arrayContaining(OF_EVERY_SERVER))
  for (const scenario of OF_EVERY_SERVER) expect(failuresOf(checks[scenario]), scenario).toEqual([])
})
