/**
 * The queue on the page. In most tests the list is a made-up answer in the form of `GET /v1/{provider}/queue`, so that places and
 * estimates are the same each time; what the buttons send is read, and not sent on. One test asks the gateway itself.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { useBrowser, type OpenedPage } from './support/pages.ts'

const ALICE = 'alice@example.com'

describe('the queue on the page', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 3 } })
  })
  afterAll(() => gateway.dispose())

  function item(place: number, more: object = {}) {
    const asked = new Date(Date.now() - 60_000).toISOString()
    return {
      id: `0190aaaabbbb7cccddddeeeeffff000${String(place)}`,
      requestId: null,
      token: 'tok_1',
      type: 'POST /v3/videos',
      place,
      startsAround: new Date(Date.now() + 125_000 * place).toISOString(),
      waitsFor: 'slot',
      priority: 3,
      account: null,
      asked,
      startBy: new Date(Date.now() + 86_400_000).toISOString(),
      ...more,
    }
  }

  async function openQueue(): Promise<{ opened: OpenedPage; sent: string[] }> {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/jobs' })
    const { page } = opened
    const sent: string[] = []
    let paused: object[] = []
    const items = [
      item(1),
      item(2, { account: ALICE, priority: 1 }),
      item(3, { startsAround: null, waitsFor: 'token_limit' }),
    ]
    await page.route('**/v1/heygen/queue*', (route) => {
      const tokens = [{ token: 'tok_1', waiting: 3, weight: 10, oldest: items[0]?.asked }]
      const counts = { waiting: 3, starting: 1, startsAMinute: 4.52 }
      return route.fulfill({ json: { ...counts, paused, tokens, items, next: null } })
    })
    await page.route('**/v1/heygen/queue/*', (route) => {
      const request = route.request()
      sent.push(
        `${request.method()} ${new URL(request.url()).pathname} ${request.postData() ?? ''}`
      )
      if (request.method() === 'DELETE') {
        items.shift()
        return route.fulfill({ status: 204 })
      }
      paused = request.url().endsWith('/pause') ? [{ account: ALICE }] : []
      return route.fulfill({ json: { paused } })
    })
    await opened.goTo('#/queue')
    await page.getByText('3 waiting · 1 starting · 4.5 starts a minute').waitFor()
    return { opened, sent }
  }

  it('what waits is shown with its place, its priority, its account and when it should start', async () => {
    const { opened } = await openQueue()
    const table = opened.page.getByRole('table', { name: 'Creations that wait' })
    const rows = table.getByRole('row')
    expect(await rows.count()).toBe(4)
    await rows.nth(1).getByText('in about 2 min').waitFor()
    await rows.nth(2).getByRole('cell', { name: ALICE }).waitFor()
    await rows.nth(3).getByText('not known').waitFor()
    await rows.nth(1).getByRole('cell', { name: 'its turn' }).waitFor()
    await rows.nth(3).getByRole('cell', { name: 'its token, which is at its limit' }).waitFor()
    // One page needs no buttons to turn it.
    expect(await opened.page.getByRole('navigation', { name: 'Pages' }).count()).toBe(0)
  })

  it('one that waits is cancelled, and starts on an account are paused', async () => {
    const { opened, sent } = await openQueue()
    const { page } = opened
    const first = item(1).id
    await page.getByRole('button', { name: `Cancel ${first}` }).click()
    await page.getByRole('link', { name: first }).waitFor({ state: 'detached' })
    await page.getByLabel('Starts on').selectOption(ALICE)
    await page.getByRole('button', { name: /^Pause/ }).click()
    await page.getByText(`Paused: account ${ALICE}.`).waitFor()
    await page.getByRole('button', { name: `Resume what waits on ${ALICE}` }).click()
    await page.getByText('Paused:').waitFor({ state: 'detached' })
    expect(sent).toEqual([
      `DELETE /v1/heygen/queue/${first} `,
      `POST /v1/heygen/queue/pause {"account":"${ALICE}"}`,
      `POST /v1/heygen/queue/resume {"account":"${ALICE}"}`,
    ])
  })

  it('a pause that stands is shown to whoever opens the page, and its button ends it', async () => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
    const url = `${gateway.url}/v1/heygen/queue/pause`
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(200)
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/queue' })
    await page.getByText('0 waiting').waitFor()
    await page.getByText('Paused: everything.').waitFor()
    await page.getByRole('button', { name: /^Resume/ }).click()
    await page.getByRole('button', { name: /^Pause/ }).waitFor()
    await page.getByText('Nothing waits. A creation waits here').waitFor()
  })

  it('the story of a queued job says what it waits for, and that it had no account when it was cancelled', async () => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
    const post = (verb: string) =>
      fetch(`${gateway.url}/v1/heygen/queue/${verb}`, { method: 'POST', headers, body: '{}' })
    await post('pause')
    const made = await gateway.createVideo({}, { prefer: 'respond-async' })
    expect(made.status).toBe(202)
    const id = made.headers.get('x-gateway-job') ?? ''
    const opened = await open(gateway.url, { token: gateway.token, hash: `#/jobs/heygen/${id}` })
    const { page } = opened
    await page.getByText('It waits for the end of a pause').waitFor()
    await fetch(`${gateway.url}/v1/heygen/queue/${id}`, { method: 'DELETE', headers })
    await page.getByText('Ended: cancelled').waitFor()
    await page.getByText('none: it never started').waitFor()
    await post('resume')
  })

  it('the operator reads what waits under the names of the tokens', async () => {
    const { tenant, id } = await gateway.newToken({ name: 'customer 7', tenant: 'initech' })
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/pool' })
    const { page } = opened
    await page.route('**/v1/heygen/queue*', (route) => {
      const items = [item(1, { token: id, waitsFor: 'pause' })]
      const tokens = [{ token: id, waiting: 1, weight: 10, oldest: items[0]?.asked }]
      const counts = { waiting: 1, starting: 0, startsAMinute: 1 }
      return route.fulfill({ json: { ...counts, paused: [{}], tokens, items, next: null } })
    })
    await page.getByLabel('Tenant in view').selectOption(tenant)
    await opened.goTo('#/queue')
    const name = `customer 7 (${id})`
    for (const table of ['What waits, by token', 'Creations that wait'])
      await page.getByRole('table', { name: table }).getByRole('cell', { name }).waitFor()
    await page.getByRole('cell', { name: 'the end of a pause' }).waitFor()
  })

  it('nobody is kept out of the queue: light and dark, desktop and phone', async () => {
    const { opened } = await openQueue()
    await opened.expectAccessibleEverywhere()
  })
})
