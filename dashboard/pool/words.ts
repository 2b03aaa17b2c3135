/** What the pool's words mean, for somebody who did not build the gateway. */
import type { Tone } from '../parts/badge.tsx'
import type { Parking, PoolAccount } from '../api-types.ts'

export const STATES: Record<PoolAccount['state'], { word: string; tone: Tone; help: string }> = {
  ok: { word: 'Has room', tone: 'good', help: 'Takes new jobs.' },
  full: { word: 'Full', tone: 'info', help: 'Every slot is in use. It works.' },
  parked: { word: 'Parked', tone: 'bad', help: 'Gets no new jobs for now.' },
  key_missing: {
    word: 'Key missing',
    tone: 'bad',
    help: 'The master key of its credential is not in MASTER_KEYS.',
  },
  unreachable: { word: 'No answer', tone: 'bad', help: 'Its object did not answer the gateway.' },
}

const REASONS: Record<string, string> = {
  credential: 'Credential refused (Edit takes a new one)',
  blocked: 'Blocked by the provider',
  credit: 'No credits left',
  limit: 'Over a limit of the provider',
  busy: 'The provider is busy',
  scope: 'Credential may not do this',
  drained: 'Drained: its jobs end, and it takes no new ones until it is undrained',
  imported: 'Imported: unpark it when no other gateway uses it',
}

export function reasonOf({ reason }: Parking): string {
  return REASONS[reason] ?? reason
}

/** Which calls a parking stops. */
export function reachOf({ scope }: Parking): string {
  const [kind, rest = ''] = scope.split(/:(.*)/s)
  if (kind === 'all') return 'all calls'
  if (kind === 'jobs') return 'new jobs'
  if (kind === 'plain') return 'calls other than jobs'
  if (kind === 'meter') return `jobs of the kind ${rest}`
  if (kind === 'key') return `calls with its ${credentialWord(rest)}`
  return `only ${rest || scope}`
}

const CREDENTIALS: Record<string, string> = {
  apiKey: 'API key',
  oauth: 'sign-in',
  password: 'password',
  session: 'web session',
  signed: 'access key',
}

export function credentialWord(name: string): string {
  return CREDENTIALS[name] ?? name
}

/** The last telling word of a route: `/v3/videos` is `videos`. */
export function shortType(type: string): string {
  const words = type.split(/[\s/]+/).filter((word) => word && !/^(v\d|POST|GET|\{.*\})$/.test(word))
  return words.at(-1) ?? type
}
