/** `/docs`: the OpenAPI documents in a browser, and a call that is tried there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGateway, type Gateway } from '../support/gateway.ts'
import { PHONE, useBrowser } from './support/pages.ts'

// swagger-ui is large: seconds on a free machine, a minute on a busy one.
describe('the page of the API', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
  })
  afterAll(() => gateway.dispose())

  it('a call that is tried is refused without a token, and answered with the one of the field, which is kept nowhere', async () => {
    const opened = await open(gateway.url, { path: '/docs' })
    opened.expectRefusal(401)
    const { page } = opened
    for (const tag of ['accounts', 'operator', 'HeyGen_drop-in'])
      await page.locator(`#operations-tag-${tag}`).waitFor()
    await opened.expectNoSideScroll()
    await page.locator('#operations-tag-jobs').click()
    const operation = page.locator('#operations-jobs-getHeygenSchedulerAvailable')
    await operation.getByRole('button').first().click()
    await operation.getByRole('button', { name: 'Execute' }).click()
    await operation.getByText('Unauthorized').first().waitFor()
    await page.getByLabel('Token').fill(gateway.token)
    await operation.getByRole('button', { name: 'Execute' }).click()
    await operation.getByText('alice@example.com').first().waitFor()
    expect(page.url()).not.toContain('hgw_')
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])
    )
    expect(kept).not.toContain('hgw_')
  })

  it('every path of the providers is on a page of its own, which fits a phone in the dark', async () => {
    const where = { path: '/docs?of=providers' }
    const opened = await open(gateway.url, { ...where, theme: 'dark', size: PHONE })
    const { page } = opened
    await page.locator('#operations-tag-HeyGen_drop-in').waitFor()
    await page.locator('#operations-tag-Kling_drop-in').click()
    await page.locator('[data-path="/kling/v1/videos/effects"]').first().waitFor()
    await opened.expectNoSideScroll()
  })
})
