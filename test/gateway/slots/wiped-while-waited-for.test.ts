/** The desk's question whether an account has a free slot comes late: the account was removed and wiped meanwhile. */
import { afterAll, expect, test } from 'vitest'
import { openGateway } from '../../support/gateway.ts'
import { setClaims, SLOW_CLAIMS, Tenant, untilHeld } from '../../support/scenes/claims.ts'
import { runIn } from '../../support/sql/sql.ts'

const gateway = await openGateway({ entry: SLOW_CLAIMS, isAlone: true })
afterAll(() => gateway.dispose())

test('a client that waits for a slot leaves nothing in an account that was wiped meanwhile', async () => {
  const { id, gateway: tenant } = await Tenant.open(gateway)
  await tenant.addAccount('a', 1)
  const [row] = await runIn(gateway, 'TENANT_DESK', `heygen:${id}`, 'SELECT record FROM account')
  const { key } = JSON.parse(String(row?.['record'])) as { key: string }
  const read = (sql: string) => runIn(gateway, 'ACCOUNT_SLOTS', key, sql)
  expect((await tenant.createVideo()).status).toBe(200)
  await setClaims(gateway, { rules: [{ method: 'watch', when: 'before', what: 'hold' }] })
  const waiting = tenant.createVideo({}, { prefer: 'wait=2' })
  await untilHeld(gateway)
  const path = '/v1/heygen/accounts/a@example.com?now=true'
  expect((await tenant.fetch(path, { method: 'DELETE' })).status).toBe(204)
  expect(await read('SELECT record FROM account')).toEqual([{ record: null }])
  await setClaims(gateway)
  expect((await waiting).status).not.toBe(200)
  expect(await read('SELECT * FROM waited')).toEqual([])
})
