import { afterAll, expect, test } from 'vitest'
import { advance, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { isFull } from '../../support/full.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { LivePage, statusOfOpening, ticketOf } from '../../support/live/page.ts'

/** Counted in the Worker itself (test/support/workers/counting-worker.ts), with a clock that stands still. */
const ACCOUNTS = isFull ? 100 : 12
const gateway = await openGateway({
  accounts: Object.fromEntries(Array.from({ length: ACCOUNTS }, (_, at) => [`n${at}`, 2])),
  simVars: { JOB_MS: '-1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)

const EMAIL = 'n0@example.com'
const PROVIDERS = 2
const pin = { 'x-gateway-account': EMAIL }

async function countsOf<T>(path: string, what: () => Promise<T>): Promise<Record<string, number>> {
  await fetch(gateway.url + path)
  await what()
  return (await (await fetch(gateway.url + path)).json()) as Record<string, number>
}

async function wholeJob(one: Gateway = gateway): Promise<void> {
  const created = await one.createVideo({}, pin)
  expect(created.status).toBe(200)
  await one.sim.finishJobs()
  await one.fetch(`/heygen/v3/videos/${created.headers.get('x-gateway-job')}`)
}

const askedFor = (what: () => Promise<unknown>) => countsOf('/__methods', what)

test('a page asks every account once, a second page and five minutes of looking not again', async () => {
  await gateway.fetch('/heygen/v3/users/me')
  await wholeJob()
  const before = await countsOf('/__count', () => wholeJob())
  const pages: LivePage[] = []
  const opened = await askedFor(async () => void pages.push(await LivePage.open(gateway)))
  expect(opened).toMatchObject({ observe: ACCOUNTS })
  expect(pages[0]?.accounts().size).toBe(ACCOUNTS)
  const again = await askedFor(async () => void pages.push(await LivePage.open(gateway)))
  expect(again['observe']).toBeUndefined()
  const minutes = await askedFor(() => advance(gateway, 4 * MINUTE))
  expect(minutes['observe']).toBeUndefined()
  const renewed = await askedFor(() => advance(gateway, 90 * SECOND))
  expect(renewed['observe']).toBe(ACCOUNTS)

  // Every change of one account is one push, and at most one a second.
  const pushed = await askedFor(async () => {
    await wholeJob()
    const isIdle = () => pages[0]?.accounts().get(EMAIL)?.jobs.length === 0
    await until(async () => {
      await advance(gateway, 1 * SECOND)
      return isIdle()
    })
  })
  expect(pushed['push']).toBeGreaterThan(0)
  expect(pushed['push']).toBeLessThanOrEqual(4)

  for (const page of pages) page.close()
  await until(async () => pages.every(({ closedWith }) => closedWith !== undefined))
  await advance(gateway, 1 * MINUTE)
  // The first change after that finds that nobody looks.
  await wholeJob()
  await advance(gateway, 1 * MINUTE)
  const after = await askedFor(() => wholeJob())
  expect(after['push']).toBeUndefined()
  expect(await countsOf('/__count', () => wholeJob())).toEqual(before)
})

test('a ticket that nobody uses is over after a minute and leaves nothing', async () => {
  // The alarms of earlier jobs have rung.
  await advance(gateway, 10 * MINUTE)
  const ticket = await ticketOf(gateway)
  await advance(gateway, 1 * MINUTE + 1)
  expect(await statusOfOpening(gateway, ticket)).toBe(401)
  const idle = await countsOf('/__count', () => advance(gateway, 10 * MINUTE))
  expect(idle).toEqual({ kv: 0, requests: 0, rows: 0 })
})

test('a tenant opens twenty pages and no more, until one is closed', async () => {
  const other = gateway.as((await gateway.newToken({ tenant: 'many-pages' })).token)
  const open: LivePage[] = []
  for (let page = 0; page < 20; page += 1) open.push(await LivePage.open(other))
  const refused = await other.post('/v1/live', {})
  expect(refused.status).toBe(429)
  expect(refused.headers.get('x-gateway-error')).toBe('token_limit')
  open[0]?.close()
  await until(async () => (await other.post('/v1/live', {})).status === 201)
  for (const page of open) page.close()
})

test('the socket of a token that was removed, or that sees only its own from now on, is closed within minutes [I5]', async () => {
  const made = await gateway.newToken({ tenant: 'gone-token' })
  const narrowed = await gateway.newToken({ tenant: 'gone-token' })
  const kept = await gateway.newToken({ tenant: 'gone-token' })
  const pages = [
    await LivePage.open(gateway.as(made.token)),
    await LivePage.open(gateway.as(narrowed.token)),
  ]
  const other = await LivePage.open(gateway.as(kept.token))
  await gateway.admin('DELETE', `/tokens/${made.id}`)
  await gateway.admin('PATCH', `/tokens/${narrowed.id}`, { sees: 'own' })
  await advance(gateway, 6 * MINUTE)
  // workerd ends the connection only when the object falls asleep, ten seconds later.
  await until(async () => pages.every(({ closedWith }) => closedWith === 4401))
  expect(other.closedWith).toBeUndefined()
  other.close()
})

test('a page that asks for the list all the time gets it once a second', async () => {
  const page = await LivePage.open(gateway)
  await advance(gateway, 2 * SECOND)
  const asked = await askedFor(async () => {
    for (let time = 0; time < 20; time += 1) {
      page.send('refresh')
      await gateway.fetch('/healthz')
    }
  })
  // One list asks the desk of each provider.
  expect(asked['snapshot']).toBe(PROVIDERS)
  expect(await askedFor(() => advance(gateway, 1 * SECOND))).toMatchObject({ snapshot: PROVIDERS })
  page.close()
})
