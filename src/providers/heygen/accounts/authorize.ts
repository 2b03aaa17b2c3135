/**
 * Puts the credential on a call: an API key, the token of a web session, or the token of a sign-in. A sign-in is good for v3 only
 * and spends the web plan; a key spends the API wallet. Which of the two a call uses depends on its path alone
 * (docs/rfc/0005-sign-in.md).
 */
import type { Credential, Session } from '#domain/accounts/account.ts'

/** Whether a sign-in serves the path. */
export function isForSignIn(path: string): boolean {
  return path.startsWith('/v3/')
}

/** `kinds`: those of the account's credentials. */
export function missingFor(kinds: readonly string[], path: string): string | undefined {
  if (isForSignIn(path) || kinds.length !== 1 || kinds[0] !== 'oauth') return undefined
  return `${path} needs an API key, and the account has only a sign-in, which HeyGen takes on /v3/ alone. Use a /v3/ path, or add the account's apiKey too.`
}

/** Throws if the account has nothing for this path, so that nothing is sent. */
export function authorize(
  headers: Headers,
  credential: Credential,
  session: Session | undefined,
  { path }: { path: string }
): void {
  const { apiKey } = credential.secrets
  const isSignIn = session?.grant !== undefined
  const missing = missingFor(apiKey === undefined && isSignIn ? ['oauth'] : [], path)
  if (missing !== undefined) throw new Error(missing)
  const isKey = apiKey !== undefined && !(isSignIn && isForSignIn(path))
  if (isKey) headers.set('x-api-key', apiKey)
  else headers.set('authorization', `Bearer ${session?.secrets['access_token'] ?? ''}`)
}
