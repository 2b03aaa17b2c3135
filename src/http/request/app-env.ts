/** The context of a request: the values that the middlewares set (index.ts has their order). */
import type { Ports } from '#domain/ports/ports.ts'
import type { TokenRecord } from '#domain/access/token.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    requestId: string
    ports: Ports
    caller: TokenRecord
    /** For a browser's call, which has no caller. Only for the log. */
    onBehalfOf: { tenant: string; account: string }
  }
}
