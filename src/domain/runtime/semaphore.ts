/**
 * Limits how many tasks with the same name run at once; the others wait. Per isolate. Each task polls with its own timer, because
 * on Workers a promise must not be shared between requests.
 */
import { AppError } from './errors.ts'

const STEP_MS = 20
const PATIENCE_MS = 10_000

export class Semaphore {
  readonly #inside = new Map<string, number>()
  readonly #after: (ms: number) => Promise<void>

  constructor(after: (ms: number) => Promise<void>) {
    this.#after = after
  }

  /** Throws a 503 with Retry-After when the wait takes too long. */
  async run<T>(name: string, max: number, work: () => Promise<T>): Promise<T> {
    for (let waited = 0; this.#count(name) >= max; waited += STEP_MS) {
      if (waited >= PATIENCE_MS) {
        const message = 'Too many unknown ids are being looked for at once. Try again in 5 s.'
        throw new AppError('account_unavailable', message, { retryAfterSeconds: 5 })
      }
      await this.#after(STEP_MS)
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
