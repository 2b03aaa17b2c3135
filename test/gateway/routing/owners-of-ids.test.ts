import { expect, test } from 'vitest'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { testFull } from '../../support/full.ts'

const gatewayWith = gatewaysOfTests()
const LONG = { simVars: { JOB_MS: '600000' } }
const THREE = { accounts: { a: 9, b: 9, c: 9 }, ...LONG }

const by = (answer: Response) => answer.headers.get('x-gateway-account')

/** A resource made outside the gateway. */
async function outside(
  gateway: Gateway,
  name: string,
  resource: string,
  id: string
): Promise<string> {
  await gateway.sim.control('POST', '/resources', { account: `${name}@example.com`, resource, id })
  return id
}

test('an id made outside the gateway is found at first use with one read per account, then with none', async () => {
  const gateway = await gatewayWith(THREE)
  const id = await outside(gateway, 'b', 'template', 'tpl-outside')
  await gateway.sim.forgetRequests()
  const first = await gateway.fetch(`/heygen/v2/template/${id}`)
  expect([first.status, by(first)]).toEqual([200, 'b@example.com'])
  expect((await gateway.sim.requests()).length).toBeLessThanOrEqual(4)
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 5; round += 1)
    expect(by(await gateway.fetch(`/heygen/v2/template/${id}`))).toBe('b@example.com')
  expect(await gateway.sim.requests()).toHaveLength(5)
})

test('fifty calls at once with an unknown id ask each account once', async () => {
  const gateway = await gatewayWith(THREE)
  const id = await outside(gateway, 'c', 'template', 'tpl-storm')
  await gateway.sim.forgetRequests()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => gateway.fetch(`/heygen/v2/template/${id}`))
  )
  expect(new Set(answers.map(by))).toEqual(new Set(['c@example.com']))
  expect(await gateway.sim.requests()).toHaveLength(53)
})

test('an id that all accounts but one lack is taken to be of the one that could not be asked', async () => {
  const gateway = await gatewayWith(THREE)
  const id = await outside(gateway, 'b', 'avatar', 'look-of-b')
  const match = { method: 'GET', account: 'b@example.com' }
  for (const effect of [{ status: 503 }, { reset: 'before' }]) {
    await gateway.sim.fault({ match, effect })
    const made = await gateway.createVideo({ avatar_id: id })
    expect([made.status, by(made)]).toEqual([200, 'b@example.com'])
    await gateway.sim.clearFaults()
  }
  // That was a guess, which is not kept.
  await gateway.sim.forgetRequests()
  const found = await gateway.createVideo({ avatar_id: id })
  expect([found.status, by(found)]).toEqual([200, 'b@example.com'])
  const isRead = ({ method, path }: { method: string; path: string }) =>
    method === 'GET' && path.endsWith(`/${id}`)
  expect((await gateway.sim.requests()).filter(isRead)).toHaveLength(3)
})

test('an id that two accounts show is public: the others are not asked, and nobody is asked again', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `n${at}`)
  const accounts = Object.fromEntries(names.map((name) => [name, 2]))
  const gateway = await gatewayWith({ accounts, ...LONG })
  const id = 'look-of-everybody'
  for (const name of names) await outside(gateway, name, 'avatar', id)
  await gateway.sim.forgetRequests()
  expect((await gateway.createVideo({ avatar_id: id })).status).toBe(200)
  const isRead = ({ method, path }: { method: string; path: string }) =>
    method === 'GET' && path.endsWith(`/${id}`)
  const reads = (await gateway.sim.requests()).filter(isRead)
  // Six at a time; after the first answer one more is asked.
  expect(reads.length).toBeLessThanOrEqual(7)
  await gateway.sim.forgetRequests()
  expect((await gateway.createVideo({ avatar_id: id })).status).toBe(200)
  expect((await gateway.sim.requests()).filter(isRead)).toEqual([])
})

test('an id that two accounts show is known to be public though a third could not be asked', async () => {
  const gateway = await gatewayWith(THREE)
  const id = 'look-of-two'
  for (const name of ['b', 'c']) await outside(gateway, name, 'avatar', id)
  const look = `/v3/avatars/looks/${id}`
  const match = { account: 'a@example.com', path: look }
  await gateway.sim.fault({ match, times: 1, effect: { status: 500 } })
  // It is then read on any of the three, and `a` does not have it.
  await gateway.fetch(`/heygen${look}`)
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 3; round += 1) await gateway.createVideo({ avatar_id: id })
  const reads = (await gateway.sim.requests()).filter(({ path }) => path === look)
  expect(reads).toEqual([])
})

test('a video of a private avatar, a cloned voice and an uploaded image of one account always runs there', async () => {
  const gateway = await gatewayWith(THREE)
  const avatar = await outside(gateway, 'b', 'avatar', 'private-avatar-1')
  const voice = await outside(gateway, 'b', 'voice', 'cloned-voice-1')
  const uploaded = await gateway.fetch('/heygen/v1/asset', {
    method: 'POST',
    body: new Uint8Array(10),
    headers: { 'content-type': 'image/png', 'x-gateway-account': 'b@example.com' },
  })
  const { data } = (await uploaded.json()) as { data: { id: string } }
  const watermark = { image: { type: 'asset_id', asset_id: data.id } }
  for (let round = 0; round < 6; round += 1) {
    const created = await gateway.createVideo({ avatar_id: avatar, voice_id: voice, watermark })
    expect([created.status, by(created)]).toEqual([200, 'b@example.com'])
  }
})

test('ids of two accounts in one call are a conflict that names both', async () => {
  const gateway = await gatewayWith(THREE)
  const avatar = await outside(gateway, 'a', 'avatar', 'avatar-of-a')
  const voice = await outside(gateway, 'b', 'voice', 'voice-of-b')
  const refused = await gateway.createVideo({ avatar_id: avatar, voice_id: voice })
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([409, 'owners_conflict'])
  const text = await refused.text()
  for (const part of ['avatar-of-a', 'voice-of-b', 'a@example.com', 'b@example.com'])
    expect(text).toContain(part)
  expect(await gateway.heldSlots()).toBe(0)
})

test('what an upload or a creation answers pins what comes later', async () => {
  const gateway = await gatewayWith(THREE)
  const made = await gateway.post('/heygen/v1/folders/create', {
    name: 'Clients',
    project_type: 'video',
  })
  const { data } = (await made.json()) as { data: { id: string } }
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 4; round += 1) {
    const renamed = await gateway.post(`/heygen/v1/folders/${data.id}`, {
      name: `Clients ${round}`,
    })
    expect([renamed.status, by(renamed)]).toEqual([200, by(made)])
  }
  expect(await gateway.sim.requests()).toHaveLength(4)
})

test('an upload goes to the account with the most room, and pins the job that uses it', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 5, c: 2 }, ...LONG })
  const upload = () =>
    gateway.fetch('/heygen/v1/asset', {
      method: 'POST',
      body: new Uint8Array(10),
      headers: { 'content-type': 'image/png' },
    })
  const uploaded = await upload()
  expect(by(uploaded)).toBe('b@example.com')
  const { data } = (await uploaded.json()) as { data: { id: string } }
  const watermark = { image: { type: 'asset_id', asset_id: data.id } }
  for (let round = 0; round < 4; round += 1)
    expect(by(await gateway.createVideo({ watermark }))).toBe('b@example.com')
  // Its home, until it has taken as many uploads as it has slots.
  for (let round = 0; round < 4; round += 1) expect(by(await upload())).toBe('b@example.com')
  expect(by(await upload())).toBe('c@example.com')
})

// Of its kind in `npm test`: this file: the other tests; routing/account-of-newer-rows.test.ts
testFull('public avatars spread over accounts that are added later', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  await gateway.fetch('/heygen/v3/avatars/looks?limit=100')
  expect((await gateway.createVideo()).status).toBe(200)
  for (const name of ['b', 'c', 'd', 'e']) await gateway.addAccount(name, 9)
  const used = new Set<string | null>()
  for (let round = 0; round < 40; round += 1) used.add(by(await gateway.createVideo()))
  expect(used.size).toBe(5)
})

test('a removed account’s ids are forgotten, a re-added one’s found again', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
  const id = await outside(gateway, 'b', 'template', 'tpl-again')
  expect(by(await gateway.fetch(`/heygen/v2/template/${id}`))).toBe('b@example.com')
  await gateway.fetch('/v1/heygen/accounts/b@example.com', { method: 'DELETE' })
  expect((await gateway.fetch(`/heygen/v2/template/${id}`)).status).toBe(404)
  await gateway.post('/v1/heygen/accounts', {
    email: 'b@example.com',
    apiKey: 'sk_test_b',
    maxJobs: 9,
  })
  await until(async () => by(await gateway.fetch(`/heygen/v2/template/${id}`)) === 'b@example.com')
})

test('what was known of an email is forgotten when it gets another account’s key', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
  const id = await outside(gateway, 'b', 'template', 'tpl-moved')
  expect(by(await gateway.fetch(`/heygen/v2/template/${id}`))).toBe('b@example.com')
  await gateway.sim.addAccount('c@example.com', 'sk_test_c')
  const register = (email: string, apiKey: string) =>
    gateway.post('/v1/heygen/accounts', { email, apiKey, maxJobs: 9 })
  expect((await register('b@example.com', 'sk_test_c')).status).toBe(201)
  expect((await register('moved@example.com', 'sk_test_b')).status).toBe(201)
  const found = await gateway.fetch(`/heygen/v2/template/${id}`)
  expect([found.status, by(found)]).toEqual([200, 'moved@example.com'])
})

test('an id that nobody has is looked for once a minute, and answers as the provider does', async () => {
  const gateway = await gatewayWith(THREE)
  await gateway.sim.forgetRequests()
  for (let round = 0; round < 3; round += 1)
    expect((await gateway.fetch('/heygen/v3/videos/nobody-has-this')).status).toBe(404)
  expect((await gateway.sim.requests()).length).toBe(3 + 3)
})
