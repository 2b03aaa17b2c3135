/** How long a client is asked to wait: what the SDKs obey where it is ours, the provider's own where it is the provider's. */
import { expect, test } from 'vitest'
import { openGateway } from '../../support/gateway.ts'

test('a wait of ours is at most 59 s, however long it will be; the provider’s own passes as it is', async () => {
  const gateway = await openGateway({ accounts: { ann: 1 } })
  const body = { error: { code: 'rate_limit_exceeded', message: 'Slow down' } }
  const effect = { status: 429, body, headers: { 'retry-after': '3000' } }
  await gateway.sim.fault({ match: { method: 'GET', path: '/v3/brand-kits' }, effect })
  const waitOf = async (path: string) => {
    const { status, headers } = await gateway.fetch(path)
    return [status, headers.get('x-gateway-error'), headers.get('retry-after')]
  }
  expect(await waitOf('/heygen/v3/brand-kits')).toEqual([429, null, '3000'])
  expect(await waitOf('/heygen/v3/brand-kits')).toEqual([503, 'account_unavailable', '59'])
  await gateway.dispose()
})
