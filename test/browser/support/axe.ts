/** Runs axe-core inside a page. Its source is evaluated by the browser's debugger, which the page's policy does not forbid. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** One line for each thing that axe finds. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const { axe: inside } = globalThis as unknown as { axe: Pick<typeof axe, 'run'> }
    return (await inside.run(document, { resultTypes: ['violations'] })).violations
  })
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary = '' }) => `${id}: ${help}: ${String(target)}: ${failureSummary}`
    )
  )
}
