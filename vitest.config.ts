import { defineConfig } from 'vitest/config'

/** Plain Node: pure decisions are called, the Worker is knocked on over HTTP (test/support/gateway.ts starts it). */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make the Workers wait for each other.
    maxWorkers: 2,
  },
})
