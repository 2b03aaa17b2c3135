/**
 * The calls of a sign-in to the provider, and the account that it makes (docs/rfc/0005-sign-in.md). The desk runs them, and stores
 * each result before it goes on (durable/sign-ins/sign-ins.ts).
 */
import type { Account, Session } from '#domain/accounts/account.ts'
import {
  accountFor,
  type DeviceCodes,
  type PollAnswer,
  type SignIn,
} from '#domain/accounts/sign-in.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider, SignInBegun } from '#providers/contract/provider.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'
import { toRecord } from './add-account.ts'

/** What is sealed of a sign-in is bound to this. */
export function signInIdentity(provider: string, tenant: string, id: string): string {
  return `sign-in/${provider}/${tenant}/${id}`
}

export async function requestCodes(ports: Ports, provider: Provider): Promise<SignInBegun> {
  const { signIn } = provider.accounts
  if (!signIn) return { ok: false, reason: 'setup', message: `${provider.name} has no sign-in.` }
  return signIn.begin(makeUpstream(ports))
}

interface Whose {
  provider: string
  tenant: string
}

/** Seals the codes of a sign-in, or the tokens that it got. */
export function sealSignIn(
  ports: Ports,
  { provider, tenant }: Whose,
  id: string,
  content: DeviceCodes | Session
): Promise<string> {
  return ports.vault.seal(signInIdentity(provider, tenant, id), JSON.stringify(content))
}

/** Opens the codes of a pending sign-in, or the tokens of an approved one. Throws CannotOpen if no master key opens them. */
export async function openSignIn<T extends DeviceCodes | Session>(
  ports: Ports,
  { provider, tenant }: Whose,
  { id, sealed = '' }: SignIn
): Promise<T> {
  const identity = signInIdentity(provider, tenant, id)
  return JSON.parse(await ports.vault.open(identity, sealed)) as T
}

export async function pollOnce(
  ports: Ports,
  provider: Provider,
  signIn: SignIn,
  { deviceCode }: DeviceCodes
): Promise<PollAnswer> {
  const answer = await provider.accounts.signIn?.poll(makeUpstream(ports), deviceCode)
  if (answer?.kind !== 'granted') return answer ?? { kind: 'unreachable' }
  return { ...answer, session: { ...answer.session, grant: signIn.id } }
}

/** `unreachable`: nothing is known; try again. */
export type AccountMade =
  | { ok: true; account: Account }
  | { ok: false; reason: 'unreachable' }
  | { ok: false; reason: 'failed'; message: string }

/** The account of an approved sign-in, proved at the provider. `held`: the accounts that the tenant has. */
export async function accountOfSignIn(
  ports: Ports,
  provider: Provider,
  { signIn, tenant, session }: { signIn: SignIn; tenant: string; session: Session },
  held: () => readonly Account[]
): Promise<AccountMade> {
  const kind = provider.accounts.signIn?.kind ?? ''
  // The id makes this credential differ from that of the sign-in before.
  const credential = { kind, secrets: { signIn: signIn.id } }
  const proof = await provider.accounts.prove(makeUpstream(ports), credential, session)
  if (!proof.ok && proof.reason === 'unreachable') return { ok: false, reason: 'unreachable' }
  if (!proof.ok) return failed(proof.message ?? 'The provider refuses the tokens of the sign-in.')
  const key = `${provider.name}:${proof.identity}`
  const { known, otherUser } = accountFor(held(), key, signIn.email, proof.email)
  if (otherUser) return failed(ofOtherUser(otherUser))
  const email = known?.email ?? signIn.email ?? proof.email
  if (!email) return failed('The provider does not show the email: start again and give one.')
  const view = { ...session.view, username: proof.email ?? email }
  const checked = { email, credential, field: 'signIn', session: { ...session, view }, key }
  const account = await toRecord(ports, provider, { ...signIn, tenant }, checked)
  return { ok: true, account }
}

export function ofOtherUser({ email }: Account): string {
  return `The browser was signed in as another user than the one of account ${email}. Nothing was changed: sign out there and start again, or name another email.`
}

function failed(message: string): AccountMade {
  return { ok: false, reason: 'failed', message }
}
