/** Whether an older call is sent as it is or carried: what HeyGen still serves to every account decides. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, DAY, MINUTE, pass, stopClock } from '../../support/clock/clock.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'

const gateway = await openGateway({ entry: CLOCKED, simVars: { JOB_MS: '-1' } })
await stopClock(gateway)
afterAll(() => gateway.dispose())

let own: Gateway
let number = 0

/** A tenant of its own with these accounts. Each of their names gets the test's number. */
async function pool(accounts: Record<string, { sunset?: unknown }>): Promise<Gateway> {
  number += 1
  const tenant = gateway.as((await gateway.newToken()).token)
  for (const [name, { sunset = null }] of Object.entries(accounts))
    await tenant.addAccount(`${name}${number}`, 2, { sunset })
  return tenant
}

const sunsetOf = (name: string, sunset: unknown) =>
  gateway.sim.control('POST', '/accounts', { email: `${name}${number}@example.com`, sunset })

async function isCarried(path = '/heygen/v1/video_status.get?video_id=v'): Promise<boolean> {
  const answer = await own.fetch(path)
  return answer.headers.has('x-gateway-carried')
}

beforeEach(() => gateway.sim.settings({ sunset: false }))

test('an older call is sent as it is while every account has its family', async () => {
  own = await pool({ ann: {}, bob: {} })
  expect(await isCarried()).toBe(false)
})

test('an account added to a HeyGen without the older API is served at once', async () => {
  own = await pool({ ann: { sunset: '404-json' } })
  expect(await isCarried()).toBe(true)
})

test('a pool in which one account lacks the older API is carried', async () => {
  own = await pool({ ann: {}, bob: { sunset: '410' } })
  expect(await isCarried()).toBe(true)
})

test('a family counts as gone after two answers ten minutes apart, and returns by itself', async () => {
  own = await pool({ ann: {} })
  await sunsetOf('ann', '404-json')
  // A list that names nothing is not found: the account is asked.
  expect((await own.fetch('/heygen/v1/video.list')).status).toBe(404)
  await pass(gateway, 5 * MINUTE)
  expect(await isCarried()).toBe(false)
  await pass(gateway, 7 * MINUTE)
  expect(await isCarried()).toBe(true)
  await sunsetOf('ann', false)
  await advance(gateway, DAY + MINUTE)
  expect(await isCarried()).toBe(false)
})

test('a page of the edge says nothing about the older API, and does not confirm a suspicion', async () => {
  own = await pool({ ann: {} })
  await sunsetOf('ann', '404-json')
  expect((await own.fetch('/heygen/v1/video.list')).status).toBe(404)
  await pass(gateway, MINUTE)
  await sunsetOf('ann', '404-html')
  expect((await own.fetch('/heygen/v1/video.list')).status).toBe(404)
  await pass(gateway, 25 * MINUTE)
  expect(await isCarried()).toBe(false)
})

test('a call that HeyGen ends with 410 is carried at once', async () => {
  own = await pool({ ann: {} })
  await sunsetOf('ann', '410')
  expect(await isCarried()).toBe(true)
})
