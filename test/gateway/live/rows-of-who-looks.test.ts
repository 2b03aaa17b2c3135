/** What an account's object keeps of pages that look at it. */
import { expect, test } from 'vitest'
import { advance, DAY, HOUR } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { LivePage } from '../../support/live/page.ts'
import { objectsOf, runIn } from '../../support/sql/sql.ts'

const open = gatewaysOfFile()
const gateway = await open({
  accounts: { a: 1 },
  isAlone: true,
  entry: 'test/support/workers/sql-worker.ts',
})

test('a page that is closed leaves no row, once its time is over', async () => {
  const { accounts } = await objectsOf(gateway)
  const rows = () => runIn(gateway, 'ACCOUNT_SLOTS', accounts[0] ?? '', 'SELECT * FROM observer')
  const page = await LivePage.open(gateway)
  expect(await rows()).toHaveLength(1)
  page.close()
  await until(async () => page.closedWith !== undefined)
  for (let hours = 0; hours < (2 * DAY) / HOUR; hours += 1) await advance(gateway, HOUR)
  expect(await rows()).toEqual([])
})
