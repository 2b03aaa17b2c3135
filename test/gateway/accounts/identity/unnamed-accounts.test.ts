import { afterAll, afterEach, expect, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../../support/clock/clock.ts'
import { ADMIN_TOKEN, openGateway } from '../../../support/gateway.ts'

const gateway = await stopped(openGateway({ entry: CLOCKED }))
afterAll(() => gateway.dispose())
afterEach(() => gateway.sim.clearFaults())

const ACCOUNTS = '/v1/heygen/accounts'

/** HeyGen answers with the code of a key without the scope for `users/me`. */
async function name(isNamed: boolean): Promise<void> {
  await gateway.sim.clearFaults()
  if (!isNamed)
    await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: { status: 403 } })
}

function give(email: string, key: string): Promise<Response> {
  return gateway.post(ACCOUNTS, { email, apiKey: `sk_test_${key}`, maxJobs: 1 })
}

async function giveStatus(email: string, key: string): Promise<number> {
  return (await give(email, key)).status
}

async function remove(email: string): Promise<void> {
  expect((await gateway.fetch(`${ACCOUNTS}/${email}`, { method: 'DELETE' })).status).toBe(204)
}

/** An account at HeyGen with two keys, which runs a job already. */
async function busy(account: string, { isNamed }: { isNamed: boolean }): Promise<string> {
  const email = `${account}@example.com`
  const apiKeys = [`sk_test_${account}_1`, `sk_test_${account}_2`]
  await gateway.sim.control('POST', '/accounts', { email, apiKeys, concurrency: null })
  await name(isNamed)
  expect(await giveStatus(email, `${account}_1`)).toBe(201)
  expect((await make(email)).status).toBe(200)
  return email
}

function make(email: string): Promise<Response> {
  return gateway.createVideo({}, { 'x-gateway-account': email })
}

async function onceIdle(email: string, key: string): Promise<number> {
  await gateway.sim.finishJobs()
  let status = 0
  await untilMoved(gateway, async () => {
    status = await giveStatus(email, key)
    return status !== 409
  })
  return status
}

async function mostInFlight(email: string): Promise<number> {
  return (await gateway.sim.account(email)).maxInFlight
}

test('a key of which HeyGen says the name replaces one of which it did not only once no job runs [I1]', async () => {
  const email = await busy('unnamed-named', { isNamed: false })
  await name(true)
  const refused = await give(email, 'unnamed-named_2')
  expect(refused.status).toBe(409)
  expect(await refused.text()).toContain('Try again when they have ended')
  // The refused key takes nothing away: the account goes on with the one that it has.
  expect((await make(email)).status).toBe(429)
  expect(await onceIdle(email, 'unnamed-named_2')).toBe(201)
  expect((await make(email)).status).toBe(200)
  expect(await mostInFlight(email)).toBe(1)
})

test('two keys of which HeyGen says no name are of one account while a job runs [I1]', async () => {
  const email = await busy('unnamed-both', { isNamed: false })
  expect(await giveStatus(email, 'unnamed-both_2')).toBe(409)
  expect((await make(email)).status).toBe(429)
  expect(await onceIdle(email, 'unnamed-both_2')).toBe(201)
  expect((await make(email)).status).toBe(200)
  expect(await mostInFlight(email)).toBe(1)
})

test('a key of which HeyGen does not say the name replaces a named one once no job runs', async () => {
  const email = await busy('named-unnamed', { isNamed: true })
  await name(false)
  expect(await giveStatus(email, 'named-unnamed_2')).toBe(409)
  expect(await onceIdle(email, 'named-unnamed_2')).toBe(201)
  expect(await mostInFlight(email)).toBe(1)
})

test('the same key keeps its slots, whatever HeyGen says of it [I1]', async () => {
  const email = await busy('same', { isNamed: false })
  for (const isNamed of [true, false]) {
    await name(isNamed)
    expect(await giveStatus(email, 'same_1')).toBe(201)
    expect((await make(email)).status).toBe(429)
  }
  expect(await mostInFlight(email)).toBe(1)
})

for (const isNamed of [true, false])
  test(`an account that was removed ${isNamed ? 'with' : 'without'} a name comes back the other way once its jobs have ended [I1]`, async () => {
    const account = `removed-${isNamed}`
    const email = await busy(account, { isNamed })
    await remove(email)
    await name(!isNamed)
    expect(await giveStatus(email, `${account}_1`)).toBe(409)
    expect(await onceIdle(email, `${account}_1`)).toBe(201)
    expect((await make(email)).status).toBe(200)
    expect(await mostInFlight(email)).toBe(1)
  })

test('half an answer of HeyGen is no account without a name', async () => {
  const email = await busy('half', { isNamed: true })
  const match = { path: '/v3/users/me' }
  for (const effect of [{ badJson: true }, { status: 403, body: '<html></html>' }]) {
    await gateway.sim.clearFaults()
    await gateway.sim.fault({ match, effect })
    expect(await giveStatus(email, 'half_2')).toBe(502)
    expect(await giveStatus('other-half@example.com', 'half_2')).toBe(502)
  }
})

test('an import brings no account whose email has another one with running jobs [I1]', async () => {
  const email = 'import@example.com'
  const apiKeys = ['sk_test_import_1', 'sk_test_import_2']
  await gateway.sim.control('POST', '/accounts', { email, apiKeys, concurrency: null })
  await name(false)
  expect(await giveStatus(email, 'import_1')).toBe(201)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const exported = await (await gateway.admin('GET', '/export')).text()
  await name(true)
  expect(await giveStatus(email, 'import_2')).toBe(201)
  expect((await make(email)).status).toBe(200)
  await remove(email)
  const bring = async () => {
    const init = { method: 'POST', headers, body: exported }
    const answer = await fetch(`${gateway.url}/admin/import`, init)
    return JSON.stringify(await answer.json())
  }
  expect(await bring()).toContain('Jobs run in the account that has or had this email')
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => !(await bring()).includes('Jobs run in the account'))
})
