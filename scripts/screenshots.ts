/**
 * `npm run screenshots`: takes the pictures of the documentation (docs/images). It starts a gateway with the simulator, makes a pool
 * in which not everything is well, and opens the dashboard in Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { writeAssets } from './lib/assets/write-assets.ts'
import { browserArgs, findBrowser, installBrowser } from './lib/browser.ts'
import { expectStatus, newSecrets, openLocalStack, PROJECT, send } from './lib/local-stack.ts'
import type { LocalStack, Secrets } from './lib/local-stack.ts'

const IMAGES = path.join(PROJECT, 'docs/images')
const VIDEO = {
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
}

interface Scene {
  stack: LocalStack
  secrets: Secrets
  /** Of the tenant with accounts. */
  token: string
  /** A job that was completed. */
  job: string
}

interface Shot {
  name: string
  hash: string
  theme?: 'light' | 'dark'
  size?: { width: number; height: number }
  prepare?: (page: Page) => Promise<void>
}

const DESKTOP = { width: 1200, height: 780 }
const PHONE = { width: 390, height: 780 }

await main()

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'screenshots-'))
  const secrets = newSecrets()
  await writeAssets()
  const stack = await openLocalStack({ folder, secrets, jobMs: 2000, assets: true })
  const executablePath = findBrowser() ?? installBrowser()
  const browser = await chromium.launch({ executablePath, args: browserArgs() })
  try {
    mkdirSync(IMAGES, { recursive: true })
    await take(browser, stack, secrets.ADMIN_TOKEN, { name: 'first-steps', hash: '#/pool' })
    const scene = await makeScene(stack, secrets)
    for (const shot of shotsOf(scene)) await take(browser, stack, scene.token, shot)
  } finally {
    await browser.close()
    await stack.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

function shotsOf({ job }: Scene): Shot[] {
  const showResult = async (page: Page) => {
    await page.getByRole('button', { name: 'Load and show it' }).click()
    await page.getByRole('link', { name: 'Save it' }).waitFor()
  }
  return [
    { name: 'pool', hash: '#/pool' },
    { name: 'pool-dark', hash: '#/pool', theme: 'dark' },
    { name: 'pool-phone', hash: '#/pool', size: PHONE },
    { name: 'jobs', hash: '#/jobs' },
    { name: 'job', hash: `#/jobs/heygen/${job}`, prepare: showResult },
    { name: 'throughput', hash: '#/throughput' },
  ]
}

async function take(browser: Browser, stack: LocalStack, token: string, shot: Shot): Promise<void> {
  const { name, hash, theme = 'light', size = DESKTOP, prepare } = shot
  const context = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  const page = await context.newPage()
  await page.goto(`${stack.gatewayUrl}/dashboard${hash}`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.waitForLoadState('networkidle')
  await prepare?.(page)
  await page.screenshot({ path: path.join(IMAGES, `${name}.png`) })
  await context.close()
}

/** Three accounts: one works, one is refused by the provider, one has a job that failed. */
async function makeScene(stack: LocalStack, secrets: Secrets): Promise<Scene> {
  const { gatewayUrl, simulatorUrl } = stack
  const body = { name: 'video team' }
  const made = await send('POST', `${gatewayUrl}/admin/tokens`, secrets.ADMIN_TOKEN, body)
  await expectStatus(made, 201, 'Making the token')
  const { token } = (await made.json()) as { token: string }
  const simulate = async (place: string, form: object) => {
    const answer = await send('POST', `${simulatorUrl}/__sim/${place}`, undefined, form)
    await expectStatus(answer, 200, `Changing the simulator (${place})`)
  }
  for (const [name, maxJobs] of [
    ['anna', 3],
    ['ben', 5],
    ['carla', 10],
  ] as const) {
    const email = `${name}@example.com`
    const apiKey = `sk_demo_${name}`
    await simulate('accounts', { email, apiKeys: [apiKey], credits: 1200 })
    const form = { email, apiKey, maxJobs }
    const added = await send('POST', `${gatewayUrl}/v1/heygen/accounts`, token, form)
    await expectStatus(added, 201, `Adding ${email}`)
  }
  const create = async (script: string, email: string) => {
    const form = { ...VIDEO, script, title: script }
    const headers = { 'X-Gateway-Account': email }
    return send('POST', `${gatewayUrl}/heygen/v3/videos`, token, form, headers)
  }
  const first = await create('A short one', 'anna@example.com')
  const job = first.headers.get('x-gateway-job') ?? ''
  await create('[fail] A broken one', 'ben@example.com')
  await ended(gatewayUrl, token, job)
  await simulate('accounts', { email: 'carla@example.com', credits: 0 })
  for (const email of ['anna', 'anna', 'ben', 'ben', 'ben', 'carla']) {
    await create('[hold] A long one', `${email}@example.com`)
  }
  return { stack, secrets, token, job }
}

async function ended(gatewayUrl: string, token: string, job: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const answer = await send('GET', `${gatewayUrl}/v1/heygen/jobs/${job}`, token)
    const { status_final: isFinal } = (await answer.json()) as { status_final: boolean }
    if (isFinal) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('The first job did not end.')
}
