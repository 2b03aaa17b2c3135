/** Jobs and throughput on the page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, VIDEO, type Gateway } from '../support/gateway.ts'
import { Receiver } from '../support/receiver.ts'
import { Simulator } from '../support/simulator.ts'
import { useBrowser } from './support/pages.ts'

const ALICE = 'alice@example.com'
const BOB = 'bob@example.com'

describe('jobs on the page', () => {
  let gateway: Gateway
  let sim: Simulator
  let receiver: Receiver
  const open = useBrowser()
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    receiver = await Receiver.open()
    receiver.answer = () => 500
    sim = await Simulator.start()
    await sim.settings({ jobMs: 200 })
    gateway = await openGateway({
      simulator: sim,
      assets: true,
      accounts: { alice: 3, bob: 2 },
      timeScale: 10,
      vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' },
    })
    const create = async (name: string, script: string, email: string) => {
      const headers = { 'x-gateway-account': email, 'x-gateway-reply-url': `${receiver.url}/hook` }
      const answer = await gateway.createVideo({ ...VIDEO, script, title: name }, headers)
      ids[name] = answer.headers.get('x-gateway-job') ?? ''
    }
    await create('good', 'Hello there.', ALICE)
    await create('bad', '[fail] Hello there.', BOB)
    await create('long', '[hold] Hello there.', BOB)
    for (const name of ['good', 'bad']) {
      await until(async () => {
        const answer = await gateway.fetch(`/v1/heygen/jobs/${ids[name] ?? ''}`)
        return ((await answer.json()) as { status_final: boolean }).status_final
      }, 60_000)
    }
  })
  afterAll(async () => {
    await sim.finishJobs()
    await gateway.dispose()
    await sim.dispose()
    await receiver.close()
  })

  it('running and ended jobs are found by their state, their end and their account', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/jobs' })
    const rows = page.getByRole('row')
    await page.getByRole('link', { name: ids['good'] ?? '' }).waitFor()
    expect(await rows.count()).toBe(4)
    await page.getByLabel('State').selectOption('running')
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByRole('link', { name: ids['long'] ?? '' }).waitFor()
    await page.getByLabel('State').selectOption('')
    await page.getByLabel('Ended as').selectOption('failed')
    await page.getByRole('cell', { name: 'Failed', exact: true }).waitFor()
    expect(await rows.count()).toBe(2)
    await page.getByLabel('Ended as').selectOption('')
    await page.getByLabel('Account').selectOption(ALICE)
    await expect.poll(() => rows.count()).toBe(2)
  })

  it('more jobs than one page are read page by page', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/jobs' })
    await page.getByRole('link', { name: ids['good'] ?? '' }).waitFor()
    // The page asks for 50 at once. Here it gets two at once.
    await page.route('**/v1/heygen/jobs?*', (route) => {
      const address = new URL(route.request().url())
      address.searchParams.set('limit', '2')
      return route.continue({ url: address.href })
    })
    await page.getByLabel('Time').selectOption('1d')
    const rows = page.getByRole('row')
    await expect.poll(() => rows.count()).toBe(3)
    await page.getByRole('button', { name: 'Older' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByRole('button', { name: 'Newer' }).click()
    await expect.poll(() => rows.count()).toBe(3)
  })

  it('the life of a finished job shows its times, its deliveries and its video', async () => {
    const hash = `#/jobs/heygen/${ids['good'] ?? ''}`
    const { page } = await open(gateway.url, { token: gateway.token, hash })
    await page.getByText('Ended: completed').waitFor()
    await page.getByText('Asked for').waitFor()
    await page.getByText('answer 500').waitFor()
    await page.getByText('Why not the other account').click()
    await page.getByText(`${BOB} could not serve it`).waitFor()
    await page.getByRole('button', { name: 'Load and show it' }).click()
    const saved = page.getByRole('link', { name: 'Save it' })
    await saved.waitFor()
    expect(await saved.getAttribute('href')).toMatch(/^blob:/)
    const size = await saved.evaluate(async (link: HTMLAnchorElement) => {
      const { src } = document.querySelector('video') ?? {}
      return src === link.href
    })
    expect(size).toBe(true)
  })

  it('the life of a failed job says what the provider said', async () => {
    const hash = `#/jobs/heygen/${ids['bad'] ?? ''}`
    const { page } = await open(gateway.url, { token: gateway.token, hash })
    await page.getByText('Ended: failed').waitFor()
    await page.getByText('Generation failed').waitFor()
    expect(await page.getByRole('button', { name: 'Load and show it' }).count()).toBe(0)
  })

  it('a job that ends while it is looked at is seen to end', async () => {
    const hash = `#/jobs/heygen/${ids['long'] ?? ''}`
    const { page } = await open(gateway.url, { token: gateway.token, hash })
    await page.getByText('Accepted').waitFor()
    await sim.finishJobs()
    await page.getByText('Ended: completed').waitFor({ timeout: 60_000 })
  })

  it('throughput counts what started, ended and failed, as a plot and as a table', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/throughput' })
    await page.getByText(/3 started · \d completed · 1 failed or lost/).waitFor()
    await page.getByText('The same as a table').first().click()
    await page.getByRole('table', { name: 'Jobs in each hour' }).waitFor()
    const own = page.getByRole('table', { name: 'Jobs and times of each account' })
    expect(await own.getByRole('row').count()).toBe(3)
    await page.locator('.plot svg').first().hover()
    await expect.poll(() => page.locator('.plot .moment').first().textContent()).not.toBe('')
    await page.getByLabel('Account').selectOption(BOB)
    await page.getByText(/2 started/).waitFor()
  })

  it('the operator sees the jobs of all tenants, and opens one', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/jobs' })
    await page.getByRole('link', { name: ids['bad'] ?? '' }).click()
    await page.getByText('Ended: failed').waitFor()
    await page.getByRole('link', { name: 'Throughput' }).click()
    await page.getByText(/3 started/).waitFor()
  })

  for (const hash of ['#/jobs', '#/jobs/heygen/good', '#/throughput']) {
    it(`nobody is kept out of ${hash}: light and dark, desktop and phone`, async () => {
      const at = hash.replace('good', ids['good'] ?? '')
      const opened = await open(gateway.url, { token: gateway.token, hash: at })
      await opened.page.getByRole('heading', { level: 1 }).waitFor()
      await opened.page.waitForLoadState('networkidle')
      await opened.expectAccessibleEverywhere()
    })
  }
})
