import { afterAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, openGateway, until } from '../../support/gateway.ts'
import { LivePage, statusOfOpening, ticketOf } from '../../support/live/page.ts'

const gateway = await openGateway({ accounts: { a: 2, b: 1 }, simVars: { JOB_MS: '-1' } })
const pages: LivePage[] = []
afterAll(async () => {
  for (const page of pages) page.close()
  await gateway.dispose()
})

async function open(...args: Parameters<typeof LivePage.open>): Promise<LivePage> {
  const page = await LivePage.open(...args)
  pages.push(page)
  return page
}

const A = 'a@example.com'
const pin = { 'x-gateway-account': A }

test('a page gets the pool when it opens, and every change of an account after that', async () => {
  const page = await open(gateway)
  expect(page.messages[0]).toMatchObject({ type: 'pool', isWhole: true })
  expect([...page.accounts().keys()]).toEqual([A, 'b@example.com'])
  const created = await gateway.createVideo({}, pin)
  const id = created.headers.get('x-gateway-job') ?? ''
  const running = await page.shows(A, ({ jobs }) => jobs[0]?.id === id)
  expect(running).toMatchObject({ held: 1, free: 1, state: 'ok' })
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${id}`)
  await page.shows(A, ({ held, jobs }) => held === 0 && jobs.length === 0)
})

test('a page reads the balance while it is open', async () => {
  const page = await open(gateway)
  const { balance } = await page.shows(A, (account) => account.balance !== undefined)
  expect(balance).toMatchObject({ unit: 'usd' })
  expect(balance?.amount).toBeGreaterThan(0)
})

test('a page that refreshes after its own change gets the new account, the changed and the removed', async () => {
  const page = await open(gateway)
  const email = await gateway.addAccount('late', 3)
  page.send('refresh')
  await page.shows(email, ({ maxJobs }) => maxJobs === 3)
  await gateway.post('/v1/heygen/accounts', { email, maxJobs: 5 })
  await page.shows(email, ({ maxJobs }) => maxJobs === 5)
  await gateway.fetch(`/v1/heygen/accounts/${email}`, { method: 'DELETE' })
  page.send('refresh')
  await until(async () => !page.accounts().has(email))
  expect(page.messages).toContainEqual(expect.objectContaining({ type: 'removed', email }))
})

test('a page that is opened again after changes that nobody saw gets every change from then on', async () => {
  const again = gateway.as((await gateway.newToken({ tenant: 'again' })).token)
  const email = await again.addAccount('again', 2)
  const first = await open(again)
  first.close()
  await until(async () => first.closedWith !== undefined)
  const created = await again.createVideo()
  const id = created.headers.get('x-gateway-job') ?? ''
  const second = await open(again)
  await second.shows(email, ({ jobs }) => jobs[0]?.id === id)
  await again.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await again.fetch(`/heygen/v3/videos/${id}`)
  await second.shows(email, ({ held }) => held === 0)
})

test('a ping is answered, and any other text is ignored', async () => {
  const page = await open(gateway)
  page.send('{"type":"nonsense"}')
  page.send('ping')
  await until(async () => page.texts.includes('pong'))
  expect(page.closedWith).toBeUndefined()
})

test('a second use of a ticket is refused, as are a changed ticket, no ticket and another tenant’s text', async () => {
  const ticket = await ticketOf(gateway)
  expect(await statusOfOpening(gateway, ticket)).toBe(101)
  expect(await statusOfOpening(gateway, ticket)).toBe(401)
  const other = await ticketOf(gateway)
  const changed = other.slice(0, -2) + (other.endsWith('AA') ? 'BB' : 'AA')
  expect(await statusOfOpening(gateway, changed)).toBe(401)
  expect(await statusOfOpening(gateway, '')).toBe(401)
  expect(await statusOfOpening(gateway, gateway.token)).toBe(401)
})

test('without a token there is no ticket, and without an upgrade no socket', async () => {
  const refused = await gateway.post('/v1/live', {}, { authorization: 'Bearer hgw_nothing' })
  expect(refused.status).toBe(401)
  const plain = await gateway.fetch(`/v1/live?ticket=${await ticketOf(gateway)}`)
  expect(plain.status).toBe(400)
})

test('a page sees nothing of another tenant’s accounts, and the operator’s page sees both [I5]', async () => {
  const other = gateway.as((await gateway.newToken({ tenant: 'other-tenant' })).token)
  const theirs = await open(other)
  expect(theirs.accounts().size).toBe(0)
  const all = await open(gateway, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  await other.addAccount('theirs', 1)
  all.send('refresh')
  await all.shows('theirs@example.com', ({ tenant }) => tenant === 'other-tenant')
  const created = await gateway.createVideo({}, pin)
  expect(created.status).toBe(200)
  await all.shows(A, ({ held }) => held === 1)
  theirs.send('refresh')
  await theirs.shows('theirs@example.com', () => true)
  expect(theirs.texts.join('')).not.toContain(A)
})

test('the operator who names a tenant gets a page of that tenant alone', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-gateway-tenant': 'other-tenant' }
  const page = await open(gateway, { headers })
  expect([...page.accounts().keys()]).toEqual(['theirs@example.com'])
  const refused = await gateway.post('/v1/live', {}, { 'x-gateway-tenant': 'other-tenant' })
  expect(refused.status).toBe(400)
})

test('no message shows a credential or the address of a webhook [I6]', () => {
  const texts = pages.flatMap((page) => page.texts).join('\n')
  expect(texts).toContain('"type":"account"')
  for (const secret of ['sk_test_', 'whsec_', '/webhooks/', gateway.token])
    expect(texts).not.toContain(secret)
})
