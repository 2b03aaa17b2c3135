/** Reads what the joining of repeats (flows/repeats/join-repeats.ts) needs: the caller's token, and `X-Gateway-Join: no`. */
import type { Context } from 'hono'
import { JOIN_HEADER } from '#domain/text/headers.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { AppEnv } from '#http/request/app-env.ts'

export function joiningOf(c: Context<AppEnv>): Pick<ProxyCall, 'tokenId' | 'isNew'> {
  // A browser's call has a stream token instead of a caller.
  const tokenId = (c.get('caller') as { id: string } | undefined)?.id
  return {
    ...(tokenId === undefined ? {} : { tokenId }),
    isNew: c.req.header(JOIN_HEADER)?.trim().toLowerCase() === 'no',
  }
}
