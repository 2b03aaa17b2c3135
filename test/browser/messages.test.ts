/** Deliveries, endpoints and secrets, alerts: what goes out to the customers' own servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, type Gateway } from '../support/gateway.ts'
import { Receiver } from '../support/receiver.ts'
import { LOOPBACK } from '../support/scenes/hooked.ts'
import { expectEverywhere } from './support/everywhere.ts'
import { useBrowser } from './support/pages.ts'

describe('messages to the customers’ servers', () => {
  let gateway: Gateway
  let receiver: Receiver
  /** The job whose receiver answers 410 at first. */
  let refused = ''
  const open = useBrowser()

  beforeAll(async () => {
    receiver = await Receiver.open()
    receiver.answer = ({ path }) => {
      if (path.startsWith('/once-gone')) return receiver.posts(path).length === 1 ? 410 : 200
      return path === '/broken' ? 500 : undefined
    }
    const simVars = { JOB_MS: '600000' }
    gateway = await openGateway({ assets: true, accounts: { alice: 5 }, vars: LOOPBACK, simVars })
    refused = await end('/once-gone')
    await end('/broken')
    await end('/fine')
    await receiver.heard('/once-gone')
    await receiver.heard('/fine')
    await until(async () => (await states()).includes('dead'))
  })
  afterAll(async () => {
    await gateway.dispose()
    await receiver.close()
  })

  /** Runs a job to its end. */
  async function end(path: string): Promise<string> {
    const made = await gateway.createVideo({ callback_url: receiver.url + path })
    expect(made.status).toBe(200)
    const id = made.headers.get('x-gateway-job') ?? ''
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    return id
  }

  async function states(): Promise<string[]> {
    const answer = await gateway.fetch('/v1/deliveries')
    const { deliveries } = (await answer.json()) as { deliveries: { state: string }[] }
    return deliveries.map(({ state }) => state)
  }

  it('a delivery that was given up is found, understood and sent again', async () => {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/deliveries' })
    const { page } = opened
    await page.getByLabel('State').selectOption('Given up')
    await page.getByText('1 delivery shown').waitFor()
    await page.getByRole('link', { name: 'avatar_video.success' }).click()
    await page.getByText('Given up: the receiver answered 410.').waitFor()
    await opened.expectAccessible()
    await page.getByText('The receiver said that it wants no more calls').waitFor()
    const body = await page.getByLabel('The body that is sent').textContent()
    expect(JSON.parse(body ?? '')).toMatchObject({ event_data: { video_id: refused } })
    await page.getByRole('button', { name: 'Send again: avatar_video.success' }).dblclick()
    await page.getByText('Delivered', { exact: true }).waitFor()
    expect(receiver.posts('/once-gone')).toHaveLength(2)
    await page.getByText('answered 200').waitFor()
  })

  it('all deliveries shown that were given up are sent again together', async () => {
    await end('/once-gone-too')
    await end('/once-gone-also')
    await until(async () => (await states()).filter((one) => one === 'dead').length === 2)
    const { page } = await open(gateway.url, {
      token: gateway.token,
      hash: '#/deliveries?state=dead',
    })
    // The list changes between the two: one row is no longer given up while the other is still on its way.
    const second = Promise.withResolvers<void>()
    let asked = 0
    await page.route('**/retry', async (route) => {
      if ((asked += 1) === 2) await second.promise
      await route.continue()
    })
    await page.getByRole('button', { name: 'Send again: the 2 shown' }).click()
    await page.getByRole('button', { name: 'Send them again' }).dblclick()
    await page.getByRole('cell', { name: 'Given up' }).nth(1).waitFor({ state: 'detached' })
    second.resolve()
    await page.getByText('2 of 2 deliveries are being sent again.').waitFor()
    await receiver.heard('/once-gone-too', 2)
    await receiver.heard('/once-gone-also', 2)
    await until(async () => !(await states()).includes('dead'))
  })

  it('a delivery that begins while the list is open appears by itself', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/deliveries' })
    await page.getByText('deliveries shown').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await end('/late')
    await page.getByText(`${receiver.url}/late`).waitFor()
  })

  it('the operator sees the deliveries of all tenants, and filters them by job', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/deliveries' })
    await page.getByText('deliveries shown').waitFor()
    await page.getByLabel('Job', { exact: true }).fill(refused)
    await page.getByLabel('Job', { exact: true }).press('Enter')
    await page.getByText('1 delivery shown').waitFor()
    await page.getByRole('link', { name: 'avatar_video.success' }).click()
    await page.getByText(`${receiver.url}/once-gone`).waitFor()
  })

  it('what is typed into a filter stays while the list is read again', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/deliveries' })
    await page.getByText('deliveries shown').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    const field = page.getByLabel('Job', { exact: true })
    await field.fill(refused)
    await end('/while-typing')
    await page.getByText(`${receiver.url}/while-typing`).waitFor()
    expect(await field.inputValue()).toBe(refused)
    await field.press('Enter')
    await page.getByText('1 delivery shown').waitFor()
  })

  it('an endpoint is added, given a new secret and removed; each secret is shown once', async () => {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/endpoints' })
    const { page } = opened
    opened.expectRefusal(400)
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByLabel('URL').and(page.locator('[aria-invalid=true]:focus')).waitFor()
    await dialog.getByLabel('Events').selectOption('Only some')
    await dialog.getByLabel('avatar_video.fail', { exact: true }).check()
    await opened.expectAccessible()
    await dialog.getByLabel('URL').fill(`${receiver.url}/hook`)
    await dialog.getByRole('button', { name: 'Add', exact: true }).dblclick()
    const first = await secretShown()
    await page.getByRole('button', { name: `New secret: ${receiver.url}/hook` }).click()
    await dialog.getByRole('button', { name: 'Make a new secret' }).click()
    const second = await secretShown()
    expect(second).not.toBe(first)
    await page.getByRole('button', { name: `Remove: ${receiver.url}/hook` }).click()
    const remove = dialog.getByRole('button', { name: 'Remove it' })
    expect(await remove.isDisabled()).toBe(true)
    await dialog.getByLabel('To confirm').fill(new URL(receiver.url).host)
    await remove.click()
    await page.getByText('There is no webhook endpoint yet.').waitFor()

    async function secretShown(): Promise<string> {
      const shown = page.getByRole('group', { name: 'Secret of the endpoint' })
      const secret = await shown.getByRole('code').or(shown.locator('code')).first().textContent()
      expect(secret).toMatch(/^whsec_/)
      await page.getByRole('button', { name: 'I have saved it' }).click()
      await shown.waitFor({ state: 'detached' })
      expect(await page.content()).not.toContain(secret)
      return secret ?? ''
    }
  })

  it('the default reply URL is kept, and what is wrong with it stands beside the field', async () => {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/endpoints' })
    const { page } = opened
    opened.expectRefusal(400)
    const field = page.getByLabel('URL', { exact: true })
    await field.fill('ftp://files.example.com')
    await page.getByRole('button', { name: 'Save' }).click()
    await field.and(page.locator('[aria-invalid=true]:focus')).waitFor()
    await field.fill(`${receiver.url}/all`)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('It counts for jobs that start from now on.').waitFor()
    await page.reload()
    await expect.poll(() => field.inputValue()).toBe(`${receiver.url}/all`)
    await field.fill('')
    await field.press('Enter')
    await page.getByText('The default is removed.').waitFor()
  })

  it('a new callback secret says that the old one signs for a day, and is shown once', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/endpoints' })
    await page.getByRole('button', { name: 'Make a new callback secret' }).click()
    await page.getByRole('dialog').getByText('24 hours more').waitFor()
    await page.getByRole('button', { name: 'Make it' }).click()
    const shown = page.getByRole('group', { name: 'Callback secret' })
    await shown.getByText('whsec_').waitFor()
    // A look at another screen does not lose it.
    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByText('made a new callback secret').first().waitFor()
    await page.getByRole('link', { name: 'Endpoints and secrets' }).click()
    await shown.getByText('whsec_').waitFor()
    await page.getByRole('button', { name: 'I have saved it' }).click()
  })

  it('an alert is added once on a double click, tried and removed', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/alerts' })
    const { page } = opened
    opened.expectRefusal(400)
    await page.getByText('about the accounts of all tenants').waitFor()
    await page.getByRole('button', { name: 'Add an alert' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Form').selectOption('JSON for a server of your own, signed')
    await dialog.getByLabel('URL').fill('nowhere')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await dialog.getByLabel('URL').and(page.locator('[aria-invalid=true]:focus')).waitFor()
    await opened.expectAccessible()
    await dialog.getByLabel('URL').fill(`${receiver.url}/alerts`)
    await dialog.getByLabel('A balance is low', { exact: true }).uncheck()
    await dialog.getByRole('button', { name: 'Add', exact: true }).dblclick()
    await page.getByRole('group', { name: 'Secret of the alert' }).getByText('whsec_').waitFor()
    await page.getByRole('button', { name: 'I have saved it' }).click()
    expect(await page.getByRole('row').count()).toBe(2)
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText('The test message has arrived.').waitFor()
    expect(JSON.parse(receiver.posts('/alerts')[0]?.body ?? '')).toMatchObject({ kind: 'test' })
    await page.getByRole('button', { name: 'Remove the alert' }).click()
    await dialog.getByLabel('To confirm').fill(new URL(receiver.url).host)
    await dialog.getByRole('button', { name: 'Remove it' }).click()
    await page.getByText('Nobody is told yet when an account fails.').waitFor()
  })

  it('a token with the scope use sees the endpoints and is offered no change', async () => {
    const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
    const { token } = await gateway.newToken({ tenant, scope: 'use' })
    const { page } = await open(gateway.url, { token, hash: '#/endpoints' })
    await page.getByText('This token may look and use.').waitFor()
    await page.getByText('There is no webhook endpoint yet.').waitFor()
    expect(await page.locator('main button').count()).toBe(0)
  })

  expectEverywhere(open, () => ({ url: gateway.url, token: gateway.token }), [
    ['#/deliveries', 'deliveries shown'],
    ['#/endpoints', 'There is no webhook endpoint yet.'],
    ['#/alerts', 'Nobody is told yet when an account fails.'],
  ])
})
