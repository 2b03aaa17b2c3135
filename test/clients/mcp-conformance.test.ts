/** `@modelcontextprotocol/conformance` as it is published: what every server must pass, for the revisions with and without sessions. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, UNPUBLISHED_KEYS, type Gateway } from '../support/gateway.ts'
import { conform, openDoor, STABLE, NEXT, type Door } from './conformance.ts'

let gateway: Gateway
let door: Door
beforeAll(async () => {
  gateway = await openGateway({ accounts: { ann: 2 }, vars: { MASTER_KEYS: UNPUBLISHED_KEYS } })
  door = await openDoor(gateway)
})
afterAll(async () => {
  await door.close()
  await gateway.dispose()
})

const OF_ALL = [
  [STABLE, '2025-11-25', ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']],
  [NEXT, '2026-07-28', ['http-header-validation', 'tools-list', 'dns-rebinding-protection']],
] as const

for (const [edition, revision, scenarios] of OF_ALL) {
  test(`the conformance suite finds nothing in what every server of ${revision} must do`, async () => {
    const runs = scenarios.map((scenario) =>
      conform(door, edition, ['--scenario', scenario, '--spec-version', revision])
    )
    const checks = (await Promise.all(runs)).flatMap((found) => Object.entries(found))
    expect(checks.map(([scenario]) => scenario).toSorted()).toEqual([...scenarios].toSorted())
    const failed = checks.flatMap(([, all]) => all.filter(({ status }) => status === 'FAILURE'))
    expect(failed).toEqual([])
  })
}
