/** The type of a search for unknown ids on behalf of a call. Limits how many searches a token may start in a minute. */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { OwnerPool } from '#domain/routing/owner.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import type { IdSearch } from '#providers/contract/provider.ts'
import type { ReadTogether } from './ask-accounts.ts'
import type { NamedId } from './ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

/** `read`: shared by all searches of one call, so that they have one deadline. */
export interface Search {
  call: ProxyCall
  pool: OwnerPool
  accounts: readonly Account[]
  read: ReadTogether
}

export type Wanted = NamedId & { how: IdSearch }

/** Whether the call's token may start another search now. If it may, the search is counted. */
export function maySearch(ports: Ports, call: ProxyCall): boolean {
  return ports.searchesOfToken.take(searcher(call), ports.now())
}

export function tooManySearches(ports: Ports, call: ProxyCall): AppError {
  const now = ports.now()
  const message = 'Too many unknown ids were looked for with this token in the last minute.'
  const seconds = retryAfterSeconds(ports.searchesOfToken.freeAt(searcher(call), now), now)
  const details = { retryAfterSeconds: seconds, isNameless: true }
  return new AppError('account_unavailable', message, details)
}

function searcher({ tenant, tokenId }: ProxyCall): string {
  return `${tenant} ${tokenId ?? ''}`
}
