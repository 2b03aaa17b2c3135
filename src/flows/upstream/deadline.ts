/** A time limit that can be lifted: for calls whose headers must come in time, but whose body may take any time. */
import type { Platform } from '#domain/ports/platform.ts'

export interface Deadline {
  /** Aborts with a `TimeoutError` after the time, unless the limit was lifted before; also when the client disconnects. */
  signal: AbortSignal
  lift(): void
}

export function startDeadline(
  platform: Pick<Platform, 'startTimer'>,
  ms: number,
  client?: AbortSignal
): Deadline {
  const { start, ...deadline } = laterDeadline(platform, ms, client)
  start()
  return deadline
}

/** A limit that counts only from `start` on. If it was lifted before, `start` does nothing. */
export function laterDeadline(
  { startTimer }: Pick<Platform, 'startTimer'>,
  ms: number,
  client?: AbortSignal
): Deadline & { start(): void } {
  const late = new AbortController()
  let stop: (() => void) | undefined
  let isLifted = false
  const end = () => late.abort(new DOMException('no answer in time', 'TimeoutError'))
  return {
    signal: client ? AbortSignal.any([client, late.signal]) : late.signal,
    start: () => {
      if (!isLifted) stop ??= startTimer(ms, end)
    },
    lift: () => {
      isLifted = true
      stop?.()
    },
  }
}
