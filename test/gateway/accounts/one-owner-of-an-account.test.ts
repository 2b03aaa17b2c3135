import { afterAll, afterEach, expect, test } from 'vitest'
import { setClaims, SLOW_CLAIMS, Tenant, untilHeld } from '../../support/scenes/claims.ts'
import { openGateway, until } from '../../support/gateway.ts'

const gateway = await openGateway({ entry: SLOW_CLAIMS, simVars: { JOB_MS: '600000' } })
afterAll(() => gateway.dispose())
afterEach(() => setClaims(gateway))
const [ana, ben] = [await Tenant.open(gateway), await Tenant.open(gateway)]

async function account(name: string): Promise<string> {
  const email = `${name}@example.com`
  await gateway.sim.addAccount(email, `sk_test_${name}`)
  return email
}

test('while one tenant’s claim is being answered, the account is not given to another [I5]', async () => {
  const email = await account('late')
  await setClaims(gateway, {
    rules: [{ method: 'claim', tenant: ana.id, when: 'after', what: 'hold' }],
  })
  const first = ana.add('late')
  await untilHeld(gateway)
  expect(await ben.add('late')).toBe(409)
  await setClaims(gateway)
  expect(await first).toBe(201)
  expect([await ana.emails(), await ben.emails()]).toEqual([[email], []])
})

test('a claim whose answer got lost blocks nobody', async () => {
  const email = await account('lost')
  await setClaims(gateway, {
    rules: [{ method: 'claim', tenant: ana.id, when: 'after', what: 'lose' }],
  })
  expect(await ana.add('lost')).toBe(500)
  expect(await ben.add('lost')).toBe(201)
  expect(await ana.add('lost')).toBe(409)
  expect(await ben.emails()).toEqual([email])
})

test('an account that its holder claims anew is not taken by who was told that it was free [I5]', async () => {
  const email = await account('anew')
  await setClaims(gateway, {
    rules: [
      { method: 'claim', tenant: ana.id, when: 'after', what: 'lose' },
      // What the alarm would let go.
      { method: 'retire', tenant: ana.id, when: 'before', what: 'lose' },
      { method: 'claim', tenant: ben.id, isInstead: true, when: 'before', what: 'hold' },
    ],
  })
  expect(await ana.add('anew')).toBe(500)
  const second = ben.add('anew')
  await untilHeld(gateway)
  expect(await ana.add('anew')).toBe(201)
  await setClaims(gateway)
  expect(await second).toBe(409)
  expect([await ana.emails(), await ben.emails()]).toEqual([
    expect.arrayContaining([email]) as string[],
    expect.not.arrayContaining([email]) as string[],
  ])
})

test('a removal that comes late takes the account from nobody else [I5]', async () => {
  const email = await account('moved')
  expect(await ana.add('moved')).toBe(201)
  await setClaims(gateway, {
    rules: [{ method: 'retire', tenant: ana.id, when: 'before', what: 'hold' }],
  })
  const removal = ana.remove(email)
  await untilHeld(gateway)
  expect(await ben.add('moved')).toBe(201)
  await setClaims(gateway)
  expect(await removal).toBe(204)
  const made = await ben.gateway.createVideo({}, { 'x-gateway-account': email })
  expect(made.status).toBe(200)
  expect(await ana.emails()).not.toContain(email)
})

test('an account of one tenant is not added by it again under another email', async () => {
  await account('twice')
  const answers = await Promise.all([ana.add('twice'), ana.add('twice', 'again@example.com')])
  expect(answers.toSorted()).toEqual([201, 409])
})

test('a claim that nobody came back for is let go by itself', async () => {
  await account('left')
  await setClaims(gateway, {
    rules: [{ method: 'claim', tenant: ana.id, when: 'after', what: 'lose' }],
  })
  expect(await ana.add('left')).toBe(500)
  // As long as somebody holds it, its holder's desk is asked; once it is let go, nobody is.
  const rule = { method: 'holds', when: 'before', what: 'lose' }
  await until(async () => {
    await setClaims(gateway, { rules: [rule] })
    return (await ben.add('left')) === 201
  })
})

test('an account whose claim is answered while its tenant is removed stays with nobody', async () => {
  const email = await account('closing')
  const gone = await Tenant.open(gateway)
  await setClaims(gateway, {
    rules: [{ method: 'claim', tenant: gone.id, when: 'after', what: 'hold' }],
  })
  const adding = gone.add('closing')
  await untilHeld(gateway)
  expect((await gateway.admin('DELETE', `/tenants/${gone.id}`)).status).toBe(204)
  await setClaims(gateway)
  expect(await adding).toBe(401)
  expect(await ben.add('closing')).toBe(201)
  expect(await ben.emails()).toContain(email)
})

test('an account whose object a change has closed is opened again, when the change was lost', async () => {
  const email = 'shut@example.com'
  const apiKeys = ['sk_test_shut', 'sk_test_shut2']
  await gateway.sim.control('POST', '/accounts', { email, apiKeys, concurrency: null })
  await gateway.sim.fault({ match: { path: '/v3/users/me' }, effect: { status: 403 } })
  expect(await ana.add('shut')).toBe(201)
  await gateway.sim.clearFaults()
  await setClaims(gateway, { rules: [{ method: 'vacate', when: 'after', what: 'lose' }] })
  expect(await ana.add('shut2', email)).toBe(500)
  const make = () => ana.gateway.createVideo({}, { 'x-gateway-account': email })
  expect((await make()).status).not.toBe(200)
  await until(async () => (await make()).status === 200)
})
