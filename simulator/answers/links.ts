/** Links to files. They lead to the simulator itself and show, like real ones, until when they are valid. */
import type { State } from '../state/state.ts'

/** Where links lead, and the clock by which they expire. */
export type Site = { origin: string; now: () => number }

const LINK_SECONDS = 7 * 86_400

export function siteOf(state: State, origin: string): Site {
  return { origin, now: () => state.now() }
}

export function mediaUrl({ origin, now }: Site, name: string): string {
  const expires = Math.floor(now() / 1000) + LINK_SECONDS
  return `${origin}/files/${name}?Expires=${expires}&Signature=SIM${expires.toString(36)}&Key-Pair-Id=SIM`
}
