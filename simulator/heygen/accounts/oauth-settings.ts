/** How the issuer behaves, and what it counted. Both are kept, and shown by GET /__sim/oauth. */
import type { State } from '../../state/state.ts'

export type OauthSettings = {
  /** How long a device code and an access token last. */
  deviceSeconds: number
  accessSeconds: number
  /** The pause that it asks for between two polls, in seconds. */
  interval: number
  /** What a renewal gives: a new refresh token, the same one, or none. */
  refresh: 'rotate' | 'same' | 'none'
  /** Every renewal is refused with invalid_grant. */
  refuseRefresh: boolean
  /** How many of the next polls are told to slow down. */
  slowDowns: number
  /** The error of every call but registration, such as invalid_client. */
  error: string | null
}

const DEFAULTS: OauthSettings = {
  deviceSeconds: 900,
  accessSeconds: 3600,
  interval: 5,
  refresh: 'rotate',
  refuseRefresh: false,
  slowDowns: 0,
  error: null,
}

export type OauthCounts = {
  codes: number
  polls: number
  /** Polls that came before the pause was over. */
  tooFast: number
  /** Renewals that were asked for, by the email of the account; `unknown` where the token is of none. */
  refreshes: Record<string, number>
}

const NOTHING: OauthCounts = { codes: 0, polls: 0, tooFast: 0, refreshes: {} }

/** The settings, after the change if there is one. */
export function readOauth(
  state: State,
  change?: (settings: OauthSettings) => Partial<OauthSettings>
): OauthSettings {
  const settings = { ...DEFAULTS, ...(state.meta.get('oauth')?.value as Partial<OauthSettings>) }
  if (!change) return settings
  const changed = { ...settings, ...change(settings) }
  state.meta.put({ key: 'oauth', value: changed })
  return changed
}

/** The first name that is not a setting. */
export function findUnknownSetting(given: object): string | undefined {
  return Object.keys(given).find((name) => !(name in DEFAULTS))
}

export function readCounts(state: State): OauthCounts {
  return { ...NOTHING, ...(state.meta.get('oauth-counts')?.value as Partial<OauthCounts>) }
}

export function countOauth(state: State, what: Exclude<keyof OauthCounts, 'refreshes'>): void {
  const counts = readCounts(state)
  state.meta.put({ key: 'oauth-counts', value: { ...counts, [what]: counts[what] + 1 } })
}

export function countRefresh(state: State, account = 'unknown'): void {
  const counts = readCounts(state)
  const refreshes = { ...counts.refreshes, [account]: (counts.refreshes[account] ?? 0) + 1 }
  state.meta.put({ key: 'oauth-counts', value: { ...counts, refreshes } })
}
