import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// `*.full.test.ts` hold the full products (every row × every case, storms, races by the hundred): `npm run test:full` alone
// runs them. One case of each kind stays in a file of the other name.
const isFull = process.env.FULL === '1'

/** They take longest, in this order: begun last, they would run alone at the end. */
const LONG = [
  'sim/simulation',
  'sim/soak',
  'matrix/matrix',
  'fuzz/fuzz',
  'small-storm',
  'repeated-and-late-events',
  'search-for-lost-creations',
  'scripts/start',
  'streaming/sessions',
  'contract/kling',
  'client-examples',
  'streamed-bodies',
  'deploy/serve',
  'incoming-events',
  'what-a-refusal-parks',
  'lost-answers',
  'unknown-states',
  'unknown-outcomes',
  'access/scopes',
  'scripts/readme',
  'task-names',
  'key-rotation',
  'deliveries',
  'storage-queries-stay-bounded',
  'slots-after-a-kill',
  'parked-accounts',
]

/** The place in LONG. Of what is not in it: after all of them. */
function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId.includes(name))
  return place === -1 ? LONG.length : place
}

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}

/** Plain Node: pure decisions are called, the Worker is knocked on over HTTP (test/support/gateway.ts starts it). */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/browser/**',
      ...(isFull ? [] : ['test/**/*.full.test.ts']),
    ],
    setupFiles: ['test/support/short-idle.ts'],
    globalSetup: ['test/support/prepare.ts'],
    // As long as `until` waits. Without it `expect.poll` gives up after a second.
    expect: { poll: { timeout: 100_000 } },
    // Longer than `until` waits (test/support/gateway.ts), which says what did not happen.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // More than the two cores of a small machine, because many tests wait for workerd. Not many more: each worker loads wrangler's
    // Miniflare and keeps some workerd of its own, which cost it some ten seconds of CPU. The storms of the full run need the room.
    maxWorkers: 5,
    // wrangler and Miniflare take a second to load: once for each worker, not for each file. No module keeps state of a test.
    isolate: false,
    sequence: { sequencer: LongFirst },
  },
})
