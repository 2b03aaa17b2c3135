import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO } from '../../support/gateway.ts'

/** Two places with caches of their own, whose KV is a minute behind (test/support/workers/stale-worker.ts). */
const gateway = await openGateway({
  entry: 'test/support/workers/stale-worker.ts',
  simVars: { JOB_MS: '600000' },
})
afterAll(() => gateway.dispose())

function at(place: string, token: string) {
  return (path: string, init: RequestInit = {}) =>
    gateway.fetch(path, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'x-isolate': place,
        'content-type': 'application/json',
        ...(init.headers as object),
      },
    })
}

async function tenant() {
  const { token } = await gateway.newToken()
  return { token, one: at('one', token), two: at('two', token) }
}

const add = (name: string, maxJobs = 9) => ({
  method: 'POST',
  body: JSON.stringify({ apiKey: `sk_sim_${name}`, maxJobs }),
})
const create = { method: 'POST', body: JSON.stringify(VIDEO) }

test('a new account is used at once in a place that has just seen that there was none', async () => {
  const { one, two } = await tenant()
  expect((await two('/heygen/v3/videos', create)).status).toBe(404)
  expect((await one('/v1/heygen/accounts', add('stale-new'))).status).toBe(201)
  expect((await two('/heygen/v3/videos', create)).status).toBe(200)
})

test('a new account is found by its name in a place that knows only the older ones', async () => {
  const { one, two } = await tenant()
  await one('/v1/heygen/accounts', add('stale-old'))
  expect((await two('/heygen/v3/videos', create)).status).toBe(200)
  await one('/v1/heygen/accounts', add('stale-newer'))
  const named = await two('/heygen/v3/videos', {
    ...create,
    headers: { 'x-gateway-account': 'stale-newer@sim.example' },
  })
  expect([named.status, named.headers.get('x-gateway-account')]).toEqual([
    200,
    'stale-newer@sim.example',
  ])
})

test('a job made in one place is followed up on its account from another, every time', async () => {
  const { one, two } = await tenant()
  for (const name of ['stale-a', 'stale-b', 'stale-c']) await one('/v1/heygen/accounts', add(name))
  for (let round = 0; round < 12; round += 1) {
    const [here, there] = round % 2 === 0 ? [one, two] : [two, one]
    const made = await here('/heygen/v3/videos', create)
    const asked = await there(`/heygen/v3/videos/${made.headers.get('x-gateway-job')}`)
    expect([asked.status, asked.headers.get('x-gateway-account')]).toEqual([
      200,
      made.headers.get('x-gateway-account'),
    ])
  }
})

test('a lowered limit holds in a place that still reads the old one [I1]', async () => {
  const { one, two } = await tenant()
  await one('/v1/heygen/accounts', add('stale-limit', 5))
  expect((await two('/heygen/v3/videos', create)).status).toBe(200)
  await one('/v1/heygen/accounts', {
    method: 'POST',
    body: JSON.stringify({ email: 'stale-limit@sim.example', maxJobs: 1 }),
  })
  expect((await two('/heygen/v3/videos', create)).status).toBe(429)
})

test('an account that was removed grants nothing in a place that still knows it [I1]', async () => {
  const { one, two } = await tenant()
  await one('/v1/heygen/accounts', add('stale-gone'))
  await two('/heygen/v3/users/me')
  await one('/v1/heygen/accounts/stale-gone@sim.example', { method: 'DELETE' })
  const refused = await two('/heygen/v3/videos', create)
  expect(refused.status).toBe(404)
  expect((await gateway.sim.account('stale-gone@sim.example')).jobsStarted).toBe(0)
})

test('both places together never put more jobs on an account than its limit [I1]', async () => {
  const { one, two } = await tenant()
  await one('/v1/heygen/accounts', add('stale-full', 3))
  const storm = Array.from({ length: 40 }, (_, index) =>
    (index % 2 ? one : two)('/heygen/v3/videos', create)
  )
  const answers = await Promise.all(storm)
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3)
  expect((await gateway.sim.account('stale-full@sim.example')).maxInFlight).toBe(3)
})

test('an account that is another tenant’s by now takes no creation of who had it before [I5]', async () => {
  const [before, after] = [await tenant(), await tenant()]
  await before.one('/v1/heygen/accounts', add('stale-moved'))
  // The other place knows it now, and will for a minute.
  expect((await before.two('/heygen/v3/videos', create)).status).toBe(200)
  await before.one('/v1/heygen/accounts/stale-moved@sim.example', { method: 'DELETE' })
  expect((await after.one('/v1/heygen/accounts', add('stale-moved'))).status).toBe(201)
  await gateway.sim.forgetRequests()
  expect((await before.two('/heygen/v3/videos', create)).status).toBe(404)
  expect(await gateway.sim.requests()).toEqual([])
  expect((await after.one('/heygen/v3/videos', create)).status).toBe(200)
})

test('a tenant made again under a removed name has nothing of the old one in a place that still knows it [I5]', async () => {
  const name = 'stale-again'
  const old = await gateway.newToken({ tenant: name })
  const at2 = at('two', old.token)
  await at('one', old.token)('/v1/heygen/accounts', add('stale-old-one'))
  expect((await at2('/heygen/v3/users/me')).status).toBe(200)
  expect((await gateway.admin('DELETE', `/tenants/${name}`)).status).toBe(204)
  const made = await gateway.newToken({ tenant: name })
  await gateway.sim.forgetRequests()
  for (const place of ['two', 'one']) {
    const answer = await at(place, made.token)('/heygen/v3/users/me')
    expect([place, answer.status, answer.headers.get('x-gateway-account')]).toEqual([
      place,
      404,
      null,
    ])
  }
  expect(await gateway.sim.requests()).toEqual([])
  // The old token is known there for up to a minute: it can add nothing to what was removed.
  expect((await at2('/v1/heygen/accounts', add('stale-late'))).status).toBe(401)
  const endpoint = { method: 'POST', body: JSON.stringify({ url: 'https://example.com/hook' }) }
  expect((await at2('/v3/webhooks/endpoints', endpoint)).ok).toBe(false)
  expect((await at2('/v1/heygen/accounts')).status).toBe(404)
  expect((await at2('/heygen/v3/videos', create)).status).toBe(404)
  const other = await tenant()
  for (const account of ['stale-late', 'stale-old-one']) {
    expect((await other.one('/v1/heygen/accounts', add(account))).status).toBe(201)
  }
})
