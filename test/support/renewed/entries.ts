/** Entries of Workers that can start again in the same workerd (renewal.ts), as paths from the root. */
export const PLAIN = 'test/support/renewed/renewed-worker.ts'
export const CLOCKED = 'test/support/workers/clocked-worker.ts'
export const COUNTING = 'test/support/workers/counting-worker.ts'
export const SIMULATOR = 'test/support/renewed/renewed-simulator.ts'
