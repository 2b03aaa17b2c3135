/** The part of the control API that plays the person in front of a browser, and sets how HeyGen's issuer behaves. */
import { decideCode, endTokens } from '../heygen/accounts/oauth.ts'
import { findUnknownSetting, readCounts, readOauth } from '../heygen/accounts/oauth-settings.ts'
import type { State } from '../state/state.ts'
import type { Doc } from '../text/json.ts'

/**
 * `{approve, email}` and `{deny}` name a user code. `{end, only?}` ends the tokens of an account's email. Anything else is a
 * setting. Returns an error as text.
 */
export function controlOauth(state: State, body: Doc): string | Doc {
  const { approve, deny, end, email, only, ...settings } = body
  if (approve !== undefined || deny !== undefined) {
    const code = String(approve ?? deny)
    return decideCode(state, code, String(email ?? ''), deny !== undefined)
      ? { decided: code }
      : `No code ${code} waits, or no account ${String(email)}`
  }
  if (end !== undefined)
    return { ended: endTokens(state, String(end), only === 'access' ? 'access' : undefined) }
  const unknown = findUnknownSetting(settings)
  if (unknown !== undefined) return `${unknown} is no setting of the issuer`
  return readOauth(state, () => settings)
}

export function showOauth(state: State): Doc {
  return { ...readOauth(state), counts: readCounts(state) }
}
