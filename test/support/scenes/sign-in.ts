/** Signs in as a person would: a client starts it, the person approves in a browser (the simulator's control), the gateway asks. */
import { SECOND, untilMoved } from '../clock/clock.ts'
import type { Gateway } from '../gateway.ts'

export const ACCOUNTS = '/v1/heygen/accounts'
export const SIGN_IN = `${ACCOUNTS}/sign-in`
/** The client that the simulator's issuer always knows. */
export const CLIENT = { HEYGEN_OAUTH_CLIENT_ID: 'sim-oauth-client' }
/** How the simulator's codes and tokens begin. They may stand in no log. */
export const ISSUED = ['dev_', 'access_', 'refresh_']

export interface Begun {
  id: string
  user_code: string
  verification_uri: string
  verification_uri_complete: string
  expires_in: number
  interval: number
  status: string
}

export interface SignInState extends Partial<Omit<Begun, 'id' | 'status'>> {
  id: string
  status: string
  error?: string
  account?: AccountView
}

export interface AccountView {
  email: string
  session: Record<string, unknown> & { ExpireTime: number }
  maxJobs: number
  billing: Record<string, string>
  error?: string
  parked?: { scope: string; reason: string; detail: string; until: string }[]
}

export interface Counts {
  codes: number
  polls: number
  tooFast: number
  /** By the account's email. */
  refreshes: Record<string, number>
}

export async function tenantOf(gateway: Gateway): Promise<Gateway> {
  return gateway.as((await gateway.newToken()).token)
}

/** The simulator makes the user. */
export async function begin(tenant: Gateway, body: Record<string, unknown> = {}): Promise<Begun> {
  const answer = await tenant.post(SIGN_IN, { maxJobs: 3, ...body })
  if (answer.status !== 202) throw new Error(`no sign-in: ${answer.status} ${await answer.text()}`)
  const begun = (await answer.json()) as Begun
  tenant.secrets.push(begun.user_code)
  return begun
}

export async function stateOf(tenant: Gateway, id: string): Promise<SignInState> {
  return (await (await tenant.fetch(`${SIGN_IN}/${id}`)).json()) as SignInState
}

export async function issuer(gateway: Gateway, change: Record<string, unknown>): Promise<void> {
  await gateway.sim.control('POST', '/oauth', change)
}

export async function countsOf(gateway: Gateway): Promise<Counts> {
  return (await gateway.sim.control<{ counts: Counts }>('GET', '/oauth')).counts
}

export async function refreshesOf(gateway: Gateway, email: string): Promise<number> {
  return (await countsOf(gateway)).refreshes[email] ?? 0
}

export async function approve(gateway: Gateway, code: string, email: string): Promise<void> {
  const known = (await gateway.sim.state()).accounts.some((one) => one.email === email)
  if (!known) await gateway.sim.control('POST', '/accounts', { email, concurrency: null })
  await issuer(gateway, { approve: code, email })
}

/** Moves the clock until the sign-in has ended. */
export function ended(tenant: Gateway, id: string): Promise<SignInState> {
  const look = async () => {
    const state = await stateOf(tenant, id)
    return state.status !== 'pending' && state
  }
  return untilMoved(tenant, look, 3600 * SECOND, 5 * SECOND)
}

/** Adds an account by sign-in, as this user of HeyGen. */
export async function signIn(
  tenant: Gateway,
  email: string,
  body: Record<string, unknown> = {}
): Promise<SignInState> {
  const begun = await begin(tenant, body)
  await approve(tenant, begun.user_code, email)
  return ended(tenant, begun.id)
}

export async function accountOf(tenant: Gateway, email: string): Promise<AccountView> {
  return (await (await tenant.fetch(`${ACCOUNTS}/${email}`)).json()) as AccountView
}
