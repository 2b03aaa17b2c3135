/**
 * So many at once under a name, the others wait a little: for work that must not crowd out the rest, or that should be
 * done once for all who want it. Waits on timers of one's own, since a promise must not be shared between requests. Per
 * isolate.
 */
import { AppError } from './errors.ts'

const STEP_MS = 20
const PATIENCE_MS = 10_000

export class Semaphore {
  readonly #inside = new Map<string, number>()

  /** 503 with Retry-After for whom the patience was not enough. */
  async run<T>(name: string, max: number, work: () => Promise<T>): Promise<T> {
    for (let waited = 0; this.#count(name) >= max; waited += STEP_MS) {
      if (waited >= PATIENCE_MS) {
        const message = 'Too many unknown ids are being looked for at once. Try again in 5 s.'
        throw new AppError('account_unavailable', message, { retryAfterSeconds: 5 })
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS))
    }
    this.#inside.set(name, this.#count(name) + 1)
    try {
      return await work()
    } finally {
      this.#leave(name)
    }
  }

  #count(name: string): number {
    return this.#inside.get(name) ?? 0
  }

  #leave(name: string): void {
    const left = this.#count(name) - 1
    if (left <= 0) this.#inside.delete(name)
    else this.#inside.set(name, left)
  }
}
