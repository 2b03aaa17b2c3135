/** HeyGen sends the events of all an account's jobs to its webhook, also of jobs that a tenant started who had the account before. */
import { afterAll, expect, test } from 'vitest'
import { advance, MINUTE, stopClock } from '../../support/clock/clock.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addEndpoint, eventOf, hookOf, openHooked, signed } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const gateway = await openHooked(open, {
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
await stopClock(gateway)

function lose(...methods: string[]): Promise<Response> {
  return fetch(`${gateway.url}/__lose`, { method: 'POST', body: JSON.stringify(methods) })
}

async function hear(name: string, id: string): Promise<void> {
  await advance(gateway, MINUTE)
  const { url, secret } = await hookOf(gateway, name)
  const body = eventOf(id)
  // Nobody can say which job the creation started: HeyGen is down.
  await gateway.sim.fault({ match: {}, times: 100_000, effect: { status: 500 } })
  const heard = await fetch(url, { method: 'POST', body, headers: signed(secret, body) })
  expect(heard.status).toBe(204)
  // An event that may be about a creation under way waits for ten minutes.
  for (let minutes = 0; minutes < 12; minutes += 1) await advance(gateway, MINUTE)
  await gateway.sim.clearFaults()
}

test('an event that may be about a lost creation of the tenant before is not told to the present one, others are [I5]', async () => {
  const before = gateway.as((await gateway.newToken()).token)
  const after = gateway.as((await gateway.newToken()).token)
  await before.addAccount('sold', 2)
  await addEndpoint(after, `${receiver.url}/after`)
  await lose('bind', 'jobsOf', 'madeBy')
  const created = await before.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  expect(created.status).toBe(200)
  const path = '/v1/heygen/accounts/sold@example.com'
  expect((await before.fetch(path, { method: 'DELETE' })).status).toBe(204)
  await after.addAccount('sold', 2)
  await hear('sold', job)
  expect(receiver.posts('/after')).toEqual([])
  // The creation's job is known again, so an event about another one is none of that tenant's.
  await lose()
  await advance(gateway, 10 * MINUTE)
  await hear('sold', 'made-at-heygen')
  const [told] = await receiver.heard('/after')
  expect(told?.body.toString()).toContain('made-at-heygen')
})
