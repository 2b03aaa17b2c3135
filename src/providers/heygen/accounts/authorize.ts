/** Puts the credential on a call: an API key, or the token of a web session. */
import type { Credential, Session } from '#domain/accounts/account.ts'

export function authorize(
  headers: Headers,
  credential: Credential,
  session: Session | undefined
): void {
  const { apiKey } = credential.secrets
  if (apiKey !== undefined) headers.set('x-api-key', apiKey)
  else headers.set('authorization', `Bearer ${session?.secrets['access_token'] ?? ''}`)
}
