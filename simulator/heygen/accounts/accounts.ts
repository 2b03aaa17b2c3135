/** Accounts of the simulated provider: made by the control API, or by the first use of a well-formed key. */
import { newHex, stableHex } from '../../state/ids.ts'
import type { State } from '../../state/state.ts'
import type { Account } from '../../state/types.ts'

/** `sk_sim_<name>` makes the account `<name>@sim.example` on first use; `sk_sim_bad…` never works. */
const SIM_KEY = /^sk_sim_([A-Za-z0-9._-]+)$/
const SIM_EMAIL = /^([a-z0-9._-]+)@sim\.example$/

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
  dropThings(state, account)
  return state.accounts.delete(account.key)
}

/** What belongs to the account goes with it. */
export function dropThings(state: State, account: Account): void {
  for (const resource of [...(state.byOwner.get(account.key)?.values() ?? [])])
    state.deleteResource(resource)
  for (const job of [...state.jobs.values()])
    if (job.account === account.key) state.jobs.delete(job.key)
  for (const session of [...state.webSessions.values()]) {
    if (session.account === account.key) state.webSessions.delete(session.key)
  }
  state.active.delete(account.key)
}

export function findByKey(state: State, apiKey: string): Account | undefined {
  const email = state.emailByKey.get(apiKey)
  if (email) return state.accounts.get(email)
  const name = SIM_KEY.exec(apiKey)?.[1]?.toLowerCase()
  if (!name || name.startsWith('bad')) return undefined
  const known = state.accounts.get(`${name}@sim.example`)
  // An account that was given other keys by the control API does not grow one from its name.
  if (known) return undefined
  return putAccount(state, { email: `${name}@sim.example`, apiKeys: [apiKey] })
}

/** Password of accounts that log in without having been made first: `sim-<name>`. */
export function findByEmail(state: State, email: string): Account | undefined {
  const name = SIM_EMAIL.exec(email.toLowerCase())?.[1]
  const known = state.accounts.get(email.toLowerCase())
  if (known || !name || name.startsWith('bad')) return known
  return putAccount(state, { email })
}

export function findByWebToken(state: State, token: string): Account | undefined {
  const session = state.webSessions.get(token)
  if (!session || session.expiresAt <= state.now()) return undefined
  const account = state.accounts.get(session.account)
  // A session at Kling's console is none here.
  return account?.webSessionRefused || account?.kling ? undefined : account
}

export function openWebSession(
  state: State,
  account: Account
): { token: string; expiresAt: number } {
  const token = `web_${newHex(24)}`
  const expiresAt = state.now() + account.sessionSeconds * 1000
  state.webSessions.put({ key: token, account: account.key, expiresAt })
  state.accounts.put(Object.assign(account, { logins: account.logins + 1 }))
  return { token, expiresAt }
}

export function newAccount(state: State, email: string): Account {
  const name = email.split('@')[0] ?? email
  return {
    key: email,
    email,
    password: `sim-${name}`,
    username: stableHex(email),
    apiKeys: email.endsWith('@sim.example') ? [`sk_sim_${name}`] : [],
    concurrency: 10,
    overflow: 'refuse',
    credits: null,
    scopes: null,
    trialDailyLimit: null,
    speechPerMinute: null,
    blocked: false,
    streamingConcurrency: 3,
    mfa: false,
    edgeBlock: false,
    webSessionRefused: false,
    sessionSeconds: 86_400,
    examples: false,
    createdAt: state.now(),
    maxInFlight: 0,
    jobsStarted: 0,
    logins: 0,
    startedToday: { day: '', count: 0 },
  }
}
