/** Finds who asks for a change, for the audit. */
import type { Context } from 'hono'
import type { Actor } from '#domain/access/audit.ts'
import type { AppEnv } from './app-env.ts'

/** The caller's token, or the operator: on its own paths, or in the name of a tenant. */
export function actorOf(c: Context<AppEnv>): Actor {
  const caller = c.get('caller')
  const from = c.req.header('cf-connecting-ip')
  return {
    requestId: c.get('requestId'),
    ...(caller === undefined || caller.isOperator ? {} : { token: caller.id }),
    ...(from === undefined ? {} : { from }),
  }
}
