/** Adds, updates or only checks an account. The provider must accept the credential before anything is stored. Safe to repeat. */
import {
  BUSY,
  findAccount,
  sameEmail,
  sealIdentity,
  type Account,
  type Credential,
  type Session,
} from '#domain/accounts/account.ts'
import type { AccountChoice, AccountChoiceChange } from '#domain/accounts/balancing.ts'
import type { Actor } from '#domain/access/audit.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { sealSession, unsealAny } from './open-account.ts'
import { familiesOf } from './probe-legacy.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

export interface AccountRequest {
  tenant: string
  email?: string
  maxJobs: number
  fields: Record<string, unknown>
  choice?: AccountChoice
  isDryRun: boolean
  by?: Actor
  publicOrigin: string
}

export async function addAccount(
  ports: Ports,
  provider: Provider,
  request: AccountRequest
): Promise<{ account: Account; isNew: boolean }> {
  const form =
    request.email === undefined ? request.fields : { ...request.fields, email: request.email }
  const read = provider.accounts.readCredential(form)
  if (!read.ok) throw new AppError('bad_request', read.message)
  const checked = await checkCredential(ports, provider, request, read.credential)
  const { session, proof } = checked
  const ownKey = `${provider.name}:${proof.identity}`
  const email =
    request.email ?? (await emailBefore(ports, provider, request, ownKey)) ?? proof.email
  if (!email)
    throw new AppError(
      'bad_request',
      'email is required: the provider does not show it for this credential'
    )
  const { credential, field } = read
  const who = { provider: provider.name, tenant: request.tenant, email }
  const key = (await keyBefore(ports, provider, who, credential)) ?? ownKey
  const account = await toRecord(ports, provider, request, {
    email,
    credential,
    field,
    session,
    key,
  })
  if (request.isDryRun) return { account, isNew: true }
  const legacy = await familiesOf(ports, provider, { credential, session })
  return save(ports, legacy ? { ...account, legacy } : account, request.by)
}

async function checkCredential(
  ports: Ports,
  provider: Provider,
  { tenant, email }: AccountRequest,
  credential: Credential
) {
  try {
    const session = await logIn(ports, provider, credential)
    return { session, proof: await prove(ports, provider, credential, session) }
  } catch (error) {
    const isRefused = error instanceof AppError && error.code === 'bad_request'
    if (isRefused) {
      const { name } = provider
      ports.log('credential_refused', { provider: name, tenant, email, kind: credential.kind })
    }
    throw error
  }
}

/** The error for a refused credential, as in seed 001, which has no `code`. */
function refused(message = 'Account does not exist or password is incorrect'): AppError {
  return new AppError('bad_request', message, { withoutCode: true })
}

async function logIn(
  ports: Ports,
  provider: Provider,
  credential: Credential
): Promise<Session | undefined> {
  if (credential.kind !== 'password' || !provider.accounts.logIn) return undefined
  const answer = await provider.accounts.logIn(makeUpstream(ports), credential)
  if (answer.ok) return answer.session
  if (answer.reason === 'unreachable') throw unreachable(answer.message)
  throw refused(answer.message)
}

async function prove(
  ports: Ports,
  provider: Provider,
  credential: Credential,
  session: Session | undefined
): Promise<{ identity: string; email?: string }> {
  const proof = await provider.accounts.prove(makeUpstream(ports), credential, session)
  if (proof.ok) return proof
  if (proof.reason === 'unreachable') throw unreachable(proof.message)
  throw refused(proof.message)
}

function unreachable(message = 'The provider could not be reached'): AppError {
  return new AppError('upstream_unreachable', message)
}

export interface Checked {
  email: string
  credential: Credential
  field: string
  session: Session | undefined
  key: string
}

/**
 * The key of the tenant's existing account that has the same credential, if there is one. The key is kept, because its object
 * knows the slots in use. Throws if the tenant has that account under another email.
 */
async function keyBefore(
  ports: Ports,
  provider: Provider,
  { tenant, email }: Pick<Account, 'tenant' | 'email'>,
  credential: Credential
): Promise<string | undefined> {
  const { isSame } = provider.accounts
  if (!isSame) return undefined
  const { accounts } = await ports.accounts.fresh(tenant, provider.name)
  for (const account of accounts) {
    const open = await unsealAny(ports, account).catch(() => undefined)
    if (!open || !isSame(open.credential, credential)) continue
    if (!sameEmail(account.email, email)) throw exists(account.email)
    return account.key
  }
  return undefined
}

/** The email of the tenant's sign-in of the same account. A key that is added without an email joins it. */
async function emailBefore(
  ports: Ports,
  provider: Provider,
  { tenant }: Pick<AccountRequest, 'tenant'>,
  key: string
): Promise<string | undefined> {
  if (!provider.accounts.signIn) return undefined
  const { accounts } = await ports.accounts.fresh(tenant, provider.name)
  return accounts.find((one) => one.key === key && one.session?.grant !== undefined)?.email
}

export async function toRecord(
  ports: Ports,
  provider: Provider,
  request: Pick<AccountRequest, 'tenant' | 'maxJobs' | 'publicOrigin' | 'choice'>,
  checked: Checked
): Promise<Account> {
  const who = { provider: provider.name, tenant: request.tenant, email: checked.email }
  const now = ports.now()
  return {
    ...who,
    key: checked.key,
    maxJobs: request.maxJobs,
    ...request.choice,
    credential: await ports.vault.seal(sealIdentity(who), JSON.stringify(checked.credential)),
    credentialKind: checked.credential.kind,
    secretField: checked.field,
    ...(checked.credential.region === undefined ? {} : { region: checked.credential.region }),
    ...(checked.session ? { session: await sealSession(ports, who, checked.session) } : {}),
    publicOrigin: request.publicOrigin,
    createdAt: now,
    updatedAt: now,
  }
}

async function save(
  ports: Ports,
  account: Account,
  by: Actor | undefined
): Promise<{ account: Account; isNew: boolean }> {
  const { tenant, provider } = account
  const saved = await ports.desk(tenant, provider).saveAccount(account, by)
  if (!saved.ok && saved.reason === 'closed') throw new AppError('unauthorized', 'Unauthorized')
  if (!saved.ok && saved.reason === 'busy') throw new AppError('conflict', BUSY)
  if (!saved.ok) throw exists(await emailOf(ports, account))
  ports.accounts.remember(tenant, provider, saved.snapshot)
  ports.hints.forget(account.key)
  // The desk may have kept a sign-in beside the new key.
  return { account: findAccount(saved.snapshot, account.email) ?? account, isNew: saved.isNew }
}

/** The email under which the tenant has this provider account; undefined: another tenant has it. */
async function emailOf(
  ports: Ports,
  { tenant, provider, key }: Account
): Promise<string | undefined> {
  const { accounts } = await ports.accounts.fresh(tenant, provider)
  return accounts.find((one) => one.key === key)?.email
}

function exists(email?: string): AppError {
  const message =
    email === undefined
      ? 'This provider account has already been added, perhaps under another email.'
      : `This is the account of ${email}, which you have already. Use that email to change it.`
  return new AppError('account_exists', message)
}

/** Changes only the limit. The change applies at once, because the account's object decides about slots. */
export async function changeLimit(
  ports: Ports,
  provider: Provider,
  request: { tenant: string; email: string; maxJobs: number; by?: Actor }
): Promise<Account> {
  const { tenant, email, maxJobs, by } = request
  const desk = ports.desk(tenant, provider.name)
  const saved = await desk.changeLimit(email, maxJobs, ports.now(), by)
  const account =
    saved.ok &&
    saved.snapshot.accounts.find((one) => one.email.toLowerCase() === email.toLowerCase())
  if (!saved.ok || !account) throw new AppError('account_not_found', `Account ${email} not found`)
  ports.accounts.remember(tenant, provider.name, saved.snapshot)
  ports.hints.forget(account.key)
  return account
}

/** Changes only what an account says of itself for the choice. Workers learn it within a minute. Nothing to change: the same. */
export async function changeChoice(
  ports: Ports,
  provider: Provider,
  account: Account,
  { change, by }: { change: AccountChoiceChange; by?: Actor }
): Promise<Account> {
  const { tenant, email } = account
  if (Object.values(change).every((value) => value === undefined)) return account
  const desk = ports.desk(tenant, provider.name)
  const snapshot = await desk.changeChoice(email, change, ports.now(), by)
  const changed = snapshot && findAccount(snapshot, email)
  if (!changed) throw new AppError('account_not_found', `Account ${email} not found`)
  ports.accounts.remember(tenant, provider.name, snapshot)
  return changed
}
