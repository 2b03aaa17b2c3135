/** Credentials and what is said of them, as far as it is the same for several providers. */
import { hashedIdentity, type Credential, type Proof } from '#domain/accounts/account.ts'

/** A key goes into a header. */
export function fitsInHeader(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key)
}

/** For an account that its provider does not name: a hash of its key, else of its email. Two keys then look like two accounts. */
export function identityOfSecrets({ secrets }: Credential): Promise<string> {
  return hashedIdentity(secrets['apiKey'] ?? `email:${secrets['email']?.toLowerCase()}`)
}

/** The API does not take the web session that the account has. */
export function sessionRefused(name: string, useAKey: string): Proof {
  const message = `${name}'s API refuses the web session of this account. ${useAKey}`
  return { ok: false, reason: 'refused', message }
}

/** Status 0: no answer at all. Says nothing of the credential. */
export function unreachable(name: string, status: number): Proof {
  const what = status === 0 ? 'could not be reached' : `answered ${status}`
  return { ok: false, reason: 'unreachable', message: `${name} ${what}; nothing was changed` }
}
