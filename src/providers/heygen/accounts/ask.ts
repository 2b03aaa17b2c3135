/** Makes one small call to HeyGen on an account, with its credential. */
import type { Credential, Session } from '#domain/accounts/account.ts'
import type { Upstream } from '#providers/contract/provider.ts'
import { askJson, type JsonAnswer } from '#providers/shared/ask-json.ts'
import { authorize } from './authorize.ts'

/** Never throws. */
export function ask(
  upstream: Upstream,
  { credential, session }: { credential: Credential; session: Session | undefined },
  method: string,
  path: string,
  body?: unknown
): Promise<JsonAnswer> {
  const headers = new Headers({ accept: 'application/json' })
  if (body !== undefined) headers.set('content-type', 'application/json')
  authorize(headers, credential, session)
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  return askJson(upstream, upstream.settings.heygenOrigin, { method, path, headers, ...content })
}
