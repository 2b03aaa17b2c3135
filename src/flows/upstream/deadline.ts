/** A time limit that can be lifted: for calls whose headers must come in time, but whose body may take any time. */
import type { Platform } from '#domain/ports/platform.ts'

export interface Deadline {
  /** Aborts with a `TimeoutError` after the time, unless the limit was lifted before; also when the client disconnects. */
  signal: AbortSignal
  lift(): void
}

export function startDeadline(
  { startTimer }: Pick<Platform, 'startTimer'>,
  ms: number,
  client?: AbortSignal
): Deadline {
  const late = new AbortController()
  const lift = startTimer(ms, () =>
    late.abort(new DOMException('no answer in time', 'TimeoutError'))
  )
  return { signal: client ? AbortSignal.any([client, late.signal]) : late.signal, lift }
}
