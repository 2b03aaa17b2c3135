/**
 * Opens pages in a real browser. Every page fails its test on a line in the console, an error, a request that leaves the origin, or
 * something that the page's policy forbids. `expectRefusal` allows what a test provokes.
 */
import { findBarriers } from './axe.ts'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { browserArgs, findBrowser } from '../../../scripts/lib/browser.ts'

export const DESKTOP = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

type Theme = 'light' | 'dark'

export interface PageOptions {
  size?: { width: number; height: number }
  theme?: Theme
  /** The token that is signed in with. Without it the page shows the sign-in. */
  token?: string
  /** Without it: the dashboard. */
  path?: string
  /** How long one step may take. */
  timeoutMs?: number
  /** Such as `#/jobs`. */
  hash?: string
  context?: BrowserContextOptions
}

export class OpenedPage {
  readonly page: Page
  readonly origin: string
  readonly problems: string[] = []
  readonly #refusals = new Set<number>()

  constructor(page: Page, origin: string) {
    this.page = page
    this.origin = origin
    page.on('console', (line) => this.#hear(line.text()))
    page.on('pageerror', (error) => this.problems.push(`error: ${error.message}`))
    page.on('request', (request) => this.#see(request.url()))
    page.on('websocket', (socket) => this.#see(socket.url().replace(/^ws/, 'http')))
  }

  /** Chromium writes a line for each answer of 400 and more. A test says which ones it provokes. */
  expectRefusal(...statuses: number[]): void {
    for (const status of statuses) this.#refusals.add(status)
  }

  async goTo(hash: string): Promise<void> {
    await this.page.evaluate((to) => (location.hash = to), hash)
  }

  /** Whether the focus is on or in an element at the moment at which a key brings it: the next key must not go elsewhere. */
  async hasFocusWhenShown(selector: string, key: string): Promise<boolean> {
    const isFocused = await this.page.evaluateHandle((wanted) => {
      const answer = new Promise<boolean>((resolve) => {
        const observer = new MutationObserver(() => {
          const shown = document.querySelector(wanted)
          if (!shown) return
          observer.disconnect()
          resolve(shown.contains(document.activeElement))
        })
        observer.observe(document.body, { attributes: true, childList: true, subtree: true })
      })
      return { answer }
    }, selector)
    await this.page.keyboard.press(key)
    return isFocused.evaluate(({ answer }) => answer)
  }

  /** What axe finds in what is shown now. */
  async expectAccessible(): Promise<void> {
    const found = await findBarriers(this.page)
    expect(found, found.join('\n')).toEqual([])
  }

  /** Asks axe in light and dark, on a desktop and on a phone, without loading the page again. */
  async expectAccessibleEverywhere(): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await this.page.emulateMedia({ colorScheme })
      for (const size of [PHONE, DESKTOP]) {
        await this.page.setViewportSize(size)
        await this.expectAccessible()
        await this.expectNoSideScroll()
      }
    }
  }

  /** Nothing may be wider than the window. */
  async expectNoSideScroll(): Promise<void> {
    const over = await this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth
    )
    expect(over).toBe(0)
  }

  async close(): Promise<void> {
    await this.page.context().close()
    expect(this.problems).toEqual([])
  }

  #hear(text: string): void {
    const [, status] = /Failed to load resource: .* status of (\d+)/.exec(text) ?? []
    if (status && this.#refusals.has(Number(status))) return
    this.problems.push(`console: ${text}`)
  }

  #see(address: string): void {
    const isInside = /^(blob:|data:)/.test(address) || new URL(address).origin === this.origin
    if (!isInside) this.problems.push(`leaves the origin: ${address}`)
  }
}

/** One browser for the file. Pages that a test leaves open are closed and checked after it. */
export function useBrowser(): (url: string, options?: PageOptions) => Promise<OpenedPage> {
  let browser: Browser
  const opened: OpenedPage[] = []
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.close()
  })
  afterAll(() => browser.close())
  return async (url, options = {}) => {
    const page = await openPage(browser, url, options)
    opened.push(page)
    return page
  }
}

function openBrowser(): Promise<Browser> {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error('no Chromium: npm run test:browser installs one')
  return chromium.launch({ executablePath, args: browserArgs() })
}

async function openPage(
  browser: Browser,
  url: string,
  {
    size = DESKTOP,
    theme = 'light',
    path = '/dashboard',
    timeoutMs = 100_000,
    token,
    hash = '',
    context = {},
  }: PageOptions = {}
): Promise<OpenedPage> {
  const made = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...context,
  })
  const page = await made.newPage()
  page.setDefaultTimeout(timeoutMs)
  const opened = new OpenedPage(page, new URL(url).origin)
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)
    )
  })
  await page.goto(`${url}${path}${hash}`)
  if (token !== undefined) {
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
  }
  return opened
}
