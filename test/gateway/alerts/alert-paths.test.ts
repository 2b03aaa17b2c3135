/** The paths of alerts: who may do what, which addresses are taken, and what is kept of it. */
import { afterAll, expect, test } from 'vitest'
import { expectSigned } from '../../support/callback-secret.ts'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver } from '../../support/receiver.ts'
import { addAlert, addOperatorAlert, type ShownAlert } from '../../support/scenes/alerts.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const gateway = await open({ vars: LOOPBACK })

async function newTenant(more: Record<string, unknown> = {}): Promise<Gateway> {
  return gateway.as((await gateway.newToken(more)).token)
}

async function listed(of: Gateway): Promise<ShownAlert[]> {
  return ((await (await of.fetch('/v1/alerts')).json()) as { alerts: ShownAlert[] }).alerts
}

test('an alert can be added, read, listed and removed, and its secret is shown once', async () => {
  const it = await newTenant()
  const url = `${receiver.url}/one?key=secret`
  const more = { events: ['balance_low', 'pool_full'], balanceBelow: 2.5 }
  const { secret, ...shown } = await addAlert(it, url, more)
  expect(secret).toMatch(/^whsec_/)
  expect(shown).toMatchObject({ url, form: 'generic', ...more })
  expect(await listed(it)).toEqual([shown])
  expect(await (await it.fetch(`/v1/alerts/${shown.id}`)).json()).toEqual(shown)
  expect((await it.fetch(`/v1/alerts/${shown.id}`, { method: 'DELETE' })).status).toBe(204)
  expect(await listed(it)).toEqual([])
  expect((await it.fetch(`/v1/alerts/${shown.id}`, { method: 'DELETE' })).status).toBe(404)
})

test('a token with the scope use reads alerts without the path of their addresses, and changes none', async () => {
  const it = await newTenant({ tenant: 'scoped' })
  const user = await newTenant({ tenant: 'scoped', scope: 'use' })
  const { id } = await addAlert(it, `${receiver.url}/secret-path`)
  expect((await listed(user)).map((one) => one.url)).toEqual([`${receiver.url}/…`])
  const changes: [string, string][] = [
    ['POST', '/v1/alerts'],
    ['DELETE', `/v1/alerts/${id}`],
    ['POST', `/v1/alerts/${id}/test`],
  ]
  for (const [method, path] of changes) {
    const body =
      method === 'POST' ? { body: JSON.stringify({ url: receiver.url, form: 'slack' }) } : {}
    expect((await user.fetch(path, { method, ...body })).status, path).toBe(403)
  }
})

test("no tenant sees, tests or removes another's alert, and none the operator's [I5]", async () => {
  const [one, other] = [await newTenant(), await newTenant()]
  const ids = [
    (await addAlert(one, `${receiver.url}/mine`)).id,
    (await addOperatorAlert(gateway, `${receiver.url}/operator`)).id,
  ]
  for (const id of ids) {
    expect((await other.fetch(`/v1/alerts/${id}`)).status).toBe(404)
    expect((await other.fetch(`/v1/alerts/${id}/test`, { method: 'POST' })).status).toBe(404)
    expect((await other.fetch(`/v1/alerts/${id}`, { method: 'DELETE' })).status).toBe(404)
  }
  expect(await listed(other)).toEqual([])
  expect((await gateway.fetch('/admin/alerts')).status).toBe(401)
  const all = await gateway.admin('GET', '/alerts')
  expect(((await all.json()) as { alerts: ShownAlert[] }).alerts.map(({ id }) => id)).toEqual([
    ids[1],
  ])
  expect(receiver.posts('/mine')).toEqual([])
  expect((await gateway.admin('DELETE', `/alerts/${ids[1]}`)).status).toBe(204)
})

test.each([
  ['an address inside', { url: 'https://10.0.0.1/x' }, 'url'],
  ['http', { url: 'http://hooks.example.com/x' }, 'url'],
  ['the gateway itself', { url: () => `${gateway.url}/x` }, 'url'],
  ['no address', { form: 'slack' }, 'url'],
  ['no form', { url: 'https://hooks.example.com/x', form: undefined }, 'form'],
  ['another form', { url: 'https://hooks.example.com/x', form: 'teams' }, 'form'],
  ['another kind', { url: 'https://hooks.example.com/x', events: ['all'] }, 'events'],
  ['no kind', { url: 'https://hooks.example.com/x', events: [] }, 'events'],
  ['a negative balance', { url: 'https://hooks.example.com/x', balanceBelow: -1 }, 'balanceBelow'],
])('an alert with %s is refused, and the error names the field', async (_, more, field) => {
  const url = 'url' in more && typeof more.url === 'function' ? { url: more.url() } : {}
  const answer = await gateway.post('/v1/alerts', { form: 'generic', ...more, ...url })
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as { error: string }).error).toContain(field)
})

test('a tenant has at most ten alerts', async () => {
  const it = await newTenant()
  for (let n = 0; n < 10; n += 1) await addAlert(it, `https://hooks.example.com/${n}`)
  const more = await it.post('/v1/alerts', { url: 'https://hooks.example.com/x', form: 'slack' })
  expect([more.status, more.headers.get('x-gateway-error')]).toEqual([409, 'conflict'])
  expect(await listed(it)).toHaveLength(10)
})

test('a test sends one signed message and says what the receiver answered', async () => {
  const it = await newTenant()
  const { id, secret } = await addAlert(it, `${receiver.url}/tried`)
  const tried = async () => (await it.fetch(`/v1/alerts/${id}/test`, { method: 'POST' })).json()
  expect(await tried()).toMatchObject({ delivered: true, status: 200, error: null })
  receiver.answer = ({ path }) => (path === '/tried' ? 404 : 200)
  expect(await tried()).toMatchObject({ delivered: false, status: 404 })
  receiver.answer = () => undefined
  const posts = receiver.posts('/tried')
  expect(posts).toHaveLength(2)
  for (const one of posts) {
    expectSigned(one, secret)
    expect(JSON.parse(one.body)).toMatchObject({ type: 'gateway.alert', kind: 'test' })
  }
})

test('the audit says who added and removed an alert, with the host only', async () => {
  const it = await newTenant({ tenant: 'audited' })
  const { id } = await addAlert(it, `${receiver.url}/path-is-secret`)
  await it.fetch(`/v1/alerts/${id}`, { method: 'DELETE' })
  const text = await (await it.fetch('/v1/audit')).text()
  const { lines } = JSON.parse(text) as { lines: Record<string, unknown>[] }
  expect(lines.slice(0, 2)).toMatchObject([
    { action: 'alert.removed', subject: id, tenant: 'audited' },
    { action: 'alert.added', subject: id, detail: { form: 'generic' } },
  ])
  expect(text).not.toContain('path-is-secret')
})

test('the alerts of a removed tenant are not those of the next one with its name', async () => {
  const it = await newTenant({ tenant: 'again' })
  await addAlert(it, `${receiver.url}/before`)
  expect((await gateway.admin('DELETE', '/tenants/again')).ok).toBe(true)
  expect(await listed(await newTenant({ tenant: 'again' }))).toEqual([])
})
