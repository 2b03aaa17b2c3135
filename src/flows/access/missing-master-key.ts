/**
 * Makes the error and the log line for a credential that no key in MASTER_KEYS opens. That happens when a master key was removed
 * too early.
 */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports, Vault } from '#domain/ports/ports.ts'
import { CannotOpen, isSealedForm } from '#domain/access/sealed-text.ts'

/** SDKs ignore a Retry-After of a minute or more. */
const RETRY_SECONDS = 59
const LOGGED_EVERY_MS = 60_000

export const CREDENTIAL_KEY_MISSING =
  'Its credential cannot be opened: the master key that sealed it is not in MASTER_KEYS. The operator can put that key back, or the account can be added again.'

export function isOpenable(ports: Ports, account: Account): boolean {
  const { credential, session } = account
  return ports.vault.knows(credential) && (!session || ports.vault.knows(session.sealed))
}

/** The accounts whose credential can be opened. Throws if there are accounts, but none can be opened. */
export function openableOf(ports: Ports, accounts: readonly Account[]): Account[] {
  const openable = accounts.filter((account) => isOpenable(ports, account))
  const [first] = accounts
  if (first && openable.length === 0) throw credentialKeyMissing(first)
  return openable
}

export function credentialKeyMissing({ email }: Pick<Account, 'email'>): AppError {
  const message = `Account ${email} cannot be used. ${CREDENTIAL_KEY_MISSING}`
  return keyMissing(message, email)
}

export function keyMissing(message: string, accountEmail?: string): AppError {
  return new AppError('account_unavailable', message, {
    retryAfterSeconds: RETRY_SECONDS,
    useapiStatus: 596,
    isUnsent: true,
    ...(accountEmail === undefined ? {} : { accountEmail }),
  })
}

/** When each kind of text was last logged, for each vault. An isolate has one vault. */
const logged = new WeakMap<Vault, Map<string, number>>()

/** Logs the id of the missing key, once a minute for each kind of text, so that invented URLs do not fill the log. */
export function logMissingKey(ports: Ports, what: string, error: unknown, text?: string): void {
  if (!(error instanceof CannotOpen)) return
  // A text from outside is logged only if it has the form of a sealed text.
  if (text !== undefined && (!isSealedForm(text) || error.isKnownKey)) return
  const { keyId, isKnownKey } = error
  const times = logged.get(ports.vault) ?? new Map<string, number>()
  logged.set(ports.vault, times)
  const name = text === undefined ? `${what} ${keyId}` : what
  if (ports.now() - (times.get(name) ?? -Infinity) < LOGGED_EVERY_MS) return
  times.set(name, ports.now())
  ports.log('sealed_by_unknown_key', { what, keyId, isKnownKey })
}
