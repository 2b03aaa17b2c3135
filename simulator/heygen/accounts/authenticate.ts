/** Who calls: by API key, session token, or the Bearer token of a log-in. */
import type { State } from '../../state/state.ts'
import type { Account } from '../../state/types.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { findByKey, findByWebToken } from './accounts.ts'
import { findByAccessToken } from './oauth.ts'

/** The account of a call. undefined: the credential is missing or wrong. */
export function authenticate(
  state: State,
  request: Request,
  url: URL,
  row: Row
): Account | undefined {
  const bearer = /^bearer\s+(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const apiKey = request.headers.get('x-api-key')
  if (apiKey) return findByKey(state, apiKey)
  const sessionToken = url.searchParams.get('session_token') ?? bearer
  if (row.kind === 'streaming-session' && sessionToken) {
    const owner = findOwner(state, 'streaming-token', sessionToken)
    if (owner) return owner
  }
  // The address of the realtime socket is its own credential.
  if (row.method === 'WSS' && row.path === '{realtime_endpoint}')
    return findOwner(state, 'streaming-session', url.pathname.split('/').at(-1))
  if (!bearer) return undefined
  // A token of a sign-in is good for v3 only.
  const signedIn = row.family === 'v3' ? findByAccessToken(state, bearer) : undefined
  return signedIn ?? findByWebToken(state, bearer)
}

/** The account that owns a resource with this id. */
function findOwner(state: State, type: string, id: string | undefined): Account | undefined {
  const found = state.resources.values().find((each) => each.type === type && each.id === id)
  return found && state.accounts.get(found.account)
}
