import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `*.full.test.ts` hold the full products (every row × every case, storms, races by the hundred): `npm run test:full` alone
// runs them. One case of each kind stays in a file of the other name.
const isFull = process.env.FULL === '1'

/** They wait longest: begun last, they would run alone at the end. */
const LONG =
  /(small-storm|start|search-for-lost-creations|repeated-and-late-events|deliveries|sessions|lost-answers)[^/]*\.test\.ts$/

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** Plain Node: pure decisions are called, the Worker is knocked on over HTTP (test/support/gateway.ts starts it). */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isFull ? [] : ['test/**/*.full.test.ts'])],
    globalSetup: ['test/support/prepare.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // More than the two cores of a small machine, because many tests wait for workerd. On two cores `npm test` took 298 s with 5,
    // and 285 s and 327 s with 7. The storms of the full run need the room.
    maxWorkers: isFull ? 5 : 7,
    // wrangler and Miniflare take a second to load: once for each worker, not for each file. No module keeps state of a test.
    isolate: false,
    sequence: { sequencer: LongFirst },
  },
})
