/** Returns the accounts that may serve a call (contract section 4): the one named, else the owner of its ids, else all. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import type { Balancing } from '#domain/accounts/balancing.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { findOwners } from './find-owners.ts'
import { idsOf } from './ids-in-call.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { openableOf } from '#flows/access/missing-master-key.ts'

/**
 * `isPinned`: no other account can serve the call. `isPatient`: the client accepts to wait in line (`Prefer: wait`), so
 * accounts that are believed full are not asked.
 */
export interface Eligible {
  accounts: Account[]
  isPinned: boolean
  /** How the tenant wants one to be chosen. Absent: at random. */
  balancing?: Balancing | undefined
  isPatient?: boolean
}

export async function chooseAccounts(
  ports: Ports,
  call: ProxyCall,
  json: unknown
): Promise<Eligible> {
  const { tenant, provider, email } = call
  if (email !== undefined) {
    const named = await namedAccount(ports, tenant, provider.name, email)
    return { accounts: openableOf(ports, ableAccounts(call, [named])), isPinned: true }
  }
  const { accounts, balance: balancing } = await ports.accounts.list(tenant, provider.name)
  if (accounts.length === 0) throw new AppError('no_accounts', 'No account has been added yet.')
  const owner = await findOwner(ports, call, json, accounts)
  if (owner) return { accounts: openableOf(ports, ableAccounts(call, [owner])), isPinned: true }
  return { accounts: openableOf(ports, ableAccounts(call, accounts)), isPinned: false, balancing }
}

/** The accounts whose kind of credential can serve the call. If none can, throws `forbidden` with what is missing. */
export function ableAccounts(call: ProxyCall, accounts: readonly Account[]): Account[] {
  const { provider, path } = call
  const lacks = accounts.map((account) => provider.accounts.missingFor?.(account, path))
  const [missing] = lacks
  if (missing !== undefined && !lacks.includes(undefined)) throw new AppError('forbidden', missing)
  return accounts.filter((_, index) => lacks[index] === undefined)
}

async function namedAccount(
  ports: Ports,
  tenant: string,
  provider: string,
  email: string
): Promise<Account> {
  const known = findAccount(await ports.accounts.list(tenant, provider), email)
  if (known) return known
  const fresh = findAccount(await ports.accounts.fresh(tenant, provider), email)
  if (!fresh) throw new AppError('account_not_found', `Account ${email.slice(0, 254)} not found`)
  return fresh
}

async function findOwner(
  ports: Ports,
  call: ProxyCall,
  json: unknown,
  accounts: readonly Account[]
): Promise<Account | undefined> {
  if (accounts.length < 2) return undefined
  const owners = await findOwners(ports, call, accounts, idsOf(call, json))
  const owned = owners.flatMap((owner) => {
    const account = accounts.find((one) => one.email === owner.email)
    return account ? [{ owner, account }] : []
  })
  const [first] = owned
  const other = owned.find(({ account }) => account !== first?.account)
  if (first && other) throw conflict(first.owner, other.owner)
  return first?.account
}

/** The error for ids of two accounts in one call. `why`: why the second id, an upload, could not be copied to the first account. */
export function conflict(a: Pick<Owner, 'id' | 'email'>, b: typeof a, why?: string): AppError {
  const message = `${a.id} belongs to account ${a.email} and ${b.id} to ${b.email}: one call cannot use both.`
  const reason = why === undefined ? '' : ` ${b.id} could not be brought over: ${why}.`
  return new AppError('owners_conflict', message + reason)
}
