/** A time limit that can be lifted: for calls whose headers must come in time, but whose body may take any time. */
import type { Platform } from '#domain/ports/platform.ts'

export interface Deadline {
  /** Aborts with a `TimeoutError` after the time, unless the limit was lifted before. */
  signal: AbortSignal
  lift(): void
}

export function startDeadline({ after }: Pick<Platform, 'after'>, ms: number): Deadline {
  const late = new AbortController()
  const lifted = new AbortController()
  void after(ms, lifted.signal).then(() => {
    if (lifted.signal.aborted) return
    late.abort(new DOMException('no answer in time', 'TimeoutError'))
  })
  return { signal: late.signal, lift: () => lifted.abort() }
}
