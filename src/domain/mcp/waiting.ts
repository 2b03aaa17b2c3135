/** How often an agent's wait asks about its job. */

/**
 * Milliseconds until the next question: longer the longer the wait has lasted, and never past its end. A wait of ten minutes asks
 * less than 50 times, which is what one request of a free Workers plan may.
 */
export function pauseBeforeAsking(
  waitedMs: number,
  leftMs: number,
  { agentAskMs, agentAskLongestMs }: { agentAskMs: number; agentAskLongestMs: number }
): number {
  const growing = Math.min(Math.max(waitedMs / 4, agentAskMs), agentAskLongestMs)
  return Math.ceil(Math.min(growing, leftMs))
}
