/**
 * The whole conformance suite, published and coming edition, against the code of `/mcp` with the tools that the suite calls. Every
 * scenario passes, or it is about something that the gateway does not offer, which is listed here.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, UNPUBLISHED_KEYS, type Gateway } from '../../support/gateway.ts'
import { conform, failuresOf, NEXT, openDoor, STABLE, type Door } from './conform.ts'

let gateway: Gateway
let door: Door
beforeAll(async () => {
  const entry = 'test/support/workers/mcp/tools-worker.ts'
  gateway = await openGateway({ entry, vars: { MASTER_KEYS: UNPUBLISHED_KEYS } })
  door = await openDoor(gateway)
})
afterAll(async () => {
  await door.close()
  await gateway.dispose()
})

/** The gateway has tools only. Scenarios of these fail, because the suite takes it for granted that a server has everything. */
const NOT_OFFERED = [
  /^prompts-/,
  /^resources-/,
  /^completion-/,
  /^elicitation-/,
  /^logging-/,
  // Questions to the agent's user or model, and their successor.
  /^tools-call-(elicitation|sampling|with-logging)$/,
  /^input-required-result-/,
  // Extensions.
  /^tasks-/,
  // Arguments in headers, and schemas with references: no tool of ours has either.
  /^http-custom-header-server-validation$/,
  /^json-schema-2020-12$/,
]
/** Checks of scenarios that otherwise pass, for the same reasons. */
const CHECKS_NOT_OFFERED = [
  /^sep-2549-(prompts|resources)-/,
  /^sep-2575-(server-rejects-undeclared-capability|missing-capability-http-400)$/,
  /^sep-2575-(http-server-no-independent-requests-on-stream|server-no-log-without-loglevel)$/,
]

const isOffered = (scenario: string) => !NOT_OFFERED.some((one) => one.test(scenario))
const isAsked = (id: string) => !CHECKS_NOT_OFFERED.some((one) => one.test(id))

const RUNS = [
  ['the published suite, 2025-06-18', STABLE, ['--spec-version', '2025-06-18'], 10],
  ['the published suite', STABLE, ['--suite', 'active'], 12],
  ['the coming suite, 2025-11-25', NEXT, ['--spec-version', '2025-11-25'], 12],
  ['the coming suite, 2026-07-28', NEXT, ['--requirements', '2026-07-28'], 12],
] as const

for (const [name, edition, args, least] of RUNS) {
  test(`${name}, finds nothing in what the gateway offers`, async () => {
    const checks = await conform(door, edition, [...args])
    const offered = Object.entries(checks).filter(([scenario]) => isOffered(scenario))
    expect(offered.length).toBeGreaterThanOrEqual(least)
    const failed = offered.flatMap(([scenario, all]) =>
      failuresOf(all)
        .filter(({ id }) => isAsked(id))
        .map((check) => ({ scenario, ...check }))
    )
    expect(failed).toEqual([])
  })
}
