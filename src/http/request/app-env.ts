/** The types of the values that middlewares set on a request's context (index.ts has their order). */
import type { Ports } from '#domain/ports/ports.ts'
import type { Caller } from '#domain/access/token.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    requestId: string
    ports: Ports
    caller: Caller
    /** Whose stream token a browser's call has. Set instead of `caller`, for the log only. */
    onBehalfOf: { tenant: string; account: string }
  }
}
