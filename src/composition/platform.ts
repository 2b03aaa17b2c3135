/** The platform's own clock, randomness and timers. No other file in `src` may use these globals. */
import type { Platform } from '#domain/ports/platform.ts'

export const platform: Platform = {
  now: () => Date.now(),
  random: () => Math.random(),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  newId: () => crypto.randomUUID(),
  after: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    }),
  startTimer(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
  timeoutSignal: (ms) => AbortSignal.timeout(ms),
}
