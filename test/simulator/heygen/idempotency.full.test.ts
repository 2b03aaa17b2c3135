import { afterAll, beforeAll, expect, test } from 'vitest'
import { heygen } from '#providers/heygen/index.ts'
import { askUnderFreshKey } from './ask-under-key.ts'
import { openSimulator } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())

const ASKED = heygen.routes.table.filter((route) => route.keyProbe !== undefined)

test('there are rows to ask about', () => {
  expect(ASKED.length).toBeGreaterThan(0)
})

test.each(ASKED.map((route) => ({ name: `${route.method} ${route.path}`, probe: route.keyProbe })))(
  '$name: the question is refused under a fresh key in every mode, and starts nothing',
  async ({ name, probe }) => {
    for (const keyMode of ['key-first', 'validates-first', 'stores-refusals', 'ignores']) {
      await simulator.sim('POST', 'settings', { keyMode })
      await askUnderFreshKey(simulator, name, probe)
    }
  }
)
