/**
 * Runs before each test file. `fetch` closes its idle connections after a second. workerd closes them after five, and Node by itself
 * after four to five: on a busy machine a test would send into a connection that was just closed.
 */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1')
const IDLE_MS = 1000

type Dispatcher = { isShort?: boolean }

const known = globalThis as unknown as Record<symbol, Dispatcher | undefined>
// Node makes the dispatcher with the first call.
await fetch('data:,')
const usual = known[DISPATCHER]
if (!usual) throw new Error('the dispatcher of Node’s fetch is not where it is expected')
if (!usual.isShort) {
  const Agent = usual.constructor as new (options: Record<string, number>) => Dispatcher
  const options = { keepAliveTimeout: IDLE_MS, keepAliveMaxTimeout: IDLE_MS }
  known[DISPATCHER] = Object.assign(new Agent(options), { isShort: true })
}

export {}
