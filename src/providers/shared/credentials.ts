/** What several providers share about credentials. */
import type { ProviderAccounts } from '#providers/contract/provider.ts'
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

/** One common secret with such a name is enough. */
export function isSameBy(names: readonly string[]): ProviderAccounts['isSame'] & {} {
  return ({ secrets: before }, { secrets: after }) =>
    names.some((name) => after[name] !== undefined && after[name] === before[name])
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
