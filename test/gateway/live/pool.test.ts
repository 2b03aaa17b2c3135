import { afterAll, expect, test } from 'vitest'
import type { PoolAccount } from '../../../src/domain/live/pool-account.ts'
import { openGateway, until } from '../../support/gateway.ts'
import { Receiver } from '../../support/receiver.ts'

const gateway = await openGateway({
  accounts: { a: 1, b: 2 },
  simVars: { JOB_MS: '-1' },
  vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' },
})
const receiver = await Receiver.open()
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

interface PoolAnswer {
  at: string
  isWhole: boolean
  accounts: PoolAccount[]
}

async function pool(path = '/v1/pool'): Promise<PoolAnswer> {
  const answer = path.startsWith('/admin')
    ? await gateway.admin('GET', path.slice('/admin'.length))
    : await gateway.fetch(path)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as PoolAnswer
}

async function accountOf(name: string): Promise<PoolAccount> {
  const found = (await pool()).accounts.find(({ email }) => email === `${name}@example.com`)
  if (!found) throw new Error(`no account ${name}`)
  return found
}

const pin = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })

test('the pool shows the slots and the running jobs of every account', async () => {
  const { isWhole, accounts } = await pool()
  expect(isWhole).toBe(true)
  expect(accounts.map(({ email, state, held, free }) => [email, state, held, free])).toEqual([
    ['a@example.com', 'ok', 0, 1],
    ['b@example.com', 'ok', 0, 2],
  ])
  const created = await gateway.createVideo({}, pin('a'))
  expect(created.status).toBe(200)
  const full = await accountOf('a')
  expect(full).toMatchObject({ provider: 'heygen', state: 'full', held: 1, free: 0, maxJobs: 1 })
  expect(full.credentials).toEqual(['apiKey'])
  expect(full.jobs).toMatchObject([
    {
      id: created.headers.get('x-gateway-job'),
      requestId: created.headers.get('x-request-id'),
      type: 'POST /v3/videos',
      status: 'running',
    },
  ])
  expect(full.errors).toEqual([])
  expect(full.deliveries).toEqual({ pending: 0, failing: 0, dead: 0 })
})

test('a failed job and a refusal of the account are among its last errors, newest first', async () => {
  const created = await gateway.createVideo({}, pin('b'))
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'failed' })
  await gateway.fetch(`/heygen/v3/videos/${id}`)
  const failed = await until(async () => {
    const { errors } = await accountOf('b')
    return errors.length > 0 && errors
  })
  expect(failed).toMatchObject([{ status: null, code: 'failed', route: 'POST /v3/videos' }])
})

test('a receiver that refuses shows on the account before its deliveries are given up', async () => {
  receiver.answer = () => 500
  const callback_url = `${receiver.url}/refuses`
  const created = await gateway.createVideo({ callback_url }, pin('b'))
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${id}`)
  const { deliveries } = await until(async () => {
    const account = await accountOf('b')
    return account.deliveries.failing > 0 && account
  })
  expect(deliveries).toEqual({ pending: 1, failing: 1, dead: 0 })
})

test('another tenant sees nothing of the pool, the operator sees whose accounts they are [I5]', async () => {
  const other = gateway.as((await gateway.newToken({ tenant: 'other' })).token)
  expect(await (await other.fetch('/v1/pool')).json()).toMatchObject({ accounts: [] })
  const all = await pool('/admin/pool')
  const tenant = all.accounts[0]?.tenant
  expect(all.accounts.map(({ email }) => email)).toEqual(['a@example.com', 'b@example.com'])
  expect((await pool(`/admin/pool?tenant=${tenant}`)).accounts).toHaveLength(2)
  expect((await pool('/admin/pool?tenant=other')).accounts).toEqual([])
})

test('no summary shows a credential or the address of our webhook [I6]', async () => {
  const text = JSON.stringify(await pool('/admin/pool'))
  expect(text).not.toContain('sk_test_')
  expect(text).not.toContain('whsec_')
  expect(text).not.toContain('/webhooks/')
})
