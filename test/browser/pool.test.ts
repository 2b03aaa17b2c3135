/** The pool: what is wrong is seen at once, and can be mended on the page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, until, VIDEO, type Gateway } from '../support/gateway.ts'
import { Simulator } from '../support/simulator.ts'
import { useBrowser } from './support/pages.ts'

const ALICE = 'alice@example.com'
const BOB = 'bob@example.com'
const CAROL = 'carol@example.com'

describe('the pool on the page', () => {
  let gateway: Gateway
  let sim: Simulator
  const open = useBrowser()
  beforeAll(async () => {
    sim = await Simulator.start()
    await sim.settings({ jobMs: -1 })
    gateway = await openGateway({
      simulator: sim,
      assets: true,
      accounts: { alice: 3, bob: 2, carol: 2 },
      vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' },
    })
  })
  afterAll(async () => {
    await gateway.dispose()
    await sim.dispose()
  })

  const create = (email: string) =>
    gateway.createVideo(VIDEO, { 'x-gateway-account': email }).then((answer) => answer.status)

  it('a job that starts and ends is seen without reloading', async () => {
    const { page } = await open(gateway.url, { token: gateway.token })
    await page.getByText('Live', { exact: true }).waitFor()
    const card = page.getByRole('article', { name: ALICE })
    await card.getByText('0 of 3 in use').waitFor()
    expect(await create(ALICE)).toBe(200)
    await card.getByText('1 of 3 in use').waitFor()
    await sim.finishJobs()
    await card.getByText('0 of 3 in use').waitFor()
  })

  it('an account whose key the provider refuses stands first and says why; when the key works, a test brings it back', async () => {
    const { page } = await open(gateway.url, { token: gateway.token })
    await page.getByText('Live', { exact: true }).waitFor()
    await page.mouse.move(0, 0)
    await sim.addAccount(CAROL, 'sk_test_other')
    await gateway.fetch('/heygen/v3/users/me', {
      headers: { 'x-gateway-account': CAROL },
    })
    const card = page.getByRole('article', { name: CAROL })
    await card.getByText('Parked', { exact: true }).waitFor()
    await card.getByText('Credential refused').waitFor()
    await expect
      .poll(() => page.getByRole('article').first().getAttribute('aria-label'))
      .toBe(CAROL)
    await card.getByRole('button', { name: 'Test' }).click()
    await page.getByText('carol@example.com does not work').waitFor()
    await sim.addAccount(CAROL, 'sk_test_carol')
    // The gateway gives the answer of the last test again for five seconds.
    await until(async () => {
      await card.getByRole('button', { name: 'Test' }).click()
      await page.waitForTimeout(1000)
      return (await card.getByText('Parked', { exact: true }).count()) === 0
    })
    await card.getByText('Has room').waitFor()
  })

  it('a limit is changed, and an account is removed only after its name was typed', async () => {
    await gateway.addAccount('dora', 2)
    const { page } = await open(gateway.url, { token: gateway.token })
    const card = page.getByRole('article', { name: 'dora@example.com' })
    await card.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Jobs at once').fill('4')
    await page.getByRole('button', { name: 'Save' }).click()
    await card.getByText('0 of 4 in use').waitFor()
    await card.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog')
    const remove = dialog.getByRole('button', { name: 'Remove' })
    await dialog.getByRole('textbox').fill('dora')
    expect(await remove.isDisabled()).toBe(true)
    await dialog.getByRole('textbox').fill('dora@example.com')
    await remove.click()
    await card.waitFor({ state: 'detached' })
    expect((await gateway.fetch('/v1/heygen/accounts/dora@example.com')).status).toBe(404)
  })

  it('an account is added with its key alone, and a key that the provider refuses is told in the form', async () => {
    await sim.addAccount('emil@example.com', 'sk_test_emil')
    const opened = await open(gateway.url, { token: gateway.token })
    opened.expectRefusal(400)
    const { page } = opened
    await page.getByRole('button', { name: 'Add account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('API key', { exact: true }).fill('sk_test_wrong')
    await dialog.getByLabel('Jobs at once').fill('2')
    await dialog.getByRole('button', { name: 'Try it and add it' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('API key', { exact: true }).fill('sk_test_emil')
    await dialog.getByRole('button', { name: 'Try it and add it' }).click()
    await page.getByRole('article', { name: 'emil@example.com' }).waitFor()
  })

  it('a person without a mouse reaches every button, and a dialog gives the focus back', async () => {
    const opened = await open(gateway.url, { token: gateway.token })
    const { page } = opened
    const card = page.getByRole('article', { name: BOB })
    const edit = card.getByRole('button', { name: 'Edit' })
    await edit.focus()
    expect(await opened.hasFocusWhenShown('dialog', 'Enter')).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await edit.evaluate((button) => button === document.activeElement)).toBe(true)
    await page.getByRole('link', { name: 'Jobs' }).focus()
    expect(await opened.hasFocusWhenShown('main[aria-label=Jobs]', 'Enter')).toBe(true)
  })

  it('the operator changes an account of any tenant, and a token that may only use sees no button', async () => {
    const operator = await open(gateway.url, { token: ADMIN_TOKEN })
    const card = operator.page.getByRole('article', { name: BOB })
    await card.getByRole('button', { name: 'Edit' }).click()
    await operator.page.getByLabel('Jobs at once').fill('5')
    await operator.page.getByRole('button', { name: 'Save' }).click()
    await card.getByText('0 of 5 in use').waitFor()
    const { tenant } = await gateway.newToken()
    const own = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
    expect(own.id).not.toBe(tenant)
    const { token } = await gateway.newToken({ tenant: own.id, scope: 'use' })
    const user = await open(gateway.url, { token })
    await user.page.getByRole('article', { name: BOB }).waitFor()
    expect(await user.page.getByRole('button', { name: 'Remove' }).count()).toBe(0)
    expect(await user.page.getByRole('button', { name: 'Add account' }).count()).toBe(0)
  })

  it('without a live connection the page asks again, and says so', async () => {
    const opened = await open(gateway.url, { token: gateway.token })
    opened.expectRefusal(429)
    const { page } = opened
    await page.getByText('Live', { exact: true }).waitFor()
    await page.route('**/v1/live', (route) => route.fulfill({ status: 429, json: { error: 'x' } }))
    await page.getByLabel('State').selectOption('full')
    await page.reload()
    await page.getByText('Every 10 s').waitFor()
    await page.getByText('No account is like that').waitFor()
    await page.getByLabel('State').selectOption('')
    await page.getByRole('article', { name: ALICE }).waitFor()
  })

  it('nobody is kept out of the pool and its forms: light and dark, desktop and phone', async () => {
    await create(ALICE)
    const opened = await open(gateway.url, { token: gateway.token })
    const { page } = opened
    await page.getByRole('article', { name: ALICE }).waitFor()
    await opened.expectAccessibleEverywhere()
    await page.getByRole('button', { name: 'Add account' }).click()
    await page.getByRole('dialog').waitFor()
    await opened.expectAccessibleEverywhere()
  })
})
