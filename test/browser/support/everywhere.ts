/** Screens in light and dark, on a desktop and a phone: axe finds nothing, and nothing is wider than the window. */
import { it } from 'vitest'
import { DESKTOP, PHONE, type OpenedPage, type PageOptions } from './pages.ts'

type Open = (url: string, options?: PageOptions) => Promise<OpenedPage>

/** `screens`: hash, and a text that stands there when the screen is complete. */
export function expectEverywhere(
  open: Open,
  signedIn: () => { url: string; token: string },
  screens: [string, string][]
): void {
  for (const theme of ['light', 'dark'] as const) {
    for (const size of [DESKTOP, PHONE]) {
      it(`nobody is kept out of its screens (${theme}, ${String(size.width)})`, async () => {
        const { url, token } = signedIn()
        const opened = await open(url, { theme, size, token })
        for (const [hash, text] of screens) {
          await opened.goTo(hash)
          await opened.page.getByRole('main').getByText(text).first().waitFor()
          await opened.expectAccessible()
          await opened.expectNoSideScroll()
        }
      })
    }
  }
}
