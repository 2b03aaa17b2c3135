/** An account that was here before, and whose object still knows what it wanted to ask, comes back by an import. */
import { expect, test } from 'vitest'
import { advance, HOUR, untilMoved } from '../../support/clock/clock.ts'
import { ADMIN_TOKEN } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { openHooked } from '../../support/scenes/hooked.ts'
import { objectsOf, runIn, statementsOf } from '../../support/sql/sql.ts'

const open = gatewaysOfFile()
const gateway = await openHooked(open, {
  accounts: { a: 1 },
  isAlone: true,
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/sql-worker.ts',
})

test('an imported account that was here before is asked nothing, and its object does not wake to try', async () => {
  const { accounts } = await objectsOf(gateway)
  const exported = await (await gateway.admin('GET', '/export')).text()
  expect((await gateway.createVideo()).status).toBe(200)
  // Its object waits for the job, so it is not wiped.
  const path = '/v1/heygen/accounts/a@example.com'
  expect((await gateway.fetch(path, { method: 'DELETE' })).status).toBe(204)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const init = { method: 'POST', headers, body: exported }
  const imported = await fetch(`${gateway.url}/admin/import`, init)
  expect(await imported.json()).toMatchObject({ added: { accounts: 1 } })
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
  const planned = await runIn(gateway, 'ACCOUNT_SLOTS', accounts[0] ?? '', 'SELECT * FROM legacy')
  expect(planned).toHaveLength(1)
  await advance(gateway, HOUR)
  await gateway.sim.forgetRequests()
  let awake = 0
  for (let hours = 0; hours < 60; hours += 1) {
    await statementsOf(gateway)
    await advance(gateway, HOUR)
    if ((await statementsOf(gateway)).some(({ runs }) => runs > 0)) awake += 1
  }
  expect(awake).toBe(0)
  expect(await gateway.sim.requests()).toEqual([])
})
