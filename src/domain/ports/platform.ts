/**
 * Time, randomness and timers. Code below `composition` takes them from here instead of from the platform's globals, so
 * that a simulation can put its own in their place.
 */
export interface Platform {
  /** Epoch ms. */
  now(): number
  /** At least 0 and below 1. Not for secrets. */
  random(): number
  /** Cryptographically random. */
  randomBytes(count: number): Uint8Array<ArrayBuffer>
  /** A random UUID (version 4). */
  newId(): string
  /** Resolves after `ms`, or as soon as `signal` aborts, which also ends the timer. */
  after(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `work` after `ms`, unless the returned function is called before. Cheaper than `after` with a signal. */
  startTimer(ms: number, work: () => void): () => void
  /** Aborts after `ms` with a TimeoutError. It cannot be stopped. */
  timeoutSignal(ms: number): AbortSignal
}
