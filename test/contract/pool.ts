/** Many accounts look like one: owners, lists, limits, and what is said when none can serve. */
import { expect, test } from 'vitest'
import { stopClock } from '../support/clock/clock.ts'
import { testFull } from '../support/full.ts'
import { until } from '../support/gateway.ts'
import type { Bench } from './bench.ts'
import { accountOf, errorOf, jobOf, Tenant } from './tenant.ts'

const COUNTING = 'test/support/workers/counting-worker.ts'

export function makesOneAccountOfMany({ kit, open, calm, receiver }: Bench): void {
  test('a job is followed up on its own account, even while that one is full', async () => {
    const tenant = await Tenant.open(calm, kit, 1, 1, 1)
    for (const _ of tenant.names) {
      const created = await tenant.create()
      const asked = await tenant.poll(jobOf(created))
      expect([asked.status, accountOf(asked)]).toEqual([200, accountOf(created)])
    }
    expect((await tenant.create()).status).toBe(429)
  })

  test('a job that was started beside us is found on the account that has it', async () => {
    const tenant = await Tenant.open(calm, kit, 1, 1, 1)
    const account = tenant.emails[1] ?? ''
    const { id } = await calm.sim.control<{ id: string }>('POST', '/jobs', {
      provider: kit.name,
      account,
    })
    const asked = await tenant.poll(id)
    expect([asked.status, accountOf(asked)]).toEqual([200, account])
  })

  test('a list shows every account’s jobs, each once', async () => {
    const tenant = await Tenant.open(calm, kit, 3, 3, 3)
    const ids: string[] = []
    for (const email of tenant.emails) {
      for (let row = 0; row < 3; row += 1) {
        ids.push(await tenant.start({}, { 'x-gateway-account': email }))
      }
    }
    expect((await tenant.listedIds()).toSorted()).toEqual(ids.toSorted())
  })

  test('a full pool answers 429 as the provider’s clients know it, with a time to come back', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    const id = await tenant.start()
    const full = await tenant.create()
    expect([full.status, errorOf(full)]).toEqual([429, 'slots_full'])
    const seconds = Number(full.headers.get('retry-after'))
    expect([seconds >= 5, seconds <= 60]).toEqual([true, true])
    expect(await full.json()).toEqual(kit.errorShape('slots_full'))
    const [waited] = await Promise.all([tenant.create({}, { prefer: 'wait=30' }), tenant.end(id)])
    expect(waited.status).toBe(200)
    expect((await tenant.seen()).accounts[0]?.maxInFlight).toBe(1)
  })

  test('a named account serves alone, and is 429 when it is full', async () => {
    const tenant = await Tenant.open(calm, kit, 1, 5)
    const [email = ''] = tenant.emails
    const named = { 'x-gateway-account': email.toUpperCase() }
    expect(accountOf(await tenant.create({}, named))).toBe(email)
    expect((await tenant.create({}, named)).status).toBe(429)
  })

  test('an account whose credential is refused is parked and shows why; the last one answers 503 and until when', async () => {
    const tenant = await Tenant.open(calm, kit, 5, 5)
    const [email = '', other = ''] = tenant.emails
    await calm.sim.fault({ match: { account: email }, effect: { status: 401 } })
    for (let round = 0; round < 4; round += 1) {
      expect(accountOf(await tenant.create())).toBe(other)
    }
    await tenant.create({}, { 'x-gateway-account': email })
    expect(await tenant.parkedReasons(email)).toEqual(['credential'])
    expect(await tenant.parkedReasons(other)).toEqual([])
    await calm.sim.fault({ match: { account: other }, effect: { status: 401 } })
    for (const _ of [1, 2]) {
      const none = await tenant.create()
      expect([none.status, errorOf(none)]).toEqual([503, 'account_unavailable'])
      expect(Number(none.headers.get('retry-after'))).toBeGreaterThan(0)
      const text = await none.text()
      expect(JSON.parse(text)).toEqual(kit.errorShape('account_unavailable'))
      expect(text).toContain('parked until 20')
    }
    await calm.sim.clearFaults()
    for (const name of tenant.names) await tenant.register(name, 5)
    expect(await tenant.parkedReasons(email)).toEqual([])
    expect((await tenant.create({}, { 'x-gateway-account': email })).status).toBe(200)
  })

  test('a removed account gets no new job, and its running ones are still told [I2]', async () => {
    const tenant = await Tenant.open(calm, kit, 5, 5)
    const [email = '', other = ''] = tenant.emails
    const callback = `${receiver.url}/removed`
    const id = await tenant.start({ callback }, { 'x-gateway-account': email })
    const remove = (one: string) =>
      tenant.at.fetch(tenant.own(`/accounts/${one}`), { method: 'DELETE' })
    expect((await remove(email)).status).toBe(204)
    for (let round = 0; round < 5; round += 1) {
      expect(accountOf(await tenant.create())).toBe(other)
    }
    expect((await tenant.create({}, { 'x-gateway-account': email })).status).toBe(404)
    expect((await tenant.seen()).accounts[0]?.jobsStarted).toBe(1)
    expect((await remove(email)).status).toBe(404)
    await tenant.end(id)
    const told = await until(async () => receiver.posts('/removed')[0])
    expect(kit.endIn(told.body)).toEqual({ id, isDone: true })
    expect((await remove(other)).status).toBe(204)
    const none = await tenant.create()
    expect([none.status, errorOf(none)]).toEqual([404, 'no_accounts'])
  })

  test('a new limit holds at once [I1]', async () => {
    const tenant = await Tenant.open(calm, kit, 2)
    await tenant.start()
    const limit = (maxJobs: number) =>
      tenant.at.post(tenant.own('/accounts'), { email: tenant.emails[0], maxJobs })
    expect((await limit(1)).status).toBe(200)
    expect((await tenant.create()).status).toBe(429)
    expect((await limit(2)).status).toBe(200)
    expect((await tenant.create()).status).toBe(200)
  })

  // Of its kind in `npm test`: runtime/budget.test.ts: a plain read, a poll of a running job
  testFull(
    'a plain call touches neither KV nor an object once what it needs is known',
    async () => {
      const counted = await open({ simulator: calm.sim, entry: COUNTING })
      const tenant = await Tenant.open(counted, { ...kit, isHeard: async () => undefined }, 3, 3)
      const id = await tenant.start()
      await tenant.poll(id)
      await stopClock(counted)
      const count = async () => (await fetch(`${counted.url}/__count`)).json()
      await count()
      for (const _ of [1, 2, 3]) expect((await tenant.poll(id)).status).toBe(200)
      expect(await count()).toEqual({ kv: 0, requests: 0, rows: 0 })
    }
  )
}
