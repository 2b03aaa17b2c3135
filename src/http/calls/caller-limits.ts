/** What a call carries of its token's limits, for the flows that check them. */
import { shareOf, type TokenRecord } from '#domain/access/token.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** `token`: undefined for a browser whose stream token names none. */
export function callLimitsOf(token: TokenRecord | undefined): Pick<ProxyCall, 'share' | 'kinds'> {
  const share = token && shareOf(token)
  return {
    ...(share === undefined ? {} : { share }),
    ...(token?.routes === undefined ? {} : { kinds: token.routes }),
  }
}
