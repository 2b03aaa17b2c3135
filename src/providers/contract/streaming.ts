/**
 * The part `streaming`: interactive sessions that a browser opens with a token made for it. The browser has no other credential.
 */
import type { Method, Route } from './route-row.ts'

export interface ProviderStreaming {
  /** The call that returns such a token. `at` is the JSON pointer to the token in the answer. */
  token: { method: Method; path: string; at: string }
  /** The paths, all POST, on which such a token is enough. */
  paths: readonly string[]
  /** The WebSocket beside them, and the query parameter that carries the token. */
  socket: { route: Route; tokenParam: string }
  /** Whether a refusal says that the session named in the call is over. */
  saysOver(status: number, body: unknown): boolean
}
