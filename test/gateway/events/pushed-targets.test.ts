/** Webhook endpoints and secrets stand at accounts' objects before a job ends there (RFC 0007, section 5). */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { advance, MINUTE, SECOND } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, callNaming, openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, {
  accounts: { a: 5, b: 5 },
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/events/pushes-worker.ts',
})

interface Seen {
  asked: number
  told: number
  held: number
}

/** Which manners there are: test/support/workers/events/pushes-worker.ts. */
async function objectsAre(manner: Record<string, true>): Promise<Seen> {
  const body = JSON.stringify(manner)
  return (await (await fetch(`${gateway.url}/__pushes`, { method: 'POST', body })).json()) as Seen
}

async function seen(): Promise<Seen> {
  return (await (await fetch(`${gateway.url}/__pushes`)).json()) as Seen
}

let tests = 0
let id = ''
let place = ''

beforeEach(async () => {
  place = `/heard-${(tests += 1)}`
  id = (await addEndpoint(gateway, `${receiver.url}${place}`)).endpoint_id
  await seen()
})

afterEach(async () => {
  await objectsAre({})
  await gateway.fetch(`/heygen/v3/webhooks/endpoints/${id}`, { method: 'DELETE' })
})

async function moveTo(path: string): Promise<void> {
  place = path
  const changed = await callNaming(() =>
    gateway.fetch(`/heygen/v3/webhooks/endpoints/${id}`, {
      method: 'PATCH',
      body: JSON.stringify({ url: `${receiver.url}${path}` }),
      headers: { 'content-type': 'application/json' },
    })
  )
  expect(changed.status, await changed.text()).toBe(200)
}

async function begin(name: string): Promise<string> {
  const created = await gateway.createVideo({}, { 'x-gateway-account': `${name}@example.com` })
  return created.headers.get('x-gateway-job') ?? ''
}

async function end(job: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
}

async function wholeJob(name: string): Promise<void> {
  const before = receiver.posts(place).length
  await end(await begin(name))
  await receiver.heard(place, before + 1)
}

test('an endpoint is at every account when its change is answered, and no end of a job asks the desk', async () => {
  await moveTo('/everywhere')
  expect((await seen()).told).toBe(2)
  await wholeJob('a')
  await wholeJob('b')
  await advance(gateway, MINUTE)
  await wholeJob('a')
  expect(await seen()).toMatchObject({ asked: 0, told: 0 })
})

test('a change that no account hears of is answered all the same, and reaches each by the desk’s alarm [I3]', async () => {
  await objectsAre({ isLost: true })
  await moveTo('/late')
  await advance(gateway, 11 * SECOND)
  expect((await objectsAre({})).told).toBeGreaterThanOrEqual(4)
  await advance(gateway, MINUTE)
  expect((await seen()).told).toBe(2)
  await wholeJob('a')
  await wholeJob('b')
  await advance(gateway, 10 * MINUTE)
  expect(await seen()).toMatchObject({ asked: 0, told: 0 })
})

test('an end that comes before its account has a new endpoint, or a changed one, is told to it later, once [I3]', async () => {
  const old = await begin('a')
  await end(old)
  await receiver.heard(place, 1)
  const changed = await addEndpoint(gateway, `${receiver.url}/changed`, ['avatar_video.fail'])
  const kept = await addEndpoint(gateway, `${receiver.url}/kept`, ['avatar_video.fail'])
  const [one, other] = [await begin('a'), await begin('b')]
  await objectsAre({ isLost: true })
  const added = await addEndpoint(gateway, `${receiver.url}/added`)
  const wish = { events: ['avatar_video.success'] }
  const body = {
    method: 'PATCH',
    body: JSON.stringify(wish),
    headers: { 'content-type': 'application/json' },
  }
  const { status } = await gateway.fetch(
    `/heygen/v3/webhooks/endpoints/${changed.endpoint_id}`,
    body
  )
  expect(status).toBe(200)
  await end(one)
  await end(other)
  await receiver.heard(place, 3)
  expect([receiver.posts('/added').length, receiver.posts('/changed').length]).toEqual([0, 0])
  await objectsAre({})
  await advance(gateway, MINUTE)
  for (const path of ['/added', '/changed']) {
    await receiver.heard(path, 2)
    const ids = receiver.posts(path).map((post) => post.headers['x-gateway-job'])
    expect(ids.toSorted()).toEqual([one, other].toSorted())
  }
  await moveTo('/after')
  await wholeJob('a')
  await receiver.heard('/added', 3)
  await receiver.heard('/changed', 3)
  expect(receiver.posts('/kept')).toEqual([])
  for (const { endpoint_id } of [changed, kept, added])
    await gateway.fetch(`/heygen/v3/webhooks/endpoints/${endpoint_id}`, { method: 'DELETE' })
})

test('a change waits two seconds at most for accounts that do not answer', async () => {
  await objectsAre({ isHanging: true })
  await moveTo('/hanging')
  expect((await seen()).told).toBe(2)
})

test('an endpoint that is changed while an account is claimed reaches that account [I3]', async () => {
  await objectsAre({ isClaimHeld: true })
  await gateway.sim.addAccount('late@example.com', 'sk_test_late')
  const adding = gateway.post('/v1/heygen/accounts', {
    email: 'late@example.com',
    apiKey: 'sk_test_late',
    maxJobs: 2,
  })
  await until(async () => (await seen()).held === 1)
  await moveTo('/claimed')
  await objectsAre({})
  expect((await adding).status).toBe(201)
  await advance(gateway, MINUTE)
  await seen()
  await wholeJob('late')
  expect((await seen()).asked).toBe(0)
  await gateway.fetch('/v1/heygen/accounts/late@example.com', { method: 'DELETE' })
})

test('an account of an older release, to which nothing was pushed, asks once', async () => {
  await objectsAre({ areAccountsOld: true })
  await gateway.addAccount('older', 5)
  await objectsAre({})
  await wholeJob('older')
  expect((await seen()).asked).toBe(1)
  await advance(gateway, MINUTE)
  await wholeJob('older')
  expect((await seen()).asked).toBe(0)
})

test('where the desk is of an older release, which pushes nothing, each end asks [I3]', async () => {
  await objectsAre({ areAccountsOld: true, areDesksOld: true })
  await gateway.addAccount('oldest', 5)
  for (const path of ['/first', '/second']) {
    await moveTo(path)
    await seen()
    await wholeJob('oldest')
    expect((await seen()).asked).toBeGreaterThan(0)
    await advance(gateway, MINUTE)
  }
})

test('the last job of a removed account goes by what its desk says then [I3]', async () => {
  await gateway.addAccount('removed', 5)
  const job = await begin('removed')
  const gone = await gateway.fetch('/v1/heygen/accounts/removed@example.com', { method: 'DELETE' })
  expect(gone.status).toBe(204)
  await moveTo('/after-removal')
  await advance(gateway, MINUTE)
  await end(job)
  await receiver.heard('/after-removal')
})
