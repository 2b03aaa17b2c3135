/** Tokens, tenants and the audit: who may use the gateway, and who changed what. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { expectEverywhere } from './support/everywhere.ts'
import { useBrowser } from './support/pages.ts'

describe('tokens, tenants and the audit', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
    await gateway.newToken({ name: 'old laptop', tenant: 'globex', subscription: 'lapsed' })
  })
  afterAll(() => gateway.dispose())

  async function tokens(): Promise<{ name: string; tenant: string; scope: string }[]> {
    const { tokens: all } = (await (await gateway.admin('GET', '/tokens')).json()) as {
      tokens: { name: string; tenant: string; scope: string }[]
    }
    return all
  }

  it('a token is made once on a double click, for a new tenant, and is shown once', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    const { page } = opened
    opened.expectRefusal(400)
    await page.getByRole('button', { name: 'Make a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    await dialog.getByLabel('Name', { exact: true }).and(page.locator(':focus')).waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('night shift')
    await dialog.getByLabel('Name of the new tenant').fill('no blanks!')
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    await dialog.getByText('Must be 1 to 64 letters').waitFor()
    await opened.expectAccessible()
    await dialog.getByLabel('Name of the new tenant').fill('initech')
    await dialog.getByRole('button', { name: 'Make the token' }).dblclick()
    const shown = page.getByRole('group', { name: 'Token', exact: true })
    const token = (await shown.locator('code').textContent()) ?? ''
    expect(token).toMatch(/^hgw_/)
    const own = gateway.as(token)
    expect(await (await own.fetch('/v2/account')).json()).toMatchObject({ id: 'initech' })
    await opened.expectAccessible()
    await page.getByRole('button', { name: 'I have saved it' }).click()
    await shown.waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain(token)
    expect((await tokens()).filter(({ name }) => name === 'night shift')).toHaveLength(1)
    await page.getByLabel('Tenant in view').getByText('initech').waitFor({ state: 'attached' })
  })

  it('a token that sees only its own is made on the page, and the list marks it', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    await page.getByRole('button', { name: 'Make a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill('customer 3')
    await dialog.getByLabel('Tenant', { exact: true }).selectOption('globex')
    await dialog.getByLabel('Sees').selectOption('own')
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    const row = page.getByRole('row').filter({ hasText: 'customer 3' })
    await row.getByText('sees its own').waitFor()
    const made = (await tokens()).find(({ name }) => name === 'customer 3')
    expect(made).toMatchObject({ tenant: 'globex', sees: 'own' })
  })

  it('a customer whose token sees only its own begins at its jobs, and is shown no screen about accounts', async () => {
    const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
    const { token } = await gateway.newToken({ name: 'own', tenant, scope: 'use', sees: 'own' })
    const made = await gateway.as(token).createVideo({}, { prefer: 'respond-async' })
    expect(made.status).toBe(202)
    // Anything that is refused would be a line in the console, and fail this test.
    const opened = await open(gateway.url, { token })
    const { page } = opened
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    await page
      .getByRole('row')
      .filter({ hasText: made.headers.get('x-gateway-job') ?? '' })
      .waitFor()
    const screens = page.getByRole('navigation', { name: 'Screens' }).getByRole('link')
    const shown = ['Jobs', 'Queue', 'Usage', 'Deliveries', 'Endpoints and secrets']
    expect(await screens.allTextContents()).toEqual(shown)
    expect(await page.getByText('removed').count()).toBe(0)
    for (const name of shown) {
      await screens.filter({ hasText: name }).click()
      await page.getByRole('heading', { name, exact: true }).waitFor()
    }
    await opened.goTo('#/pool')
    await page.getByRole('heading', { name: 'Not found' }).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Go to the jobs' }).click()
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
  })

  it('scope, subscription and end of a token are changed', async () => {
    await gateway.newToken({ name: 'ci', tenant: 'globex' })
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    await page.getByRole('button', { name: 'Edit the token ci' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Scope').selectOption('use')
    await dialog.getByLabel('Expires').fill('2099-03-01T12:00')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('until 1 Mar 2099').waitFor()
    expect(await tokens()).toContainEqual(
      expect.objectContaining({ name: 'ci', scope: 'use', expiresAt: '2099-03-01T12:00:00.000Z' })
    )
  })

  it('a token and a tenant are removed only when their name is typed', async () => {
    await gateway.newToken({ name: 'gone soon', tenant: 'umbrella' })
    await gateway.newToken({ name: 'stays', tenant: 'umbrella' })
    const opened = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/tokens' })
    const { page } = opened
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Remove the token gone soon' }).click()
    await opened.expectAccessible()
    const remove = dialog.getByRole('button', { name: 'Remove the token' })
    expect(await remove.isDisabled()).toBe(true)
    await dialog.getByLabel('To confirm').fill('gone soon')
    await remove.click()
    await page.getByText('The token “gone soon” is removed.').waitFor()
    await page.getByRole('button', { name: 'Remove the tenant umbrella' }).click()
    await dialog.getByText('Its token stops working within a minute.').waitFor()
    await dialog.getByText('wiped when their last job has ended').waitFor()
    await dialog.getByLabel('To confirm').fill('umbrella')
    await dialog.getByRole('button', { name: 'Remove the tenant' }).click()
    await page.getByText('The tenant umbrella is removed.').waitFor()
    expect((await tokens()).filter(({ tenant }) => tenant === 'umbrella')).toEqual([])
  })

  it('the audit says in words who changed what, and finds a line by its text', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/audit' })
    await page.getByText('added the account').waitFor()
    await page.getByLabel('Text in the lines shown').fill('OLD laptop')
    await page.getByText('made the token').waitFor()
    await page.getByText('name old laptop · scope full · subscription lapsed').waitFor()
    await page.getByText('added the account').waitFor({ state: 'detached' })
  })

  it('a tenant reads its own audit, and nothing of others', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/audit' })
    await page.getByText('added the account').waitFor()
    await page.getByText('alice@example.com').first().waitFor()
    expect(await page.content()).not.toContain('globex')
  })

  it('older lines come on request', async () => {
    const { token } = await gateway.newToken({ tenant: 'busy' })
    const busy = gateway.as(token)
    for (let n = 0; n < 101; n += 1) await busy.post('/v2/account', { name: `name ${String(n)}` })
    const { page } = await open(gateway.url, { token, hash: '#/audit' })
    await page.getByText('100 lines shown.').waitFor()
    await page.getByRole('button', { name: 'Show older ones' }).click()
    await page.getByText('103 lines shown, these are all.').waitFor()
  })

  expectEverywhere(open, () => ({ url: gateway.url, token: ADMIN_TOKEN }), [
    ['#/tokens', 'old laptop'],
    ['#/audit', 'changed the tenant'],
  ])
})
