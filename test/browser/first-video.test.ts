/** From an empty gateway to a first video, as a person goes it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { Receiver } from '../support/receiver.ts'
import { Simulator } from '../support/simulator.ts'
import { useBrowser } from './support/pages.ts'

describe('the way to the first video', () => {
  let gateway: Gateway
  let sim: Simulator
  let receiver: Receiver
  const open = useBrowser()
  beforeAll(async () => {
    receiver = await Receiver.open()
    sim = await Simulator.start({ vars: { JOB_MS: '1500' } })
    await sim.addAccount('alice@example.com', 'sk_test_alice')
    const vars = { ALLOW_LOOPBACK_CALLBACKS: 'true' }
    gateway = await openGateway({ simulator: sim, assets: true, timeScale: 10, vars })
  })
  afterAll(async () => {
    await gateway.dispose()
    await sim.dispose()
    await receiver.close()
  })

  it('nobody is kept out of the first steps: light and dark, desktop and phone', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN })
    await opened.page.getByRole('heading', { name: 'A tenant, and its token' }).waitFor()
    await opened.expectAccessibleEverywhere()
  })

  it('the operator makes a tenant, an account and a video, sees it end, and its delivery', async () => {
    const opened = await open(gateway.url, { token: ADMIN_TOKEN })
    const { page } = opened
    await page.getByLabel(/A name for the token/).fill('first program')
    await page.getByRole('button', { name: 'Make a tenant and a token' }).click()
    await page.getByText('shown only now').waitFor()
    await opened.expectAccessible()
    await page.getByLabel('API key', { exact: true }).fill('sk_test_alice')
    await page.getByLabel('Jobs at once').fill('2')
    await page.getByRole('button', { name: 'Try it and add it' }).click()
    await page.getByText('This costs credits').waitFor()
    await opened.expectAccessible()
    expect((await sim.state()).jobs).toHaveLength(0)
    await page.getByLabel(/Where its end is told/).fill(`${receiver.url}/hook`)
    await page.getByRole('button', { name: 'Make the video' }).click()
    await page.getByText('Ended: completed').waitFor()
    await page.getByText('Delivered', { exact: true }).waitFor()
    expect(receiver.posts('/hook')).toHaveLength(1)
    expect((await sim.state()).jobs).toHaveLength(1)
    await opened.expectAccessible()
    await page.getByRole('button', { name: 'Go to the pool' }).click()
    await page.getByRole('article', { name: 'alice@example.com' }).waitFor()
  })
})
