/** A hundred days after the last job: how often objects wake, and that there is an end to it. */
import { expect, test } from 'vitest'
import { advance, DAY, HOUR, MINUTE } from '../../support/clock/clock.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { openHooked } from '../../support/scenes/hooked.ts'
import { runIn, objectsOf, statementsOf } from '../../support/sql/sql.ts'

const open = gatewaysOfFile()
const gateway = await openHooked(open, {
  accounts: { a: 5 },
  simVars: { JOB_MS: '-1' },
  // With `auto`, each account is asked once a day what HeyGen serves (the second test).
  vars: { LEGACY: 'pass' },
  entry: 'test/support/workers/sql-worker.ts',
})
const STEP = 6 * HOUR

test('a tenant that has gone quiet wakes five times at most to forget, and then never', async () => {
  await gateway.createVideo({}, { 'idempotency-key': 'last' })
  await gateway.sim.finishJobs()
  for (let n = 0; n < 12; n += 1) await advance(gateway, 5 * MINUTE)
  const awake: number[] = []
  for (let passed = 0; passed < 100 * DAY; passed += STEP) {
    await statementsOf(gateway)
    await advance(gateway, STEP)
    if ((await statementsOf(gateway)).some(({ runs }) => runs > 0)) awake.push(passed / DAY)
  }
  // Keys (by whole UTC days, so the hour of this run counts), ended jobs with deliveries, the audit, usage and owners. Usage goes by
  // whole days and owners by whole spans, so they may go hours after the audit.
  expect([3, 4, 5]).toContain(awake.length)
  const [keys = 0, jobs = 0, owners = 0] = awake
  expect(keys).toBeGreaterThan(3)
  expect(keys).toBeLessThan(8)
  expect(Math.round(jobs / 10) * 10).toBe(30)
  expect(Math.round(owners / 10) * 10).toBe(90)
  const { desk, accounts } = await objectsOf(gateway)
  for (const table of ['keyed', 'owned_id'])
    expect([table, await runIn(gateway, 'TENANT_DESK', desk, `SELECT * FROM ${table}`)]).toEqual([
      table,
      [],
    ])
  for (const table of ['ended_job', 'outgoing', 'lease']) {
    const rows = await runIn(gateway, 'ACCOUNT_SLOTS', accounts[0] ?? '', `SELECT * FROM ${table}`)
    expect([table, rows]).toEqual([table, []])
  }
}, 300_000)

test('with LEGACY = auto a quiet account wakes once a day, to ask what HeyGen still serves', async () => {
  const asking = await openHooked(open, {
    accounts: { b: 5 },
    entry: 'test/support/workers/sql-worker.ts',
  })
  for (let n = 0; n < 12; n += 1) await advance(asking, 5 * MINUTE)
  await asking.sim.forgetRequests()
  for (let passed = 0; passed < 10 * DAY; passed += STEP) await advance(asking, STEP)
  const asked = (await asking.sim.requests()).filter(({ path }) => path === '/v1/user/me')
  expect(asked).toHaveLength(10)
}, 300_000)
