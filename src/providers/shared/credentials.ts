/** What several providers share about credentials. */
import { hashedIdentity, type Credential, type Proof } from '#domain/accounts/account.ts'

/** Whether the key is a text that a header may contain. */
export function fitsInHeader(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key)
}

/**
 * The identity of an account whose provider shows no id: a hash of its key, else of its email. Two keys then look like two
 * accounts.
 */
export function identityOfSecrets({ secrets }: Credential): Promise<string> {
  return hashedIdentity(secrets['apiKey'] ?? `email:${secrets['email']?.toLowerCase()}`)
}

/** The proof for an account whose web session the API refuses. */
export function sessionRefused(name: string, useAKey: string): Proof {
  const message = `${name}'s API refuses the web session of this account. ${useAKey}`
  return { ok: false, reason: 'refused', message }
}

/** The proof when the provider could not be asked. It says nothing about the credential. Status 0: there was no answer. */
export function unreachable(name: string, status: number): Proof {
  const what = status === 0 ? 'could not be reached' : `answered ${status}`
  return { ok: false, reason: 'unreachable', message: `${name} ${what}; nothing was changed` }
}
