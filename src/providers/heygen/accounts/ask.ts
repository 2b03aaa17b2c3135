/** Makes one small call to HeyGen on an account, with its credential. */
import type { Credential, Session } from '#domain/accounts/account.ts'
import type { Upstream } from '#providers/contract/provider.ts'
import { askJson, type JsonAnswer } from '#providers/shared/ask-json.ts'
import { authorize } from './authorize.ts'

/** Never throws. Status 0: HeyGen could not be reached, or the account has no credential for the path. */
export function ask(
  upstream: Upstream,
  { credential, session }: { credential: Credential; session: Session | undefined },
  method: string,
  path: string,
  body?: unknown
): Promise<JsonAnswer> {
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  try {
    authorize(headers, credential, session, { path })
  } catch {
    return Promise.resolve({ status: 0, body: undefined })
  }
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  return askJson(upstream, upstream.settings.heygenOrigin, { method, path, headers, ...content })
}
