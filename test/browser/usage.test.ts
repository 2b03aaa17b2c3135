/** Usage and the limits of tokens on the page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, VIDEO, type Gateway } from '../support/gateway.ts'
import { Simulator } from '../support/simulator.ts'
import { useBrowser } from './support/pages.ts'

describe('usage and limits on the page', () => {
  let gateway: Gateway
  let sim: Simulator
  const open = useBrowser()

  beforeAll(async () => {
    sim = await Simulator.start()
    await sim.settings({ jobMs: 200 })
    gateway = await openGateway({
      simulator: sim,
      assets: true,
      accounts: { alice: 3, bob: 2 },
      timeScale: 10,
    })
    await gateway.newToken({ name: 'night shift', tenant: 'globex' })
    const headers = { 'x-gateway-account': 'alice@example.com' }
    const good = await gateway.createVideo(VIDEO, headers)
    const elsewhere = { 'x-gateway-account': 'bob@example.com' }
    const bad = await gateway.createVideo({ ...VIDEO, script: '[fail] Hello.' }, elsewhere)
    for (const answer of [good, bad]) {
      const id = answer.headers.get('x-gateway-job') ?? ''
      await until(async () => {
        const job = await gateway.fetch(`/v1/heygen/jobs/${id}`)
        return ((await job.json()) as { status_final: boolean }).status_final
      }, 60_000)
    }
  })
  afterAll(async () => {
    await gateway.dispose()
    await sim.dispose()
  })

  it('usage is shown by day, token, account and kind, and what nothing tells is not zero', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/usage' })
    await page.getByText(/2 jobs · 1 completed · 1 failed/).waitFor()
    const accounts = page.getByRole('table', { name: 'Usage of each account' })
    expect(await accounts.getByRole('row').count()).toBe(3)
    const alice = accounts.getByRole('row').filter({ hasText: 'alice@example.com' })
    expect(await alice.getByRole('cell').last().textContent()).toBe('–')
    await page.getByRole('table', { name: 'Usage of each token' }).getByText(/^tok_/).waitFor()
    await page.getByRole('table', { name: 'Usage of each kind' }).getByText('POST').waitFor()
    await page.getByText('The same as a table').click()
    const days = page.getByRole('table', { name: 'Usage of each day' })
    await days
      .getByText(/^\d{4}-\d\d-\d\d$/)
      .first()
      .waitFor()
    await page.getByLabel('Account').selectOption({ label: 'bob@example.com (HeyGen)' })
    await page.getByText(/1 jobs · 0 completed · 1 failed/).waitFor()
  })

  it('usage is saved as the CSV that the API gives', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/usage' })
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as CSV' }).click()
    const download = await coming
    expect(download.suggestedFilename()).toMatch(/^usage-.*\.csv$/)
    const chunks: Uint8Array[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Uint8Array)
    const text = Buffer.concat(chunks).toString()
    expect(text).toMatch(/^day,provider,account,token,route,outcome,jobs/)
    expect(text).toContain('bob@example.com')
  })

  it('the operator sees the usage of all tenants, with the names of their tokens', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/usage' })
    await page.getByText(/2 jobs/).waitFor()
    const tokens = page.getByRole('table', { name: 'Usage of each token' })
    await tokens.getByText(/ \(tok_/).waitFor()
  })

  it('limits of a token are set and taken away, and a wrong number is said at its field', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    const { page } = opened
    opened.expectRefusal(400)
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: 'night shift' })
    await page.getByRole('button', { name: 'Limits of the token night shift' }).click()
    await dialog.getByLabel('Jobs at once').fill('5000')
    await dialog.getByLabel('Requests a minute').selectOption('60')
    await dialog.getByLabel('When all accounts are full').selectOption('queue')
    await dialog.getByLabel('Speech').uncheck()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByLabel('Jobs at once').and(page.locator(':focus')).waitFor()
    await opened.expectAccessible()
    await dialog.getByLabel('Jobs at once').fill('5')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row.getByText('Jobs at once: 5').waitFor()
    await row.getByText('Requests a minute: 60').waitFor()
    await row.getByText('Only: read, write, uploads, jobs, sessions').waitFor()
    await page.getByRole('button', { name: 'Limits of the token night shift' }).click()
    await dialog.getByLabel('Jobs at once').fill('')
    await dialog.getByLabel('Speech').check()
    await dialog.getByLabel('Requests a minute').selectOption('')
    await dialog.getByLabel('When all accounts are full').selectOption('')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row.getByText('none', { exact: true }).waitFor()
    const all = (await (await gateway.admin('GET', '/tokens')).json()) as {
      tokens: Record<string, unknown>[]
    }
    expect(all.tokens.find(({ name }) => name === 'night shift')).toMatchObject({
      maxConcurrent: null,
      requestsPerMinute: null,
      routes: null,
      whenFull: null,
    })
  })

  it('half a number and half a date take nothing away: each is said at its field', async () => {
    const { id } = await gateway.newToken({ name: 'halves', tenant: 'globex', jobsPerDay: 7 })
    const until = '2099-03-01T12:00:00.000Z'
    expect((await gateway.admin('PATCH', `/tokens/${id}`, { expiresAt: until })).status).toBe(200)
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: 'halves' })
    await page.getByRole('button', { name: 'Limits of the token halves' }).click()
    await dialog.getByLabel('Jobs a day').press('Control+A')
    await dialog.getByLabel('Jobs a day').pressSequentially('5e')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByLabel('Jobs a day').and(page.locator('[aria-invalid=true]:focus')).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await row.getByRole('button', { name: /^Edit/ }).click()
    await dialog.getByLabel('Expires').press('Delete')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByLabel('Expires').and(page.locator('[aria-invalid=true]:focus')).waitFor()
    const token = await (await gateway.admin('GET', `/tokens/${id}`)).json()
    expect(token).toMatchObject({ jobsPerDay: 7, expiresAt: until })
  })

  it('nobody is kept out of usage and limits: light and dark, desktop and phone', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/usage' })
    await opened.page.getByText(/2 jobs/).waitFor()
    await opened.expectAccessibleEverywhere()
    await opened.goTo('#/tokens')
    await opened.page.getByRole('button', { name: 'Limits of the token night shift' }).click()
    await opened.page.getByRole('dialog').waitFor()
    await opened.expectAccessibleEverywhere()
  })
})
