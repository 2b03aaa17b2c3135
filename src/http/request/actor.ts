/** Finds who asks for a change, for the audit. */
import type { Context } from 'hono'
import type { Actor } from '#domain/access/audit.ts'
import type { AppEnv } from './app-env.ts'

/** The caller's token, or the operator if the request has no tenant's token. */
export function actorOf(c: Context<AppEnv>): Actor {
  const caller = c.get('caller')
  const from = c.req.header('cf-connecting-ip')
  return {
    requestId: c.get('requestId'),
    ...(caller === undefined ? {} : { token: caller.id }),
    ...(from === undefined ? {} : { from }),
  }
}
