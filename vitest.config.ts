import { configDefaults, defineConfig } from 'vitest/config'

// `*.full.test.ts` hold the full products (every row × every case, storms, races by the hundred): `npm run test:full` alone
// runs them. One case of each kind stays in a file of the other name.
const isFull = process.env.FULL === '1'

/** Plain Node: pure decisions are called, the Worker is knocked on over HTTP (test/support/gateway.ts starts it). */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isFull ? [] : ['test/**/*.full.test.ts'])],
    globalSetup: ['test/support/install-clients.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // More than the two cores of a small machine: many tests wait for spans to pass.
    maxWorkers: 4,
    // wrangler and Miniflare take a second to load: once for each worker, not for each file. No module keeps state of a test.
    isolate: false,
  },
})
