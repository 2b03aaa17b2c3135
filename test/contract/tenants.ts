/** I5: what is another tenant's answers exactly like what does not exist. */
import { expect, test } from 'vitest'
import { until } from '../support/gateway.ts'
import type { Bench } from './bench.ts'
import { accountOf, errorOf, jobOf, Tenant } from './tenant.ts'

/** What a client sees of an answer, but for what differs between any two calls. */
async function shown(answer: Response, id: string): Promise<unknown[]> {
  const text = (await answer.text()).replaceAll(id, '{id}')
  const body = text.replaceAll(/"request_id":\s*"[^"]*"/g, '').replaceAll(/req_\w+/g, '')
  return [answer.status, errorOf(answer), accountOf(answer), body]
}

/** A customer of the same tenant: a token that sees only its own. */
async function customerOf(tenant: Tenant): Promise<Tenant> {
  const account = await tenant.at.fetch('/v2/account')
  const { id } = (await account.json()) as { id: string }
  const { token } = await tenant.at.newToken({ tenant: id, sees: 'own' })
  return tenant.seenBy(tenant.at.as(token))
}

async function firstDelivery({ at }: Tenant): Promise<string | undefined> {
  const answer = await at.fetch('/v1/deliveries')
  return ((await answer.json()) as { deliveries: { id: string }[] }).deliveries[0]?.id
}

export function hidesTenants({ kit, calm, receiver }: Bench): void {
  test('jobs, accounts, deliveries and lists of one are to another as if they were not [I5]', async () => {
    const mine = await Tenant.open(calm, kit, 3)
    const other = await Tenant.open(calm, kit, 3)
    const [email = ''] = mine.emails
    const id = await mine.start({ callback: `${receiver.url}/mine` })
    const ended = await mine.start({ callback: `${receiver.url}/mine` })
    await mine.end(ended)
    const delivery = await until(() => firstDelivery(mine))
    const unknownEmail = 'nobody@example.com'
    const pairs: [string, string, string][] = [
      ['GET', other.dropIn(kit.statusPath(id)), other.dropIn(kit.statusPath(kit.unknownId))],
      ['GET', other.own(`/jobs/${id}`), other.own(`/jobs/${kit.unknownId}`)],
      ['DELETE', other.own(`/scheduler/${id}`), other.own(`/scheduler/${kit.unknownId}`)],
      ['GET', other.own(`/accounts/${email}`), other.own(`/accounts/${unknownEmail}`)],
      ['DELETE', other.own(`/accounts/${email}`), other.own(`/accounts/${unknownEmail}`)],
      ['GET', `/v1/deliveries/${delivery}`, '/v1/deliveries/none'],
      ['POST', `/v1/deliveries/${delivery}/retry`, '/v1/deliveries/none/retry'],
    ]
    for (const [method, theirs, nobodys] of pairs) {
      const [seen, none] = [
        await other.at.fetch(theirs, { method }),
        await other.at.fetch(nobodys, { method }),
      ]
      expect(seen.status, theirs).toBeGreaterThanOrEqual(400)
      const [id1, id2] = [theirs, nobodys].map((one) => one.split('/').at(-1) ?? '')
      expect(await shown(seen, id1 ?? ''), `${method} ${theirs}`).toEqual(
        await shown(none, id2 ?? '')
      )
    }
    const named = await other.create({}, { 'x-gateway-account': email })
    expect([named.status, errorOf(named)]).toEqual([404, 'account_not_found'])
    expect(await other.listedIds()).toEqual([])
    expect(await mine.listedIds()).toEqual(expect.arrayContaining([id, ended]))
    const accounts = (await (await other.at.fetch(other.own('/accounts'))).json()) as object
    expect(Object.keys(accounts)).toEqual(other.emails)
    const deliveries = await other.at.fetch('/v1/deliveries')
    expect(await deliveries.json()).toEqual({ deliveries: [], next: null })
    expect(await other.held()).toBe(0)
    expect((await mine.seen()).accounts[0]?.inFlight).toBe(1)
  })

  test('a provider’s account belongs to the first who proved it, and its record is nobody else’s [I5]', async () => {
    const mine = await Tenant.open(calm, kit, 3)
    const other = await Tenant.open(calm, kit)
    const second = await other.register(mine.names[0] ?? '', 3)
    expect([second.status, errorOf(second)]).toEqual([409, 'account_exists'])
    const none = await other.create()
    expect([none.status, errorOf(none)]).toEqual([404, 'no_accounts'])
    expect(await none.json()).toEqual(kit.errorShape('no_accounts'))
  })

  test('an account that changes hands brings nothing of what its first tenant did [I5]', async () => {
    const mine = await Tenant.open(calm, kit, 3)
    const other = await Tenant.open(calm, kit)
    const id = await mine.start({ callback: `${receiver.url}/first` })
    await mine.end(id)
    await until(async () => receiver.posts('/first')[0])
    const delivery = await until(() => firstDelivery(mine))
    const [name = '', email] = [mine.names[0], mine.emails[0]]
    const removal = mine.own(`/accounts/${email}?now=true`)
    expect((await mine.at.fetch(removal, { method: 'DELETE' })).status).toBe(204)
    expect((await other.register(name, 3)).status).toBe(201)
    for (const path of [other.own(`/jobs/${id}`), `/v1/deliveries/${delivery}`]) {
      expect((await other.at.fetch(path)).status, path).toBe(404)
    }
    const deliveries = await other.at.fetch('/v1/deliveries')
    expect(await deliveries.json()).toEqual({ deliveries: [], next: null })
    expect(await (await other.at.fetch(other.own('/scheduler'))).json()).toEqual([])
  })

  test('equal Idempotency-Keys and equal names of two tenants start two jobs [I5]', async () => {
    const tenants = [await Tenant.open(calm, kit, 3), await Tenant.open(calm, kit, 3)]
    const key = { 'idempotency-key': 'same' }
    const answers = []
    for (const tenant of tenants) answers.push(await tenant.create({ name: 'same' }, key))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(new Set(answers.map(jobOf)).size).toBe(2)
    for (const tenant of tenants) expect(await tenant.startedJobs()).toBe(1)
  })

  test('a full pool of one is not full for another [I5]', async () => {
    const mine = await Tenant.open(calm, kit, 1)
    const other = await Tenant.open(calm, kit, 1)
    await mine.start()
    expect((await mine.create()).status).toBe(429)
    expect((await other.create()).status).toBe(200)
  })

  test('jobs, deliveries and lists of one own token are to another as if they were not, on one pool [I5]', async () => {
    const agency = await Tenant.open(calm, kit, 5, 5)
    const [mine, other] = [await customerOf(agency), await customerOf(agency)]
    const id = await mine.start({ callback: `${receiver.url}/own` })
    const ended = await mine.start({ callback: `${receiver.url}/own` })
    await mine.end(ended)
    await mine.poll(ended)
    const delivery = await until(() => firstDelivery(mine))
    const pairs: [string, string, string][] = [
      ['GET', other.dropIn(kit.statusPath(id)), other.dropIn(kit.statusPath(kit.unknownId))],
      ['GET', other.own(`/jobs/${id}`), other.own(`/jobs/${kit.unknownId}`)],
      ['DELETE', other.own(`/scheduler/${id}`), other.own(`/scheduler/${kit.unknownId}`)],
      ['GET', `/v1/deliveries/${delivery}`, '/v1/deliveries/none'],
      ['POST', `/v1/deliveries/${delivery}/retry`, '/v1/deliveries/none/retry'],
    ]
    for (const [method, theirs, nobodys] of pairs) {
      const [seen, none] = [
        await other.at.fetch(theirs, { method }),
        await other.at.fetch(nobodys, { method }),
      ]
      expect(seen.status, theirs).toBeGreaterThanOrEqual(400)
      const [id1, id2] = [theirs, nobodys].map((one) => one.split('/').at(-1) ?? '')
      expect(await shown(seen, id1 ?? ''), `${method} ${theirs}`).toEqual(
        await shown(none, id2 ?? '')
      )
    }
    expect(await other.listedIds()).toEqual([])
    expect((await mine.listedIds()).toSorted()).toEqual([id, ended].toSorted())
    expect(await (await other.at.fetch('/v1/deliveries')).json()).toEqual({
      deliveries: [],
      next: null,
    })
    const polled = await mine.poll(id)
    expect([polled.status, accountOf(polled)]).toEqual([200, ''])
    expect((await agency.poll(id)).status).toBe(200)
  })

  test('equal keys and equal names of two own tokens start two jobs [I5]', async () => {
    const agency = await Tenant.open(calm, kit, 5)
    const key = { 'idempotency-key': 'same' }
    const answers = []
    for (const customer of [await customerOf(agency), await customerOf(agency)])
      answers.push(await customer.create({ name: 'same' }, key))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(new Set(answers.map(jobOf)).size).toBe(2)
    expect(await agency.startedJobs()).toBe(2)
  })
}
