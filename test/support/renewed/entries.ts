/** Entries of Workers that begin anew in the same workerd (renewal.ts), by their paths from the root. */
export const PLAIN = 'test/support/renewed/renewed-worker.ts'
export const CLOCKED = 'test/support/workers/clocked-worker.ts'
export const SIMULATOR = 'test/support/renewed/renewed-simulator.ts'
