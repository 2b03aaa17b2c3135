/** The operator acts for a tenant: ADMIN_TOKEN with X-Gateway-Tenant. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { PROVIDERS } from '../../../src/providers/index.ts'
import { ADMIN_TOKEN, openGateway, VIDEO } from '../../support/gateway.ts'
import { addEndpoint, callNaming, LOOPBACK } from '../../support/scenes/hooked.ts'
import { operatorCall } from '../../support/scenes/operator.ts'
import { Receiver } from '../../support/receiver.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({ simVars: { JOB_MS: '600000' }, vars: LOOPBACK })
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

const first = gateway.as((await gateway.newToken({ tenant: 'first' })).token)
const second = gateway.as((await gateway.newToken({ tenant: 'second' })).token)
const mail = await first.addAccount('one', 2)
await second.addAccount('two', 1)
const forFirst = operatorCall(gateway, 'first')
const without = operatorCall(gateway, undefined)

async function emailsOf(answer: Promise<Response>): Promise<string[]> {
  const got = await answer
  expect(got.status, await got.clone().text()).toBe(200)
  return Object.keys((await got.json()) as object)
}

async function providerCalls(): Promise<number> {
  return (await gateway.sim.requests()).length
}

test('the operator sees and changes what the named tenant has, and nothing of another [I5]', async () => {
  expect(await emailsOf(forFirst('GET', '/v1/heygen/accounts'))).toEqual([mail])
  const changed = await forFirst('POST', '/v1/heygen/accounts', { email: mail, maxJobs: 3 })
  expect(changed.status).toBe(200)
  const others = await forFirst('GET', '/v1/heygen/accounts/two@example.com')
  expect(others.status).toBe(404)
  const account = (await (await forFirst('GET', '/v2/account')).json()) as Record<string, unknown>
  expect(account).toMatchObject({
    id: 'first',
    token: 'operator',
    accounts: { heygen: { total: 1 } },
  })
})

test('the audit names the operator for a change in the name of a tenant, and the tenant does not see its address', async () => {
  const from = { 'cf-connecting-ip': '192.0.2.9' }
  const unparked = await forFirst('POST', `/v1/heygen/accounts/${mail}/unpark`, undefined, from)
  expect(unparked.status).toBe(200)
  const { lines } = (await (await first.fetch('/v1/audit')).json()) as { lines: object[] }
  expect(lines[0]).toMatchObject({ action: 'account.unparked', by: 'operator', from: null })
  const all = (await (await gateway.admin('GET', '/audit?tenant=first')).json()) as {
    lines: object[]
  }
  expect(all.lines[0]).toMatchObject({ by: 'operator', from: '192.0.2.9', subject: mail })
})

test('the operator reads on drop-in paths, and starts or changes nothing there', async () => {
  const read = await forFirst('GET', '/heygen/v3/users/me')
  expect([read.status, read.headers.get('x-gateway-account')]).toEqual([200, mail])
  expect((await forFirst('HEAD', '/v3/users/me')).status).toBe(200)
  const calls = await providerCalls()
  for (const path of [
    '/heygen/v3/videos',
    '/v2/video/generate',
    '/v1/streaming.create_token',
    '/v1/streaming.new',
    '/kling/v1/videos/text2video',
    '/heygen/v9/unknown',
    '/v1/heygen/tts/create',
    '/v1/kling/tts/create',
    '/v1/kling/videos/text2video',
  ]) {
    const body = path.startsWith('/v1/') ? speechOf(path) : VIDEO
    const answer = await forFirst('POST', path, body)
    expect([path, answer.status]).toEqual([path, 403])
    expect(answer.headers.get('x-gateway-error')).toBe('forbidden')
    expect(await answer.text()).toContain('token of the tenant')
  }
  expect((await forFirst('DELETE', '/heygen/v3/videos/x')).status).toBe(403)
  expect(await socketStatus('/v1/ws/streaming.chat?session_id=s')).toBe(403)
  expect(await providerCalls()).toBe(calls)
})

/** The status of a refused WebSocket. `fetch` does not send Upgrade. */
async function socketStatus(path: string): Promise<number | undefined> {
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    'x-gateway-tenant': 'first',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
  }
  const asked = request(gateway.url + path, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode
}

/** A body that useapi.net's path takes. */
function speechOf(path: string): object {
  if (path.startsWith('/v1/heygen/tts')) return { prompt: 'Hello', voice_id: 'v' }
  return path.endsWith('text2video') ? { prompt: 'a cat' } : { text: 'Hello', speakerId: 'v' }
}

test('every call that could change something at a provider is refused for the operator', async () => {
  for (const { name, routes } of PROVIDERS) {
    for (const { method, path, pool } of routes.table.filter((row) => row.method !== 'GET')) {
      if (pool === 'gateway') continue
      const answer = await forFirst(method, `/${name}${path.replaceAll(/\{\w+\}/g, 'x')}`)
      expect([method, path, answer.status]).toEqual([method, path, 403])
    }
  }
})

test('the operator mends a tenant’s webhook endpoint, which is kept by the gateway', async () => {
  const { endpoint_id: endpoint } = await addEndpoint(first, receiver.url)
  const path = `/heygen/v3/webhooks/endpoints/${endpoint}`
  const calls = await providerCalls()
  const url = `${receiver.url}/new`
  const changed = await callNaming(() => forFirst('PATCH', path, { url }))
  expect(changed.status, await changed.clone().text()).toBe(200)
  expect(await (await first.fetch('/heygen/v3/webhooks/endpoints')).text()).toContain('/new')
  expect(await providerCalls()).toBe(calls)
})

test('a tenant’s token with the header is refused, and so is the header under /admin', async () => {
  for (const path of ['/v1/heygen/accounts', '/heygen/v3/users/me', '/v2/account']) {
    const answer = await second.fetch(path, { headers: { 'x-gateway-tenant': 'first' } })
    expect([path, answer.status]).toEqual([path, 400])
    expect(await answer.text()).toContain('X-Gateway-Tenant')
  }
  expect((await forFirst('GET', '/admin/tokens')).status).toBe(400)
})

test('without the header, with an unknown tenant or with a wrong ADMIN_TOKEN nothing is shown', async () => {
  for (const path of ['/v1/heygen/accounts', '/heygen/v3/users/me', '/v2/account'])
    expect([path, (await without('GET', path)).status]).toEqual([path, 401])
  const unknown = await operatorCall(gateway, 'nobody')('GET', '/v1/heygen/accounts')
  expect(unknown.status).toBe(404)
  const wrong = { authorization: `Bearer ${'x'.repeat(40)}` }
  const guessed = await forFirst('GET', '/v1/heygen/accounts', undefined, wrong)
  expect(guessed.status).toBe(401)
})

test('a tenant that was made again under its name is the one that the operator acts for', async () => {
  const old = gateway.as((await gateway.newToken({ tenant: 'again' })).token)
  await old.addAccount('old', 1)
  const forAgain = operatorCall(gateway, 'again')
  expect(await emailsOf(forAgain('GET', '/v1/heygen/accounts'))).toEqual(['old@example.com'])
  expect((await gateway.admin('DELETE', '/tenants/again')).status).toBe(204)
  expect((await forAgain('GET', '/v1/heygen/accounts')).status).toBe(404)
  await gateway.newToken({ tenant: 'again' })
  const answer = await forAgain('GET', '/v1/heygen/accounts')
  expect([answer.status, await answer.text()]).toEqual([
    404,
    expect.stringContaining('Configuration not found'),
  ])
})
