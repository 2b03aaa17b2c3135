/** Accounts at HeyGen: made by the control API, or by the first use of a well-formed key. */
import { isSimEmail, newAccount, removeOwned } from '../../state/accounts.ts'
import type { State } from '../../state/state.ts'
import type { Account } from '../../state/types.ts'

/** `sk_sim_<name>` makes the account `<name>@sim.example` on first use; `sk_sim_bad…` never works. */
const SIM_KEY = /^sk_sim_([A-Za-z0-9._-]+)$/

export function putAccount(state: State, fields: Partial<Account> & { email: string }): Account {
  const email = fields.email.toLowerCase()
  const account: Account = {
    ...(state.accounts.get(email) ?? newAccount(state, email)),
    ...fields,
    key: email,
    email,
  }
  for (const [apiKey, owner] of state.emailByKey)
    if (owner === email) state.emailByKey.delete(apiKey)
  for (const apiKey of account.apiKeys) state.emailByKey.set(apiKey, email)
  return state.accounts.put(account)
}

export function removeAccount(state: State, email: string): boolean {
  const account = state.accounts.get(email.toLowerCase())
  if (!account) return false
  for (const apiKey of account.apiKeys) state.emailByKey.delete(apiKey)
  removeOwned(state, account)
  return state.accounts.delete(account.key)
}

export function findByKey(state: State, apiKey: string): Account | undefined {
  const email = state.emailByKey.get(apiKey)
  if (email) return state.accounts.get(email)
  const name = SIM_KEY.exec(apiKey)?.[1]?.toLowerCase()
  if (!name || name.startsWith('bad')) return undefined
  const known = state.accounts.get(`${name}@sim.example`)
  // An account that the control API made has only the keys that it was given.
  if (known) return undefined
  return putAccount(state, { email: `${name}@sim.example`, apiKeys: [apiKey] })
}

/** An account that does not exist yet is made. Its password is `sim-<name>`. */
export function findByEmail(state: State, email: string): Account | undefined {
  const known = state.accounts.get(email.toLowerCase())
  return known ?? (isSimEmail(email) ? putAccount(state, { email }) : undefined)
}

export function findByWebToken(state: State, token: string): Account | undefined {
  const session = state.webSessions.get(token)
  if (!session || session.expiresAt <= state.now()) return undefined
  const account = state.accounts.get(session.account)
  // A session of Kling's console is not valid here.
  return account?.webSessionRefused || account?.kling ? undefined : account
}
