/**
 * What goes into `Authorization`. v1 takes an API key or a token signed with the key pair, the newer paths an API key
 * alone (reference/kling.md section 2). A region is one of Kling's own hosts.
 */
import type { Credential, Session } from '#domain/accounts/account.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import { signToken } from '#domain/access/signed-token.ts'

export const REGIONS = ['singapore', 'beijing'] as const

const HOST_LABEL = /api-(?:singapore|beijing)(?=\.klingai\.com)/
const TOKEN_SECONDS = 1800
/** Signed anew this long before its end. */
const RENEW_MS = 5 * 60_000
/** Tokens are kept by the isolate, whose settings they hang on. */
const kept = new WeakMap<Settings, Map<string, { token: string; until: number }>>()

/** The configured origin with the region's name in the place of its own; without a region, or a known host, as it is. */
export function originOf({ klingOrigin }: Settings, { region }: Credential): string {
  return region === undefined ? klingOrigin : klingOrigin.replace(HOST_LABEL, `api-${region}`)
}

/** The paths of 2026, with the model in the path or about its tasks. */
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
