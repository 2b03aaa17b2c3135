/** I3: whoever asked is told, signed, until it is taken or given up with its reason. */
import { expect, test } from 'vitest'
import { expectSigned, makeCallbackSecret } from '../support/callback-secret.ts'
import { untilMoved } from '../support/clock/clock.ts'
import { until } from '../support/gateway.ts'
import type { Received } from '../support/receiver.ts'
import type { Bench } from './bench.ts'
import { pause, Tenant } from './tenant.ts'

interface Delivery {
  id: string
  state: string
  reason: string | null
  attempts: { status: number | null }[]
}

async function deliveryOf({ at }: Tenant, job: string): Promise<Delivery | undefined> {
  const answer = await at.fetch(`/v1/deliveries?job=${job}`)
  const { deliveries } = (await answer.json()) as { deliveries: Delivery[] }
  const [found] = deliveries
  if (!found) return undefined
  return (await (await at.fetch(`/v1/deliveries/${found.id}`)).json()) as Delivery
}

export function tellsEveryEnd({ kit, calm, moved, receiver }: Bench): void {
  const heard = (path: string, count = 1): Promise<Received[]> =>
    until(async () => receiver.posts(path).length >= count && receiver.posts(path))
  const heardMoved = (path: string, count = 1): Promise<Received[]> =>
    untilMoved(moved, async () => receiver.posts(path).length >= count && receiver.posts(path))

  test('to the callback in the body, signed with the tenant’s secret, at once and once [I3]', async () => {
    const tenant = await Tenant.open(calm, kit, 2)
    const secret = await makeCallbackSecret(tenant.at)
    for (const status of ['completed', 'failed']) {
      const id = await tenant.start({ callback: `${receiver.url}/body-${status}` })
      const endedAt = Date.now()
      await tenant.end(id, status)
      const [told] = (await heard(`/body-${status}`)) as [Received]
      // A second is meant. Ten seconds after the end a lost attempt would be made again, half a minute after the
      // creation the alarm would ask: neither has happened.
      expect(told.at - endedAt).toBeLessThan(9000)
      const delivery = await until(async () => {
        const found = await deliveryOf(tenant, id)
        return found?.state === 'delivered' && found
      })
      expect(delivery.attempts).toHaveLength(1)
      expectSigned(told, secret)
      expect(kit.endIn(told.body)).toEqual({ id, isDone: status === 'completed' })
    }
    await pause(300)
    expect(receiver.posts('/body-completed')).toHaveLength(1)
  })

  test('to X-Gateway-Reply-Url with its reference, unless the body names another [I3]', async () => {
    const tenant = await Tenant.open(calm, kit, 2)
    const secret = await makeCallbackSecret(tenant.at)
    const header = {
      'x-gateway-reply-url': `${receiver.url}/header`,
      'x-gateway-reply-ref': 'my wish #7',
    }
    const id = await tenant.start({}, header)
    await tenant.end(id)
    const [told] = (await heard('/header')) as [Received]
    expectSigned(told, secret)
    expect(told.headers['x-gateway-reply-ref']).toBe('my wish #7')
    expect(kit.endIn(told.body)).toEqual({ id, isDone: true })
    await tenant.end(await tenant.start({ callback: `${receiver.url}/nearer` }, header))
    await heard('/nearer')
    await pause(300)
    expect(receiver.posts('/header')).toHaveLength(1)
  })

  test('of twelve jobs that end together and are told twice: each under one id, and no two under the same [I3]', async () => {
    const tenant = await Tenant.open(calm, kit, 6, 6)
    await calm.sim.settings({ doubleRate: 1 })
    const wish = { callback: `${receiver.url}/many` }
    const ids = await Promise.all(Array.from({ length: 12 }, () => tenant.start(wish)))
    await Promise.all(ids.map((id) => tenant.end(id)))
    await until(async () => {
      const told = receiver.posts('/many').map(({ body }) => kit.endIn(body).id)
      return ids.every((id) => told.includes(id))
    })
    const pairs = receiver
      .posts('/many')
      .map(({ body, headers }) => `${kit.endIn(body).id} ${String(headers['webhook-id'])}`)
    expect(new Set(pairs).size).toBe(12)
    expect(new Set(pairs.map((pair) => pair.split(' ')[1])).size).toBe(12)
  })

  test('that was heard only because a client asked [I3]', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    await calm.sim.settings({ webhooks: 'off' })
    const id = await tenant.start({ callback: `${receiver.url}/polled` })
    await tenant.end(id)
    await tenant.poll(id)
    const [told] = (await heard('/polled')) as [Received]
    expect(kit.endIn(told.body)).toEqual({ id, isDone: true })
  })

  test('that only the alarm heard of, and that of a job whose creation was lost [I3]', async () => {
    const tenant = await Tenant.open(moved, kit, 2)
    await moved.sim.settings({ webhooks: 'off' })
    const id = await tenant.start({ callback: `${receiver.url}/alarm` })
    await tenant.faultCreations({ reset: 'after' })
    await tenant.create({ callback: `${receiver.url}/lost`, name: 'lost-but-told' })
    const { jobs } = await tenant.seen()
    for (const job of jobs) await tenant.end(job.id)
    const [told] = (await heardMoved('/alarm')) as [Received]
    expect(kit.endIn(told.body)).toEqual({ id, isDone: true })
    const [late] = (await heardMoved('/lost')) as [Received]
    expect(kit.endIn(late.body)).toEqual({
      id: jobs.find((job) => job.id !== id)?.id,
      isDone: true,
    })
  })

  test('again until it is taken, each time the same event under the same id [I3]', async () => {
    const tenant = await Tenant.open(moved, kit, 1)
    receiver.answer = ({ path }) =>
      path === '/flaky' && receiver.posts('/flaky').length <= 2 ? 500 : 200
    const id = await tenant.start({ callback: `${receiver.url}/flaky` })
    await tenant.end(id)
    const posts = await heardMoved('/flaky', 3)
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(posts.map(({ body }) => body)).size).toBe(1)
    const done = await until(async () => {
      const found = await deliveryOf(tenant, id)
      return found?.state === 'delivered' && found
    })
    expect(done.attempts.map(({ status }) => status)).toEqual([500, 500, 200])
  })

  test('or stands among the dead with its reason, and can be sent again by hand [I3]', async () => {
    const tenant = await Tenant.open(moved, kit, 1)
    receiver.answer = ({ path }) =>
      path === '/dead' && receiver.posts('/dead').length === 1 ? 410 : 200
    const id = await tenant.start({ callback: `${receiver.url}/dead` })
    await tenant.end(id)
    const dead = await until(async () => {
      const found = await deliveryOf(tenant, id)
      return found?.state === 'dead' && found
    })
    expect(dead.reason).toContain('410')
    const listed = await tenant.at.fetch('/v1/deliveries?state=dead')
    expect(await listed.json()).toMatchObject({ deliveries: [{ id: dead.id }] })
    const again = await tenant.at.fetch(`/v1/deliveries/${dead.id}/retry`, { method: 'POST' })
    expect(again.status).toBe(202)
    await until(async () => (await deliveryOf(tenant, id))?.state === 'delivered')
  })
}
