import path from 'node:path'
import { defineConfig } from 'vitest/config'

/** `npm run test:browser`. Not part of `npm test`, because it needs a browser. */
export default defineConfig({
  root: path.resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/browser/**/*.test.ts'],
    setupFiles: ['test/support/short-idle.ts'],
    globalSetup: ['test/support/prepare.ts', 'test/browser/support/prepare.ts'],
    // As long as `until` waits. Without it `expect.poll` gives up after a second.
    expect: { poll: { timeout: 100_000 } },
    testTimeout: 400_000,
    hookTimeout: 400_000,
    // Each file has a gateway, a simulator and a browser.
    maxWorkers: 2,
    isolate: false,
  },
})
