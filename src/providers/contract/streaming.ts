/** The part `streaming`: interactive sessions that a browser opens and holds with nothing but a token made for it. */
import type { Method, Route } from './route-row.ts'

export interface ProviderStreaming {
  /** The call that gives out such a token; `at` is the JSON pointer to it in the answer. */
  token: { method: Method; path: string; at: string }
  /** The paths, all POST, on which such a token is enough. */
  paths: readonly string[]
  /** The WebSocket beside them, and the query parameter that carries the token. */
  socket: { route: Route; tokenParam: string }
  /** Whether a refusal says that the session named in the call is over. */
  saysOver(status: number, body: unknown): boolean
}
