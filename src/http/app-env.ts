/** What the middlewares put on the context, and who reads it (index.ts has the order). */
import type { Ports } from '#domain/ports.ts'
import type { TokenRecord } from '#domain/token.ts'

export interface AppEnv {
  Bindings: Env
  Variables: {
    requestId: string
    ports: Ports
    caller: TokenRecord
  }
}
