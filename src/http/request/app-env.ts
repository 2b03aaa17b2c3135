/** What the middlewares put on the context, and who reads it (index.ts has the order). */
import type { Ports } from '#domain/ports/ports.ts'
import type { TokenRecord } from '#domain/access/token.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    requestId: string
    ports: Ports
    caller: TokenRecord
    /** Of a browser's call, which has no caller and does not learn its account: for the log. */
    onBehalfOf: { tenant: string; account: string }
  }
}
