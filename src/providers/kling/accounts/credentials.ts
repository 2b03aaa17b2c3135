/**
 * Puts the credential on a call. v1 takes an API key, or a token signed with the key pair. The newer paths take only an API key
 * (reference/kling.md section 2).
 */
import type { Credential, Session } from '#domain/accounts/account.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import { signToken } from '#domain/access/signed-token.ts'

const TOKEN_SECONDS = 1800
/** How long before the end of a token a new one is signed. */
const RENEW_MS = 5 * 60_000
/** The isolate's tokens, kept for as long as its settings. */
const kept = new WeakMap<Settings, Map<string, { token: string; until: number }>>()

/** The paths of 2026: those with the model in the path, and those about their tasks. */
export function needsApiKey(path: string): boolean {
  return !/^\/(v1|account)\//.test(path)
}

export function missingFor(credentialKind: string, path: string): string | undefined {
  if (!needsApiKey(path) || credentialKind.split(' ').includes('apiKey')) return undefined
  return `${path} takes an API key alone, and the account has none: add it again with apiKey.`
}

export async function authorize(
  headers: Headers,
  credential: Credential,
  session: Session | undefined,
  { path, now, settings }: { path: string; now: number; settings: Settings }
): Promise<void> {
  const { apiKey, accessKey, secretKey } = credential.secrets
  const isPair = accessKey !== undefined && secretKey !== undefined
  const missing = missingFor(credential.kind, path)
  if (missing !== undefined) throw new Error(missing)
  const token =
    isPair && !needsApiKey(path)
      ? await pairToken(settings, accessKey, secretKey, now)
      : (apiKey ?? session?.secrets['token'] ?? '')
  headers.set('authorization', `Bearer ${token}`)
}

async function pairToken(
  settings: Settings,
  accessKey: string,
  secretKey: string,
  now: number
): Promise<string> {
  const tokens = kept.get(settings) ?? new Map<string, { token: string; until: number }>()
  kept.set(settings, tokens)
  const name = `${accessKey} ${secretKey}`
  const known = tokens.get(name)
  if (known && known.until > now) return known.token
  const seconds = Math.floor(now / 1000)
  for (const [old, { until }] of tokens) if (until <= now) tokens.delete(old)
  const claims = { iss: accessKey, exp: seconds + TOKEN_SECONDS, nbf: seconds - 5 }
  const token = await signToken(claims, secretKey)
  tokens.set(name, { token, until: claims.exp * 1000 - RENEW_MS })
  return token
}
