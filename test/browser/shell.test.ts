/** Sign-in, the frame of the page, and what it may never do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { useBrowser } from './support/pages.ts'

describe('the frame of the dashboard', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
  })
  afterAll(() => gateway.dispose())

  it('a tenant signs in with its token, which no address and no storage beyond the tab gets', async () => {
    const { page } = await open(gateway.url, { token: gateway.token })
    await page.getByRole('heading', { name: 'Pool' }).waitFor()
    expect(page.url()).not.toContain(gateway.token)
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]))
    expect(kept).not.toContain(gateway.token)
    await page.reload()
    await page.getByRole('heading', { name: 'Pool' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain('hgw_')
  })

  it('a token that the gateway does not know is refused with a sentence', async () => {
    const opened = await open(gateway.url)
    opened.expectRefusal(401)
    await opened.page.getByLabel('Token').fill('not-a-token')
    await opened.page.getByLabel('Token').press('Enter')
    await opened.page.getByRole('alert').getByText('does not know this token').waitFor()
  })

  it('the operator sees all tenants, or the one that is chosen', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN })
    await page.getByText('Operator').waitFor()
    const chooser = page.getByLabel('Tenant in view')
    await chooser.getByRole('option').nth(1).waitFor({ state: 'attached' })
    await chooser.selectOption({ index: 1 })
    await page.getByText('alice@example.com').first().waitFor()
  })

  it('the colours follow the system until the person chooses others, which stay', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, theme: 'dark' })
    const theme = () => page.evaluate(() => document.documentElement.dataset['theme'])
    expect(await theme()).toBe('dark')
    await page.getByRole('button', { name: 'Use light colours' }).click()
    expect(await theme()).toBe('light')
    await page.reload()
    await page.getByRole('heading', { name: 'Pool' }).waitFor()
    expect(await theme()).toBe('light')
  })

  it('a browser at the root is led to the dashboard, and a program is told of it', async () => {
    const { page } = await open(gateway.url)
    await page.goto(gateway.url)
    expect(new URL(page.url()).pathname).toBe('/dashboard')
    const told = (await (await fetch(gateway.url)).json()) as Record<string, string>
    expect(told).toMatchObject({ dashboard: '/dashboard', docs: '/docs' })
  })

  it('nobody is kept out of the sign-in: light and dark, desktop and phone', async () => {
    const opened = await open(gateway.url)
    await opened.page.getByLabel('Token').waitFor()
    await opened.expectAccessibleEverywhere()
  })
})
