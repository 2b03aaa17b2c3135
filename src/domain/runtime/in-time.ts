/** A limit of time for calls between objects. A call may never end, and what waits for it would wait for ever. */

/** An object that does not answer for so long counts as one that cannot be reached. */
const ANSWER_MS = 15_000

interface Timers {
  after(ms: number, signal?: AbortSignal): Promise<void>
}

/** Throws if there is no answer for so long. The call may be carried out all the same. */
export async function inTime<R>(
  { after }: Timers,
  answer: Promise<R>,
  withinMs = ANSWER_MS
): Promise<R> {
  const ended = new AbortController()
  const late = after(withinMs, ended.signal).then(() => {
    throw new Error('no answer in time')
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    // The pause ends with an error, which nobody waits for.
    late.catch(() => undefined)
    ended.abort()
  }
}
