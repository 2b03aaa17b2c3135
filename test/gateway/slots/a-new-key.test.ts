/** An account gets another API key. Its object has its running jobs, so it must stay the same object. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()
const gateway = await open({ accounts: { a: 1 }, simVars: { JOB_MS: '-1' } })

function replaceKey(key: string): Promise<Response> {
  return gateway.post('/v1/heygen/accounts', {
    email: 'a@example.com',
    apiKey: `sk_test_${key}`,
    maxJobs: 1,
  })
}

test.each([
  [
    'that may not read its user',
    { status: 403, body: { error: { code: 'insufficient_api_key_scope' } } },
  ],
  ['whose user has no id', { status: 200, body: { data: {} } }],
])(
  'a new key %s is refused while jobs of the old one run, and no slot is doubled [I1]',
  async (name, effect) => {
    const key = name.includes('id') ? 'new' : 'narrow'
    await gateway.sim.addAccount(`${key}@elsewhere.example.com`, `sk_test_${key}`)
    await gateway.sim.clearFaults()
    await gateway.createVideo()
    await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect })
    const refused = await replaceKey(key)
    await gateway.sim.clearFaults()
    expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([409, 'conflict'])
    expect(await refused.text()).toContain('use another email')
    expect((await gateway.createVideo()).status).toBe(429)
  }
)
