/** Many accounts at once: proved, imported once, and exported without a key. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, openGateway, type Gateway } from '../support/gateway.ts'
import { expectEverywhere } from './support/everywhere.ts'
import { useBrowser, type OpenedPage } from './support/pages.ts'

describe('accounts in bulk', () => {
  let gateway: Gateway
  const open = useBrowser()
  beforeAll(async () => {
    gateway = await openGateway({ assets: true, accounts: { alice: 2 } })
    for (const name of ['bob', 'carol', 'dan', 'erin'])
      await gateway.sim.addAccount(`${name}@example.com`, `sk_test_${name}`)
  })
  afterAll(() => gateway.dispose())

  const LIST = [
    'provider;email;API key;max jobs',
    'heygen;bob@example.com;sk_test_bob;3',
    'heygen;;sk_test_carol;2',
    'heygen;bad@example.com;sk_test_nobody;2',
    'heygen;zero@example.com;sk_test_dan;0',
    'heygen;alice@example.com;sk_test_alice;4',
  ].join('\r\n')

  /** The bodies of the calls that add accounts, as they leave the page. */
  function callsOf({ page }: OpenedPage): { dryRun?: boolean }[] {
    const calls: { dryRun?: boolean }[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/accounts'))
        calls.push(request.postDataJSON() as { dryRun?: boolean })
    })
    return calls
  }

  async function keysIn({ page }: OpenedPage): Promise<boolean> {
    const values = await page.evaluate(() =>
      [...document.querySelectorAll('input, textarea')].map(
        (one) => (one as HTMLInputElement).value
      )
    )
    const kept = await page.evaluate(() => [{ ...sessionStorage }, { ...localStorage }])
    return [await page.content(), JSON.stringify([values, kept])].join().includes('sk_test_')
  }

  it('each line is proved in words, the good ones are imported once, and no key stays on the page', async () => {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/bulk' })
    const { page } = opened
    opened.expectRefusal(400)
    const calls = callsOf(opened)
    await page.getByLabel('Your list').fill(LIST)
    await page.getByRole('button', { name: 'Prove each line' }).dblclick()
    await page.getByText('5 of 5 lines proved. 2 lines were refused').waitFor()
    const row = (line: string) =>
      page.getByRole('row').filter({ has: page.getByRole('cell', { name: line, exact: true }) })
    await row('2').getByText('Good').waitFor()
    await row('3').getByText('carol@example.com').waitFor()
    await row('4').getByText('HeyGen refuses this API key').waitFor()
    await row('5').getByText('maxJobs must be a whole number').waitFor()
    await row('6').getByText('This account is there already').waitFor()
    expect(calls).toHaveLength(4)
    expect(calls.every(({ dryRun }) => dryRun === true)).toBe(true)
    expect(await keysIn(opened)).toBe(false)
    await opened.expectAccessible()
    await page.getByRole('button', { name: 'Import the 3 good lines' }).dblclick()
    await page.getByText('3 of 3 accounts imported.').waitFor()
    expect(calls).toHaveLength(7)
    expect(await keysIn(opened)).toBe(false)
    const answer = await gateway.fetch('/v1/heygen/accounts')
    const all = (await answer.json()) as Record<string, { maxJobs: number }>
    const limits = Object.entries(all).map(([email, { maxJobs }]) => [email, maxJobs])
    expect(Object.fromEntries(limits)).toEqual({
      'alice@example.com': 4,
      'bob@example.com': 3,
      'carol@example.com': 2,
    })
  })

  it('a list without a header is refused as a whole, and shows none of its cells', async () => {
    const { page } = await open(gateway.url, { token: gateway.token, hash: '#/bulk' })
    await page.getByLabel('Your list').fill('heygen,dan@example.com,sk_test_dan,3')
    await page.getByRole('button', { name: 'Prove each line' }).click()
    await page.getByText('The first line must name the columns').waitFor()
    await page.getByLabel('Your list').and(page.locator('[aria-invalid=true]:focus')).waitFor()
  })

  it('a file is read, and a run that is stopped proves no other line', async () => {
    const opened = await open(gateway.url, { token: gateway.token, hash: '#/bulk' })
    const { page } = opened
    const calls = callsOf(opened)
    const { promise: gate, resolve: release } = Promise.withResolvers<void>()
    await page.route('**/v1/heygen/accounts', async (route) => {
      await gate
      await route.continue()
    })
    const lines = ['dan', 'erin', 'f', 'g', 'h'].map((name) => `heygen,,sk_test_${name},2`)
    const text = ['provider,email,apiKey,maxJobs', ...lines].join('\n')
    await page.getByLabel('Or a file').setInputFiles({
      name: 'accounts.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`\uFEFF${text}`),
    })
    await page.getByRole('button', { name: 'Prove each line' }).click()
    await expect.poll(() => calls.length).toBe(3)
    await page.getByRole('button', { name: 'Stop' }).click()
    opened.expectRefusal(400)
    release()
    await page.getByRole('button', { name: 'Prove the 2 lines that had no answer' }).waitFor()
    expect(calls).toHaveLength(3)
  })

  it('the accounts are saved as CSV and JSON, without a secret', async () => {
    const { page } = await open(gateway.url, { token: ADMIN_TOKEN, hash: '#/bulk' })
    await page.getByText('Choose one at the top of the page first.').waitFor()
    for (const [name, words] of [
      ['Save as CSV', 'heygen,alice@example.com,4,'],
      ['Save as JSON', '"email": "alice@example.com"'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ])
      const text = await readFile(await download.path(), 'utf8')
      expect(text).toContain(words)
      expect(text).not.toContain('sk_test_')
    }
  })

  expectEverywhere(open, () => ({ url: gateway.url, token: gateway.token }), [
    ['#/bulk', 'Your list'],
  ])
})
