/**
 * Pauses of the line: of everything, of an account, of a token, or of a token at one account. Where one stands nothing is chosen.
 * Items come in as before, and their deadlines go on. Waiting clients and calls that do not wait are not touched.
 */
import type { Pull } from '#domain/queue/may-start.ts'

export interface Pause {
  /** The token's id. Absent: all tokens. */
  token?: string
  /** The name of the account's own lane, so that a pause outlives a change of its key. Absent: all accounts. */
  lane?: string
}

/** The email of the account whose lane it is. */
export function emailOf(lane: string): string {
  return lane.slice(0, lane.lastIndexOf(' '))
}

export function isPaused(pauses: readonly Pause[], token: string, lane: string): boolean {
  return pauses.some((pause) => (pause.token ?? token) === token && (pause.lane ?? lane) === lane)
}

/** Those that hold up this token, or all of them. */
export function pausesOf(pauses: readonly Pause[], token: string | undefined): Pause[] {
  return pauses.filter((pause) => token === undefined || (pause.token ?? token) === token)
}

/** What this account may be given in spite of the pauses. `tokens`: those of which something waits. */
export function withPauses(pull: Pull, tokens: Iterable<string>, pauses: readonly Pause[]): Pull {
  if (pauses.length === 0) return pull
  const paused = [...tokens].filter((token) => isPaused(pauses, token, pull.lane))
  return { ...pull, stopped: new Set([...(pull.stopped ?? []), ...paused]) }
}

/** The same pause twice is one. */
export function pauseAlso(pauses: readonly Pause[], pause: Pause): Pause[] {
  return [...resumed(pauses, pause), pause]
}

/** Ends that pause and no other: to resume everything leaves a token paused that was paused by itself. */
export function resumed(pauses: readonly Pause[], { token, lane }: Pause): Pause[] {
  return pauses.filter((one) => one.token !== token || one.lane !== lane)
}
