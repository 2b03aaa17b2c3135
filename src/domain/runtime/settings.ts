/** Parses the settings: `[vars]` and secrets. docs/settings.md says what each means. */
import * as z from 'zod/mini'
import { AppError } from './errors.ts'
import { IS_EXAMPLE, isExample, unsafeAt, unsafeSetting } from './safe-settings.ts'

/** A setting that `read` turns into its value. undefined: it is wrong, and `rule` says how it must be. */
function setting<T>(read: (text: string) => T | undefined, rule: (text: string) => string) {
  return z.pipe(
    z.string({ error: 'is missing' }),
    z.transform((text, ctx): T => {
      const value = read(text)
      if (value !== undefined) return value
      ctx.issues.push({ code: 'custom', input: text, message: rule(text) })
      return z.NEVER
    })
  )
}

/** A provider's origin. It may have a path, for users who reach the provider through a proxy of their own. */
const origin = setting(
  (text) => {
    const url = URL.parse(text)
    const isOrigin = url && /^https?:$/.test(url.protocol) && !url.username
    return isOrigin && !url.search && !url.hash ? text.replace(/\/+$/, '') : undefined
  },
  () => 'must be an http(s) origin such as https://api.example.com'
)

/** The gateway's own origin. It has no path. */
const ownOrigin = setting(
  (text) => {
    const url = URL.parse(text)
    const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/'
    return text === '' || (isOrigin && !url.search && !url.username)
      ? (url?.origin ?? '')
      : undefined
  },
  () => 'must be empty or an origin such as https://gateway.example.com'
)

function numberFrom(least: number, most: number) {
  const error = `must be a number from ${least} to ${most}`
  return z.coerce.number({ error }).check(z.gte(least, error), z.lte(most, error))
}

const flag = z.pipe(
  z.enum(['true', 'false', ''], { error: 'must be true or false' }),
  z.transform((text) => text === 'true')
)

const masterKeys = setting(
  (text) => {
    const keys = text.split(',').map((part) => /^([\w-]+):([A-Za-z0-9+/]{43}=)$/.exec(part.trim()))
    return keys.every((key) => key !== null)
      ? keys.map(([, kid, raw]) => ({ kid: String(kid), raw: String(raw) }))
      : undefined
  },
  (text) =>
    isExample(text) ? IS_EXAMPLE : 'must be kid:base64of32bytes, several separated by commas'
)

/** Cloudflare's names of regions for objects. */
const LOCATIONS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const

const schema = z.object({
  HEYGEN_ORIGIN: origin,
  HEYGEN_UPLOAD_ORIGIN: origin,
  HEYGEN_WEB_ORIGIN: origin,
  HEYGEN_MAX_JOBS: numberFrom(1, 1000).check(z.refine(Number.isInteger, 'must be an integer')),
  /** Optional, because deployments from before sign-ins do not have it. */
  HEYGEN_OAUTH_CLIENT_ID: z._default(
    z
      .string()
      .check(
        z.trim(),
        z.maxLength(200, 'must have at most 200 characters'),
        z.regex(/^[\x21-\x7e]*$/, 'must be one word of ASCII characters')
      ),
    ''
  ),
  KLING_ORIGIN: origin,
  KLING_WEB_ORIGIN: origin,
  PUBLIC_ORIGIN: ownOrigin,
  ALLOW_LOOPBACK_CALLBACKS: flag,
  TIME_SCALE: numberFrom(1, 100_000),
  LEGACY: z._default(
    z.enum(['auto', 'bridge', 'pass'], { error: 'must be auto, bridge or pass' }),
    'auto'
  ),
  LEGACY_ENGINE: z._default(
    z.enum(['iii', 'allow_iv'], { error: 'must be iii or allow_iv' }),
    'iii'
  ),
  LEGACY_4K: z._default(z.enum(['clamp', 'allow'], { error: 'must be clamp or allow' }), 'clamp'),
  LOCATION_HINT: z._default(
    z.enum(['', ...LOCATIONS], { error: `must be empty or one of ${LOCATIONS.join(', ')}` }),
    ''
  ),
  MASTER_KEYS: masterKeys,
  ADMIN_TOKEN: z.optional(z.string()),
  METRICS_TOKEN: z.optional(
    z
      .string()
      .check(
        z.refine(
          (text) => text === '' || text.length >= 32,
          'must have at least 32 characters, or be absent'
        )
      )
  ),
})

export interface Settings {
  heygenOrigin: string
  heygenUploadOrigin: string
  heygenWebOrigin: string
  heygenMaxJobs: number
  /** Empty: nobody can sign in. */
  heygenOauthClientId: string
  klingOrigin: string
  klingWebOrigin: string
  publicOrigin: string
  allowLoopbackCallbacks: boolean
  timeScale: number
  /** Whether older calls go to the provider as they are (`pass`), are carried by newer ones (`bridge`), or what is alive decides. */
  legacy: 'auto' | 'bridge' | 'pass'
  /** Whether an older call may cost what Avatar IV costs although it asked for Avatar III. */
  legacyEngine: 'iii' | 'allow_iv'
  /** Whether an older call may ask for 4K, which may cost more. */
  legacy4k: 'clamp' | 'allow'
  /** Where Cloudflare is asked to make objects. undefined: near whoever calls one first. */
  locationHint: (typeof LOCATIONS)[number] | undefined
  masterKeys: { kid: string; raw: string }[]
  /** Shorter than 32 characters or absent: every admin call is refused. */
  adminToken: string | undefined
  /** Opens /metrics and nothing else. */
  metricsToken: string | undefined
}

/** Throws one AppError that names the first setting which is missing, malformed or unsafe. */
export function parseSettings(vars: Record<string, unknown>): Settings {
  const read = schema.safeParse(vars)
  if (!read.success) {
    const issue = read.error.issues[0]
    throw new AppError('internal', `The setting ${String(issue?.path[0])} ${issue?.message}.`)
  }
  const s = read.data
  const settings: Settings = {
    heygenOrigin: s.HEYGEN_ORIGIN,
    heygenUploadOrigin: s.HEYGEN_UPLOAD_ORIGIN,
    heygenWebOrigin: s.HEYGEN_WEB_ORIGIN,
    heygenMaxJobs: s.HEYGEN_MAX_JOBS,
    heygenOauthClientId: s.HEYGEN_OAUTH_CLIENT_ID,
    klingOrigin: s.KLING_ORIGIN,
    klingWebOrigin: s.KLING_WEB_ORIGIN,
    publicOrigin: s.PUBLIC_ORIGIN,
    allowLoopbackCallbacks: s.ALLOW_LOOPBACK_CALLBACKS,
    timeScale: s.TIME_SCALE,
    legacy: s.LEGACY,
    legacyEngine: s.LEGACY_ENGINE,
    legacy4k: s.LEGACY_4K,
    locationHint: s.LOCATION_HINT === '' ? undefined : s.LOCATION_HINT,
    masterKeys: s.MASTER_KEYS,
    adminToken: s.ADMIN_TOKEN && s.ADMIN_TOKEN.length >= 32 ? s.ADMIN_TOKEN : undefined,
    metricsToken: s.METRICS_TOKEN || undefined,
  }
  refuse(unsafeSetting(settings))
  return settings
}

/** Throws an AppError that names a setting which is unsafe where the gateway is reached. */
export function refuseUnsafeAt(settings: Settings, origin: string): void {
  refuse(unsafeAt(settings, origin))
}

function refuse(unsafe: string | undefined): void {
  if (unsafe !== undefined) throw new AppError('internal', `The setting ${unsafe}.`)
}
