/** What was sealed by a master key that is not there any more: told by a sentence, and to the operator by a line in the log. */
import type { Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports, Vault } from '#domain/ports/ports.ts'
import { CannotOpen, isSealedForm } from '#domain/access/sealed-text.ts'

/** SDKs heed a Retry-After below a minute only. */
const RETRY_SECONDS = 59
const NOTED_EVERY_MS = 60_000

export const CREDENTIAL_KEY_MISSING =
  'Its credential cannot be opened: the master key that sealed it is not in MASTER_KEYS. The operator can put that key back, or the account can be added again.'

export function isOpenable(ports: Ports, account: Account): boolean {
  const { credential, session } = account
  return ports.vault.knows(credential) && (!session || ports.vault.knows(session.sealed))
}

/** Those whose credential can be opened; when there is none, an error that says so. */
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
    isSealedAway: true,
    ...(accountEmail === undefined ? {} : { accountEmail }),
  })
}

/** By isolate, since a vault is an isolate's. */
const noted = new WeakMap<Vault, Map<string, number>>()

/** Names the key, once a minute for each kind: who makes addresses up must not fill the log. */
export function logMissingKey(ports: Ports, what: string, error: unknown, text?: string): void {
  if (!(error instanceof CannotOpen)) return
  // Text of a stranger is shown only where it may be one of ours.
  if (text !== undefined && (!isSealedForm(text) || error.isKnownKey)) return
  const { keyId, isKnownKey } = error
  const times = noted.get(ports.vault) ?? new Map<string, number>()
  noted.set(ports.vault, times)
  const name = text === undefined ? `${what} ${keyId}` : what
  if (ports.now() - (times.get(name) ?? -Infinity) < NOTED_EVERY_MS) return
  times.set(name, ports.now())
  ports.log('sealed_by_unknown_key', { what, keyId, isKnownKey })
}
