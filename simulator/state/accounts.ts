/** What accounts of both providers have in common. */
import { stableHex } from './ids.ts'
import { newHex } from './random.ts'
import type { State } from './state.ts'
import type { Account } from './types.ts'

const SIM_EMAIL = /^([a-z0-9._-]+)@sim\.example$/

/** Whether the first log-in with this email makes an account. */
export function isSimEmail(email: string): boolean {
  const name = SIM_EMAIL.exec(email.toLowerCase())?.[1]
  return name !== undefined && !name.startsWith('bad')
}

/** Removes the account's resources, jobs and sessions. */
export function removeOwned(state: State, account: Account): void {
  for (const resource of [...(state.byOwner.get(account.key)?.values() ?? [])])
    state.deleteResource(resource)
  for (const job of [...state.jobs.values()])
    if (job.account === account.key) state.jobs.delete(job.key)
  for (const session of [...state.webSessions.values()]) {
    if (session.account === account.key) state.webSessions.delete(session.key)
  }
  state.active.delete(account.key)
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
