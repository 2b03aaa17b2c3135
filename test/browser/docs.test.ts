/** `/docs`: the OpenAPI document in a browser, and a call that is tried there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGateway, type Gateway } from '../support/gateway.ts'
import { DESKTOP, PHONE, useBrowser } from './support/pages.ts'

/** swagger-ui is large: seconds on a free machine, a minute on a busy one. */
const STEP_MS = 100_000
const TEST_MS = 400_000

describe('the page of the API', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
  })
  afterAll(() => gateway.dispose())

  const openDocs = async (options = {}) => {
    const opened = await open(gateway.url, { path: '/docs', timeoutMs: STEP_MS, ...options })
    await opened.page.locator('#operations-tag-accounts').waitFor()
    return opened
  }

  it(
    'a call that is tried is refused without a token, and answered with the one of the field, which is kept nowhere',
    async () => {
      const opened = await openDocs()
      opened.expectRefusal(401)
      const { page } = opened
      for (const tag of ['accounts', 'operator', 'HeyGen_drop-in'])
        await page.locator(`#operations-tag-${tag}`).waitFor()
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
    },
    TEST_MS
  )

  it(
    'every path of the providers is on a page of its own',
    async () => {
      const { page } = await open(gateway.url, { path: '/docs?of=providers', timeoutMs: STEP_MS })
      await page.locator('#operations-tag-HeyGen_drop-in').waitFor()
      await page.locator('#operations-tag-Kling_drop-in').click()
      await page.getByText('/kling/v1/videos/text2video', { exact: true }).first().waitFor()
    },
    TEST_MS
  )

  it(
    'the page fits a desktop in the light and a phone in the dark',
    async () => {
      for (const options of [
        { theme: 'light', size: DESKTOP },
        { theme: 'dark', size: PHONE },
      ]) {
        const opened = await openDocs(options)
        await opened.expectNoSideScroll()
      }
    },
    TEST_MS
  )
})
